package io.ostiary.insight.ledger;

import io.ostiary.insight.NetworkPlace;
import io.ostiary.model.ConnectionEvent;
import io.ostiary.model.ConnectionFacts;
import io.ostiary.model.ConnectionMark;
import io.ostiary.model.Held;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.LoggedFields;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// Writes a slot as a row of bytes without making objects. Confined to the ledger reader.
public final class RowWriter {
  static final List<String> METHODS =
      List.of("", "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT");

  /// How what the kernel measured is laid out; 1 is how it was at first, 0 means it is unknown.
  static final int NETWORK_NOW = 2;

  /// No row is longer: fixed part, targets, method, values of policies, and at most 10 bytes for
  /// each number.
  private static final int SIZE_MAX = 7424;

  private static final int METHOD_BYTES_MAX = 64;

  private final Function<Integer, NetworkPlace> places;
  private final IntFunction<String> dropReasons;
  private final Map<Integer, NetworkPlace> placesKnown = new HashMap<>();
  private final CallPackets packets = new CallPackets();
  private final Seen api = new Seen();
  private long newestPlan;
  private final Seen reason = new Seen();
  private final Seen upstream = new Seen();
  private final Seen listener = new Seen();
  private final Seen askedUpstream = new Seen();
  private final Seen askedTarget = new Seen();
  private final Seen[] filters = new Seen[LedgerSlot.FILTERS_MAX];

  /// The interface asked for last, and the numbers of its name and verdict: mostly it is the same.
  private int placeIndex;

  private @Nullable Names placeNames;
  private int placeName;
  private int placeVerdict;
  private byte[] out = new byte[0];
  private int at;
  private long base;

  /// @param dropReasons the kernel's words for [ConnectionFacts#dropReason]
  public RowWriter(IntFunction<NetworkPlace> places, IntFunction<String> dropReasons) {
    this.places = places::apply;
    this.dropReasons = dropReasons;
    Arrays.setAll(filters, i -> new Seen());
  }

  /// Asks again where packets come in; called about once a second, since modes can change.
  public void forgetPlaces() {
    placesKnown.clear();
    placeNames = null;
  }

  /// @param after the client's connection a moment after the call, see [Aftermath]; without a
  ///   cookie where nothing is known of it
  public void write(LedgerSlot slot, ConnectionFacts after, Batch batch) {
    var names = batch.names();
    out = batch.room(SIZE_MAX);
    int start = batch.length();
    base = base(slot);
    fixed(slot, names, start);
    at = start + Row.DETAIL;
    request(slot, names);
    times(slot);
    filters(slot, names);
    attempts(slot, names);
    clientNetwork(slot, after, names);
    upstreamNetwork(slot, names);
    // Rows of before end here, so a reader asks whether anything follows.
    number(slot.upstreamTargetLength);
    bytes(slot.upstreamTarget, slot.upstreamTargetLength);
    // Those of later ended here.
    logged(slot.logged, names);
    // And those of nearly all calls, and of before that, here.
    if (slot.requestHeld.nanos + slot.responseHeld.nanos > 0) {
      held(slot.requestHeld, names);
      held(slot.responseHeld, names);
    }
    Row.putInt(out, start + Row.LENGTH, at - start);
    batch.added(slot.callId, at);
  }

  /// What times are relative to: the first byte, or the nearest moment to it that there was.
  static long base(LedgerSlot slot) {
    if (slot.firstByteNanos != 0) {
      return slot.firstByteNanos;
    }
    return slot.acceptedNanos != 0 ? slot.acceptedNanos : slot.endNanos;
  }

