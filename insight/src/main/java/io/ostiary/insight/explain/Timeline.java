package io.ostiary.insight.explain;

import io.ostiary.model.ConnectionEvent.Kind;
import io.ostiary.model.LedgerEntry;
import io.ostiary.model.LedgerEntry.Attempt;
import io.ostiary.model.LedgerEntry.HeldBack;
import io.ostiary.model.LedgerEntry.Network;
import io.ostiary.model.SocketPath;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Cuts a call's time into phases without gap or overlap, so that the lanes' shares add up to the
/// total. A cursor walks from the first thing counted to the end, and each step gives the time it
/// passes over to one lane. Where a moment is missing, whoever was awaited then keeps the rest.
///
/// Confined to the thread that makes it.
final class Timeline {
  /// A fresh connection's handshake is counted unless the client then stayed idle for longer than
  /// this: a first segment that was lost is sent again after 1 s (RFC 6298 section 2), so a shorter
  /// gap may still be the network's.
  private static final long IDLE_NANOS = 1_500_000_000L;

  /// Below this, reading a head or writing a response is our own work, not waiting for a network.
  private static final long OWN_WORK_NANOS = 200_000;

  /// A response of this size lies in the socket's send buffer at once, whatever the client does;
  /// how long writing it took is our own affair. Linux begins with 16 KiB (tcp_wmem).
  private static final long SEND_BUFFER_BYTES = 16 * 1024;

  /// Shorter round trips are not told apart from the upstream's own time.
  private static final long ROUND_TRIP_NANOS_MIN = 1_000_000;

  /// A receiver may hold its acknowledgement back for so long (RFC 9293 section 3.8.6.3: less than
  /// 500 ms; Linux up to 200).
  private static final long HELD_BACK_NANOS = 250_000_000L;

  /// Names that [Sentence] asks for.
  static final String ACCEPT_QUEUE = "accept queue";

  static final String WAIT_IN_SOCKET = "wait in socket";
  static final String DROPPED = "dropped by the kernel";
  static final String SENT_AGAIN = "sent again";
  static final String MISSING = "missing segments";
  static final String DELIVERY = "delivery";

  private final LedgerEntry entry;
  private final @Nullable Network network;
  private final List<Phase> phases = new ArrayList<>();
  private final boolean handshakeCounted;
  private final long arrival;
  private final long start;
  private long end;
  private long cursor;
  private long stalledPassed;
  private long responseHeldPassed;

  Timeline(LedgerEntry entry) {
    this.entry = entry;
    network = entry.network();
    end = Math.max(0, entry.timings().end());
    arrival = arrival();
    handshakeCounted = countHandshake();
    start = handshakeCounted && network != null && network.syn() != null ? network.syn() : arrival;
    cursor = start;
    client();
    policies();
    attempts();
    response();
    phases.sort(Comparator.comparingLong(Phase::start).thenComparingLong(Phase::end));
  }

  List<Phase> phases() {
    return phases;
  }

  long start() {
    return start;
  }

  long end() {
    return end;
  }

  boolean handshakeCounted() {
    return handshakeCounted;
  }

  /// The longest phase of a lane that is counted, or null.
  @Nullable Phase longest(Lane lane) {
    return phases.stream()
        .filter(phase -> phase.counted() && phase.lane() == lane)
        .max(Comparator.comparingLong(Phase::nanos))
        .orElse(null);
  }

  private long arrival() {
    if (network == null || network.firstData() == null) {
      return 0;
    }
    return Math.min(0, network.firstData());
  }

  private boolean countHandshake() {
    return entry.requestNumber() <= 1
        && network != null
        && network.syn() != null
        && network.established() != null
        && network.syn() <= network.established()
        && network.established() <= arrival
        && arrival - network.established() <= IDLE_NANOS;
  }

  /// From the SYN to the complete head.
  private void client() {
    if (network != null && network.syn() != null && network.established() != null) {
      if (handshakeCounted) {
        passOver(network, "handshake", network.established());
        passOver(network, "first packet", arrival);
      } else if (network.syn() <= network.established()) {
        phases.add(
            new Phase(
                Lane.CLIENT_NETWORK, "handshake", network.syn(), network.established(), false));
      }
    }
    var lastData = network == null ? null : network.lastData();
    boolean wholeInSocket = false;
    if (lastData != null && lastData <= 0 && arrival < 0) {
      wholeInSocket = true;
      arriving("request", lastData);
    }
    var accepted = entry.timings().accepted();
    if (accepted != null && accepted - cursor >= OWN_WORK_NANOS) {
      pass(Lane.KERNEL, ACCEPT_QUEUE, Math.min(0, accepted));
    }
    pass(Lane.KERNEL, WAIT_IN_SOCKET, 0);
    var head = entry.timings().head();
    if (head == null) {
      arriving("request", end);
    } else if (wholeInSocket || head < OWN_WORK_NANOS) {
      pass(Lane.GATEWAY, "read head", head);
    } else {
      arriving("request", head);
    }
  }

