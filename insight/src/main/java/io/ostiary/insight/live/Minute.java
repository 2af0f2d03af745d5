package io.ostiary.insight.live;

import io.ostiary.insight.LiveTick.Answered;
import io.ostiary.insight.LiveTick.Client;
import io.ostiary.insight.LiveTick.Group;
import io.ostiary.insight.ledger.CallPackets;
import io.ostiary.model.LedgerSlot;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.List;

/// Who was busy in the last minute: seven slices of ten seconds, the newest still growing. Confined
/// to the ledger reader.
final class Minute {
  private static final int SLICES = 7;

  private final ArrayDeque<Slice> slices = new ArrayDeque<>();
  private final CallPackets packets = new CallPackets();
  private final Merged apis = new Merged();
  private final Merged routes = new Merged();
  private final Merged consumers = new Merged();
  private final Merged upstreams = new Merged();
  private final Merged statuses = new Merged();
  private Slice current = new Slice(new Groups.Spare());

  Minute() {
    slices.add(current);
  }

  record Lists(
      int seconds,
      List<Group> apis,
      List<Group> routes,
      List<Group> consumers,
      List<Group> upstreams,
      List<Group> statuses,
      List<Client> clients) {}

  /// Bounded: 64 APIs and upstreams, 256 routes and consumers are told apart.
  static final class Slice {
    final Groups apis;
    final Groups routes;
    final Groups consumers;
    final Groups upstreams;
    final Groups statuses;
    final TopClients clients = new TopClients();
    int seconds;

    Slice(Groups.Spare spare) {
      apis = new Groups(64, spare);
      routes = new Groups(256, spare);
      consumers = new Groups(256, spare);
      upstreams = new Groups(64, spare);
      statuses = new Groups(64, spare);
    }

    Slice(Slice before) {
      apis = before.apis.next();
      routes = before.routes.next();
      consumers = before.consumers.next();
      upstreams = before.upstreams.next();
      statuses = before.statuses.next();
    }

    void end() {
      apis.end();
      routes.end();
      consumers.end();
      upstreams.end();
      statuses.end();
    }
  }

  void add(LedgerSlot slot, boolean error, long micros) {
    long in = slot.requestBytes;
    long out = slot.responseBytes;
    packets.of(slot);
    var api = slot.api;
    if (api != null) {
      // By its name's text: by itself, versions of it would stay, with all their routes.
      var name = api.name();
      var known = current.apis.get(name);
      add(known == null ? current.apis.add(name, name) : known, error, micros, in, out);
      var route = slot.route;
      if (route != null) {
        var tally = current.routes.get(route);
        var of = tally == null ? current.routes.add(route, api.name() + "/" + route.id()) : tally;
        add(of, error, micros, in, out);
      }
    }
    var consumer = slot.consumer;
    if (consumer != null) {
      var tally = current.consumers.get(consumer);
      var of = tally == null ? current.consumers.add(consumer, consumer.id()) : tally;
      add(of, error, micros, in, out);
    }
    upstream(slot, error);
    status(slot, error, micros);
    current.clients.add(slot.client, slot.clientLength);
  }

  private void add(Tally tally, boolean error, long micros, long in, long out) {
    tally.add(error, micros, in, out);
    tally.add(packets);
  }

  /// An upstream's time runs from the attempt's start to its last byte.
  private void upstream(LedgerSlot slot, boolean error) {
    int last = Math.min(slot.attemptCount, LedgerSlot.ATTEMPTS_MAX) - 1;
    if (last < 0) {
      return;
    }
    var attempt = slot.attempts[last];
    var upstream = attempt.upstream;
    if (upstream == null) {
      return;
    }
    long until = attempt.lastByteNanos != 0 ? attempt.lastByteNanos : slot.endNanos;
    long micros = Math.max(0, until - attempt.startNanos - slot.responseHeld.nanos) / 1000;
    var tally = current.upstreams.get(upstream);
    (tally == null ? current.upstreams.add(upstream, upstream.name()) : tally)
        .add(error, micros, slot.requestBytes, slot.responseBytes);
  }

  private void status(LedgerSlot slot, boolean error, long micros) {
    var key = Statuses.key(slot.status);
    var tally = current.statuses.get(key);
    (tally == null ? current.statuses.add(key, key) : tally)
        .add(error, micros, slot.requestBytes, slot.responseBytes);
  }

  /// Who answered the calls of the second that ends, the busiest first. To be asked once for each
  /// second, before [#rotate].
  List<Answered> answered(int limit) {
    return current.upstreams.newCalls().entrySet().stream()
        .map(entry -> new Answered(entry.getKey(), entry.getValue()))
        .filter(answered -> answered.calls() > 0)
        .sorted(Comparator.comparingLong(Answered::calls).reversed())
        .limit(limit)
        .toList();
  }

  /// One second is over.
  void passed() {
    current.seconds++;
  }

  /// Ten seconds are over.
  void rotate() {
    current = new Slice(current);
    slices.addLast(current);
    if (slices.size() > SLICES) {
      slices.removeFirst().end();
    }
  }

  Lists lists(int limit) {
    int seconds = slices.stream().mapToInt(slice -> slice.seconds).sum();
    var clients = new TopClients();
    for (var slice : slices) {
      slice.clients.mergeInto(clients);
      slice.apis.mergeInto(apis);
      slice.routes.mergeInto(routes);
      slice.consumers.mergeInto(consumers);
      slice.upstreams.mergeInto(upstreams);
      slice.statuses.mergeInto(statuses);
    }
    var byCalls = Comparator.comparingLong((Tally tally) -> tally.calls).reversed();
    var bySlowness =
        Comparator.comparingLong((Tally tally) -> tally.latency.latency().p95Micros()).reversed();
    return new Lists(
        seconds,
        apis.take(byCalls, limit, seconds),
        routes.take(byCalls, limit, seconds),
        consumers.take(byCalls, limit, seconds),
        upstreams.take(bySlowness, limit, seconds),
        statuses.take(byCalls, limit, seconds),
        clients.top(limit));
  }
}