  private void fixed(LedgerSlot slot, Names names, int start) {
    Row.putLong(out, start + Row.CALL, slot.callId);
    Row.putLong(out, start + Row.START_MILLIS, slot.startedEpochMillis);
    Row.putLong(out, start + Row.DURATION_MICROS, Math.max(0, slot.endNanos - base) / 1000);
    Row.putShort(out, start + Row.STATUS, slot.status);
    Row.putShort(out, start + Row.UPSTREAM_STATUS, slot.upstreamStatus);
    out[start + Row.BLAME] = (byte) Row.code(slot.blame);
    out[start + Row.VERSION] = Row.VERSION_NOW;
    out[start + Row.FLAGS] =
        (byte) ((slot.sampled ? Row.SAMPLED : 0) | (slot.secure ? Row.SECURE : 0));
    packets(slot, start);
    out[start + Row.CLIENT_LENGTH] = (byte) slot.clientLength;
    var called = slot.api;
    var route = slot.route;
    var consumer = slot.consumer;
    if (slot.planVersion > newestPlan) {
      newestPlan = slot.planVersion;
      names.forgetThings();
    }
    Row.putInt(out, start + Row.API, called == null ? 0 : api.id(names, called.name()));
    Row.putInt(out, start + Row.ROUTE, route == null ? 0 : names.idOf(route, route.id()));
    Row.putInt(
        out, start + Row.CONSUMER, consumer == null ? 0 : names.idOf(consumer, consumer.id()));
    Row.putInt(out, start + Row.REASON, reason.id(names, slot.reason));
    var asked = slot.attemptCount == 0 ? null : slot.attempts[slot.attemptCount - 1].upstream;
    Row.putInt(
        out, start + Row.UPSTREAM, asked == null ? 0 : upstream.idOf(names, asked, asked.name()));
    Row.putLong(out, start + Row.REQUEST_BYTES, slot.requestBytes);
    Row.putLong(out, start + Row.RESPONSE_BYTES, slot.responseBytes);
    System.arraycopy(slot.client, 0, out, start + Row.CLIENT, 16);
  }

  private void request(LedgerSlot slot, Names names) {
    number(slot.planVersion);
    number(slot.peerLength);
    bytes(slot.peer, slot.peerLength);
    number(slot.peerPort);
    trace(slot);
    number(slot.listener == null ? 0 : listener.idOf(names, slot.listener));
    number(slot.requestNumber);
    method(slot.method);
    number(slot.targetLength);
    bytes(slot.target, slot.targetLength);
  }

  /// 0: none, 1: with an id, 2: also with the span that the client named.
  private void trace(LedgerSlot slot) {
    if (slot.traceHigh == 0 && slot.traceLow == 0) {
      number(0);
      return;
    }
    number(slot.traceParent == 0 ? 1 : 2);
    Row.putLong(out, at, slot.traceHigh);
    Row.putLong(out, at + 8, slot.traceLow);
    at += 16;
    if (slot.traceParent != 0) {
      Row.putLong(out, at, slot.traceParent);
      at += 8;
    }
  }

  /// A client may invent methods, so an unknown one goes into the row, not into the names.
  private void method(String method) {
    for (int i = 1; i < METHODS.size(); i++) {
      if (METHODS.get(i).equals(method)) {
        number(i);
        return;
      }
    }
    number(0);
    var text = method.getBytes(StandardCharsets.ISO_8859_1);
    int length = Math.min(text.length, METHOD_BYTES_MAX);
    number(length);
    bytes(text, length);
  }

  private void times(LedgerSlot slot) {
    time(slot.acceptedNanos);
    time(slot.headNanos);
    time(slot.requestEndNanos);
    time(slot.responseStartNanos);
    time(slot.responseEndNanos);
    time(slot.endNanos);
  }

  private void filters(LedgerSlot slot, Names names) {
    int count = Math.min(slot.filterCount, LedgerSlot.FILTERS_MAX);
    number(count);
    for (int i = 0; i < count; i++) {
      number(filters[i].id(names, slot.filterNames[i]));
      time(slot.filterNanos[i]);
    }
  }

  private void held(Held held, Names names) {
    number(held.nanos);
    number(held.nanos == 0 ? 0 : names.id(held.by));
  }

  private void attempts(LedgerSlot slot, Names names) {
    int count = Math.min(slot.attemptCount, LedgerSlot.ATTEMPTS_MAX);
    number(count);
    for (int i = 0; i < count; i++) {
      var attempt = slot.attempts[i];
      var asked = attempt.upstream;
      number(asked == null ? 0 : askedUpstream.idOf(names, asked, asked.name()));
      number(attempt.target == null ? 0 : askedTarget.idOf(names, attempt.target));
      // Rows of before attempts had a reason have none here, which reads as the first one.
      number((attempt.reused ? 1 : 0) | attempt.why.code() << 1);
      time(attempt.startNanos);
      time(attempt.connectedNanos);
      time(attempt.requestSentNanos);
      time(attempt.firstByteNanos);
      time(attempt.lastByteNanos);
      number(attempt.status);
      number(names.id(attempt.failure));
    }
  }