  private void policies() {
    for (var filter : entry.filters()) {
      bodyUntil(filter.end());
      pass(Lane.GATEWAY, filter.policy(), filter.end());
    }
  }

  private void attempts() {
    var attempts = entry.attempts();
    for (int i = 0; i < attempts.size(); i++) {
      var attempt = attempts.get(i);
      long until = i + 1 < attempts.size() ? attempts.get(i + 1).start() : replied();
      bodyUntil(attempt.start());
      pass(Lane.GATEWAY, before(attempt), attempt.start());
      attempt(attempt, Math.max(until, attempt.start()), i + 1 == attempts.size());
    }
  }

  private static String before(Attempt attempt) {
    return switch (attempt.why()) {
      case FIRST -> "route";
      case RETRY -> "retry";
      case HEDGE -> "hedge";
    };
  }

  private void attempt(Attempt attempt, long until, boolean last) {
    var facts = last ? entry.upstreamNetwork() : null;
    if (attempt.connected() == null && attempt.requestSent() == null) {
      passUpstream(attempt, facts, "connect", until);
      return;
    }
    if (attempt.connected() != null) {
      passUpstream(attempt, facts, attempt.reused() ? "reuse" : "connect", attempt.connected());
    }
    long sent = attempt.requestSent() == null ? until : attempt.requestSent();
    bodyUntil(sent);
    pass(attempt.requestSent() == null ? way(attempt) : Lane.GATEWAY, "send", sent);
    if (attempt.requestSent() != null) {
      answer(attempt, until, facts);
    }
  }

  private void answer(Attempt attempt, long until, @Nullable Network facts) {
    long answered = attempt.firstByte() == null ? until : attempt.firstByte();
    long sentAt = cursor;
    if (facts != null) {
      sentAgain(facts, answered);
    }
    long roundTrip = facts == null ? 0 : facts.roundTrip().smallestMicros() * 1000;
    if (roundTrip >= ROUND_TRIP_NANOS_MIN) {
      pass(Lane.UPSTREAM_NETWORK, "round trip", Math.min(answered, cursor + roundTrip));
    }
    if (facts != null
        && facts.firstData() != null
        && attempt.firstByte() != null
        && facts.firstData() > sentAt) {
      pass(Lane.UPSTREAM, "answer", Math.min(answered, facts.firstData()));
      missing(facts, answered);
      pass(Lane.KERNEL, WAIT_IN_SOCKET, answered);
    }
    pass(Lane.UPSTREAM, "answer", answered);
    if (attempt.firstByte() != null) {
      long whole = attempt.lastByte() == null ? until : attempt.lastByte();
      boolean clientSlow = network != null && network.connection().zeroWindows() > 0;
      if (facts != null && !clientSlow) {
        missing(facts, whole);
      }
      responseHeldPassed += held(entry.responseHeld(), responseHeldPassed, whole);
      pass(clientSlow ? Lane.CLIENT_NETWORK : Lane.UPSTREAM, "response", whole);
    }
  }

  /// Until the request, or the last piece of it, was sent again for the last time nobody at the
  /// upstream can have worked on it.
  private void sentAgain(Network facts, long answered) {
    long last = Long.MIN_VALUE;
    for (var event : facts.events()) {
      if (event.kind() == Kind.RETRANSMIT && event.at() > cursor && event.at() <= answered) {
        last = event.at();
      }
    }
    passWithDrops(Lane.UPSTREAM_NETWORK, facts, SENT_AGAIN, last);
  }

  /// What arrived waited for a segment that had been lost. How long in all is known, and where it
  /// began; that it was at one piece is a simplification.
  private void missing(Network facts, long until) {
    long stalled = facts.callOrNone().stalledNanos() - stalledPassed;
    for (var event : facts.events()) {
      // What began before the head was read may last on while the body is awaited.
      if (stalled > 0 && event.kind() == Kind.OUT_OF_ORDER && event.at() < until) {
        pass(Lane.UPSTREAM, "response", event.at());
        long from = cursor;
        pass(Lane.UPSTREAM_NETWORK, MISSING, Math.min(until, cursor + stalled));
        stalledPassed += cursor - from;
        return;
      }
    }
  }

  private void response() {
    var timings = entry.timings();
    if (timings.responseStart() != null) {
      responseHeldPassed += held(entry.responseHeld(), responseHeldPassed, timings.responseStart());
      pass(
          Lane.GATEWAY,
          entry.attempts().isEmpty() ? "reply" : "answer out",
          timings.responseStart());
    }
    if (timings.responseEnd() != null) {
      responseHeldPassed += held(entry.responseHeld(), responseHeldPassed, timings.responseEnd());
      boolean own = timings.responseEnd() - cursor < OWN_WORK_NANOS || leftAtOnce();
      pass(
          own ? Lane.GATEWAY : Lane.CLIENT_NETWORK,
          own ? "write" : "response",
          timings.responseEnd());
      pass(Lane.GATEWAY, "finish", end);
    } else {
      pass(timings.responseStart() == null ? Lane.GATEWAY : Lane.CLIENT_NETWORK, "response", end);
    }
    lastAck();
  }