  private void packets(LedgerSlot slot, int start) {
    packets.of(slot);
    Row.putInt(out, start + Row.PACKETS_IN, (int) packets.in);
    Row.putInt(out, start + Row.PACKETS_OUT, (int) packets.out);
    Row.putInt(out, start + Row.RESENT, (int) packets.resent);
    Row.putInt(out, start + Row.RESENT + Integer.BYTES, 0);
  }

  private void clientNetwork(LedgerSlot slot, ConnectionFacts after, Names names) {
    var head = slot.clientAtHead;
    var end = slot.clientAtEnd.cookie != 0 ? slot.clientAtEnd : head;
    if (end.cookie == 0) {
      number(0);
      return;
    }
    boolean later = Aftermath.tells(slot, after);
    long request = Aftermath.requests(slot);
    var newest = later ? after : end;
    number(NETWORK_NOW);
    handshake(end);
    var first = head.cookie == end.cookie ? head : end;
    time(first.firstDataNanos);
    time(lastData(slot, first, end));
    time(later ? Aftermath.lastAck(slot, after) : 0);
    number(later && after.unacknowledged && after.requests == request ? 1 : 0);
    roundTrip(end);
    counters(end, newest);
    var before = slot.clientBefore;
    boolean known = before.cookie == end.cookie;
    number(known ? 1 : 0);
    // Segments of this request may have come before the end of the last call was noted.
    long from = known ? Math.min(before.atNanos, first.firstDataNanos - 8) : first.firstDataNanos;
    long until = newest.requests > request ? newest.firstDataNanos : Long.MAX_VALUE;
    if (known) {
      long retransmits = newest.retransmitsOut - first.retransmitsOut;
      call(
          before,
          end,
          first == head ? retransmits : newest.retransmitsOut,
          again(newest, from, until, true),
          again(newest, from, until, false),
          newest);
    }
    rest(newest, names);
    events(newest, from, until);
  }

  /// When the request's last byte arrived. What came since the head is its body, unless another
  /// request was begun.
  private static long lastData(LedgerSlot slot, ConnectionFacts first, ConnectionFacts end) {
    boolean body =
        end.requests == first.requests
            && end.lastDataNanos > first.lastDataNanos
            && end.lastDataNanos <= slot.requestEndNanos;
    return body ? end.lastDataNanos : first.lastDataNanos;
  }

  private void upstreamNetwork(LedgerSlot slot, Names names) {
    var end = slot.upstreamAtEnd;
    if (end.cookie == 0 || slot.attemptCount == 0) {
      number(0);
      return;
    }
    number(NETWORK_NOW);
    handshake(end);
    var before = slot.upstreamBefore;
    boolean known = before.cookie == end.cookie;
    // Before the response the record tells of the one before.
    boolean answered = end.firstDataNanos > before.atNanos;
    time(answered ? end.firstDataNanos : 0);
    time(answered ? end.lastDataNanos : 0);
    time(end.lastAckNanos > before.atNanos ? end.lastAckNanos : 0);
    number(end.unacknowledged ? 1 : 0);
    roundTrip(end);
    counters(end, end);
    number(known ? 1 : 0);
    if (known) {
      call(before, end, end.retransmitsOut - before.retransmitsOut, 0, 0, end);
    }
    rest(end, names);
    events(end, before.atNanos, Long.MAX_VALUE);
  }

  private void handshake(ConnectionFacts facts) {
    time(facts.synNanos);
    time(facts.synAckNanos);
    time(facts.establishedNanos);
  }

  private void roundTrip(ConnectionFacts facts) {
    number(facts.smoothedRttMicros);
    number(facts.smallestRttMicros);
    number(facts.handshakeRttMicros);
    number(facts.rttSamples);
  }

  /// @param newest tells of losses that were seen only after the end, as in [#call]: a connection
  ///   has lost at least as much as its call
  private void counters(ConnectionFacts facts, ConnectionFacts newest) {
    number(facts.packetsIn);
    number(facts.packetsOut);
    number(facts.bytesIn);
    number(facts.bytesOut);
    number(newest.retransmitsOut);
    number(facts.duplicatesIn);
    number(facts.outOfOrderIn);
    number(newest.droppedIn + newest.droppedOut);
    number(newest.zeroWindows);
    number(facts.ownZeroWindows);
    number(facts.stalledNanos);
  }

  /// Segments of a request may have come before the end of the call before it was noted, so what
  /// came with them is told by its events, too.
  ///
  /// @param again segments that came again or out of order, as far as their events were kept
  /// @param behind those of them that came out of order
  /// @param newest tells of losses that were seen only after the end
  private void call(
      ConnectionMark before,
      ConnectionFacts end,
      long retransmits,
      long again,
      long behind,
      ConnectionFacts newest) {
    number(end.packetsIn - before.packetsIn);
    number(end.packetsOut - before.packetsOut);
    number(end.bytesIn - before.bytesIn);
    number(end.bytesOut - before.bytesOut);
    number(retransmits);
    number(Math.max(again, end.duplicatesIn - before.duplicatesIn));
    number(Math.max(behind, end.outOfOrderIn - before.outOfOrderIn));
    number(newest.droppedIn + newest.droppedOut - before.dropped);
    number(newest.zeroWindows - before.zeroWindows);
    number(end.ownZeroWindows - before.ownZeroWindows);
    number(end.stalledNanos - before.stalledNanos);
  }

  private void rest(ConnectionFacts facts, Names names) {
    number(facts.synAckRetransmits);
    number(facts.closeReason);
    boolean dropped = facts.droppedIn + facts.droppedOut > 0;
    number(dropped ? names.id(dropReasons.apply(facts.dropReason)) : 0);
    if (facts.interfaceIndex == 0) {
      number(0);
      number(0);
      return;
    }
    if (facts.interfaceIndex != placeIndex || names != placeNames) {
      place(facts.interfaceIndex, names);
    }
    number(placeName);
    number(placeVerdict);
  }

  private void place(int index, Names names) {
    var place = placesKnown.computeIfAbsent(index, places);
    placeIndex = index;
    placeNames = names;
    placeName = names.id(place.name());
    placeVerdict = names.id(place.verdict());
  }

  /// The events after one moment and before another, as far as they were kept.
  private void events(ConnectionFacts facts, long from, long until) {
    long end = facts.events;
    long start = Math.max(0, end - ConnectionEvent.KEPT);
    int count = 0;
    for (long i = start; i < end; i++) {
      long event = facts.event[(int) i & (ConnectionEvent.KEPT - 1)];
      count += within(event, from, until) ? 1 : 0;
    }
    number(count);
    for (long i = start; i < end; i++) {
      long event = facts.event[(int) i & (ConnectionEvent.KEPT - 1)];
      if (within(event, from, until)) {
        number(ConnectionEvent.code(event));
        time(ConnectionEvent.nanos(event));
      }
    }
  }

  /// @param duplicates whether those that came twice count as well
  private static long again(ConnectionFacts facts, long from, long until, boolean duplicates) {
    long count = 0;
    for (long i = Math.max(0, facts.events - ConnectionEvent.KEPT); i < facts.events; i++) {
      long event = facts.event[(int) i & (ConnectionEvent.KEPT - 1)];
      if (within(event, from, until)) {
        count +=
            switch (ConnectionEvent.kind(ConnectionEvent.code(event))) {
              case OUT_OF_ORDER -> 1;
              case DUPLICATE -> duplicates ? 1 : 0;
              case RETRANSMIT, PEER_WINDOW_CLOSED, OWN_WINDOW_CLOSED, DROPPED_IN, DROPPED_OUT -> 0;
            };
      }
    }
    return count;
  }

  private static boolean within(long event, long from, long until) {
    long at = ConnectionEvent.nanos(event);
    return ConnectionEvent.code(event) != 0 && at > from && at < until;
  }

  /// Zero for a moment that never came, else one more than its zigzag distance from the base.
  private void time(long nanos) {
    if (nanos == 0) {
      out[at++] = 0;
      return;
    }
    long distance = nanos - base;
    number((distance << 1 ^ distance >> 63) + 1);
  }

  /// Seven bits a byte, the lowest first.
  private void number(long value) {
    var to = out;
    int p = at;
    for (; (value & ~0x7fL) != 0; value >>>= 7) {
      to[p++] = (byte) (value | 0x80);
    }
    to[p++] = (byte) value;
    at = p;
  }

  /// Their names stand in the configuration, so there are few of them.
  private void logged(LoggedFields logged, Names names) {
    number(logged.count());
    for (int i = 0; i < logged.count(); i++) {
      int length = logged.end(i) - logged.start(i);
      number(names.id(logged.name(i)));
      number(length);
      System.arraycopy(logged.bytes(), logged.start(i), out, at, length);
      at += length;
    }
  }

  private void bytes(byte[] from, int length) {
    System.arraycopy(from, 0, out, at, length);
    at += length;
  }
}