  /// Whether no client, however slow, can have held up the response.
  private boolean leftAtOnce() {
    return entry.responseBytes() <= SEND_BUFFER_BYTES
        && (network == null
            || network.connection().zeroWindows() + network.callOrNone().retransmitsOut() == 0);
  }

  /// The way of the response to the client. It counts where something went wrong on it, or where it
  /// took longer than an acknowledgement may be held back; else it is drawn only.
  private void lastAck() {
    var written = entry.timings().responseEnd();
    if (network == null || written == null) {
      return;
    }
    long taken = network.lastAck() == null ? lastSentAgain(written) : network.lastAck();
    if (taken <= written) {
      return;
    }
    boolean trouble =
        network.callOrNone().retransmitsOut() > 0 || network.callOrNone().zeroWindows() > 0;
    long expected = HELD_BACK_NANOS + 2_000 * network.roundTrip().smoothedMicros();
    if (taken > end && (trouble || taken - written > expected)) {
      end = taken;
      passOver(network, DELIVERY, taken);
    } else {
      phases.add(new Phase(Lane.CLIENT_NETWORK, "last ACK", written, taken, false));
    }
  }

  /// Of a response that was never acknowledged as long as anybody looked.
  private long lastSentAgain(long after) {
    if (network == null || !network.unacknowledged()) {
      return 0;
    }
    return network.events().stream()
        .filter(event -> event.kind() == Kind.RETRANSMIT && event.at() > after)
        .mapToLong(LedgerEntry.Event::at)
        .max()
        .orElse(0);
  }

  /// When the client was first told something, or else the end.
  private long replied() {
    var first = entry.timings().responseStart();
    var last = entry.attempts().getLast();
    if (first == null || (last.firstByte() != null && last.lastByte() == null)) {
      return end;
    }
    return last.firstByte() == null ? first : Math.max(first, last.firstByte());
  }

  /// Gives to the client what passed while its body was still arriving, where the step that ended
  /// at `limit` waited for it. A step that ended before the body did has not waited.
  private void bodyUntil(long limit) {
    var requestEnd = entry.timings().requestEnd();
    var head = entry.timings().head();
    if (head == null || requestEnd == null || requestEnd > limit) {
      return;
    }
    if (requestEnd - Math.max(cursor, head) >= OWN_WORK_NANOS) {
      var arrived = network == null ? null : network.lastData();
      if (network != null && arrived != null && arrived > head && arrived <= requestEnd) {
        arriving("request body", arrived);
        pass(Lane.KERNEL, WAIT_IN_SOCKET, requestEnd);
      }
      held(entry.requestHeld(), 0, requestEnd);
      arriving("request body", requestEnd);
    }
  }

  /// What waited for a policy. How long in all is known; that it was at one piece, and the last, is
  /// a simplification.
  ///
  /// @param passed of it so far
  /// @return what has been passed more
  private long held(@Nullable HeldBack held, long passed, long until) {
    long left = held == null ? 0 : held.nanos() - passed;
    if (held == null || left < OWN_WORK_NANOS) {
      return 0;
    }
    long from = cursor;
    pass(Lane.GATEWAY, held.policy(), Math.min(until, cursor + left));
    return cursor - from;
  }

  /// As [#passOver] does. Only the newest events are known: where more was dropped than they tell,
  /// it began before them.
  private void arriving(String name, long to) {
    if (network != null && network.callOrNone().dropped() > dropsToldOf(network)) {
      pass(Lane.KERNEL, DROPPED, to);
    } else {
      passOver(network, name, to);
    }
  }

  private static long dropsToldOf(Network facts) {
    return facts.events().stream().filter(event -> isDrop(event.kind())).count();
  }

  private static boolean isDrop(Kind kind) {
    return kind == Kind.DROPPED_IN || kind == Kind.DROPPED_OUT;
  }

  /// Time of the client's network, but for what passed after the kernel had thrown a packet away.
  private void passOver(@Nullable Network facts, String name, long to) {
    passWithDrops(Lane.CLIENT_NETWORK, facts, name, to);
  }

  private void passUpstream(Attempt attempt, @Nullable Network facts, String name, long to) {
    passWithDrops(way(attempt), facts, name, to);
  }

  /// Who keeps us waiting while nothing can be sent: no network lies before a Unix socket.
  private static Lane way(Attempt attempt) {
    return SocketPath.is(attempt.target()) ? Lane.UPSTREAM : Lane.UPSTREAM_NETWORK;
  }

  private void passWithDrops(Lane lane, @Nullable Network facts, String name, long to) {
    if (facts != null) {
      for (var event : facts.events()) {
        if (isDrop(event.kind()) && event.at() >= cursor && event.at() < to) {
          pass(lane, name, event.at());
          pass(Lane.KERNEL, DROPPED, to);
          return;
        }
      }
    }
    pass(lane, name, to);
  }

  private void pass(Lane lane, String name, long to) {
    long until = Math.min(to, end);
    if (until <= cursor) {
      return;
    }
    phases.add(new Phase(lane, name, cursor, until, true));
    cursor = until;
  }
}
