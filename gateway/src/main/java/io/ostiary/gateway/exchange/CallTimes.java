package io.ostiary.gateway.exchange;

import io.ostiary.gateway.upstream.Endpoint;
import io.ostiary.gateway.upstream.UpstreamConnection;
import io.ostiary.model.ConnectionFacts;
import io.ostiary.model.ConnectionMark;
import io.ostiary.model.Ending;
import io.ostiary.model.Held;
import io.ostiary.model.LedgerEntry.Why;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.LoggedFields;
import io.ostiary.model.Upstream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// What is measured of one call while it runs, and its line in the ledger. Reused with its call;
/// confined to its event loop.
final class CallTimes {
  private final Call call;
  private final String[] filterNames = new String[LedgerSlot.FILTERS_MAX];
  private final long[] filterNanos = new long[LedgerSlot.FILTERS_MAX];
  private final LedgerSlot.AttemptSlot[] attempts =
      new LedgerSlot.AttemptSlot[LedgerSlot.ATTEMPTS_MAX];
  private final ConnectionMark upstreamBefore = new ConnectionMark();
  private ConnectionFacts clientAtHead = new ConnectionFacts();
  private ConnectionFacts upstreamAtEnd = new ConnectionFacts();
  private int filterCount;
  private int attemptCount;
  long startedEpochMillis;
  long firstByteNanos;
  long headNanos;
  long requestEndNanos;
  long responseStartNanos;
  long responseEndNanos;
  long requestBytes;
  long upstreamRequestBytes;
  long upstreamResponseBytes;

  /// What went to the client before the response's content.
  long responseHeadBytes;

  int upstreamStatus;
  int status;
  final LoggedFields logged = new LoggedFields();
  final Held requestHeld = new Held();
  final Held responseHeld = new Held();

  CallTimes(Call call) {
    this.call = call;
    Arrays.fill(filterNames, "");
    Arrays.setAll(attempts, i -> new LedgerSlot.AttemptSlot());
  }

  void begin(long now, long wallMillis) {
    filterCount = 0;
    attemptCount = 0;
    startedEpochMillis = wallMillis;
    firstByteNanos = now;
    headNanos = 0;
    requestEndNanos = 0;
    responseStartNanos = 0;
    responseEndNanos = 0;
    requestBytes = 0;
    upstreamRequestBytes = 0;
    upstreamResponseBytes = 0;
    responseHeadBytes = 0;
    upstreamStatus = 0;
    status = 0;
    logged.clear();
    requestHeld.clear();
    responseHeld.clear();
    clientAtHead.cookie = 0;
    upstreamAtEnd.cookie = 0;
  }

  void headRead() {
    headNanos = call.loop().now();
    read(call.clientSide().cookie(), clientAtHead);
  }

  private void read(long cookie, ConnectionFacts into) {
    if (cookie != 0) {
      call.loop().lens().read(cookie, into);
    } else if (into.cookie != 0) {
      into.clear();
    }
  }

  void filterEnded(String name) {
    if (filterCount < filterNames.length) {
      filterNames[filterCount] = name;
      filterNanos[filterCount++] = System.nanoTime();
    }
  }

  /// The last attempt lets go of its connection, whether it came about or not. Asked now, because
  /// when the call ends another one may have used the connection already.
  ///
  /// @param attempt null: none whose times are known
  void upstreamEnded(UpstreamConnection connection, LedgerSlot.@Nullable AttemptSlot attempt) {
    var mark = connection.mark();
    upstreamBefore.copyFrom(mark);
    read(connection.cookie(), upstreamAtEnd);
    if (upstreamAtEnd.cookie != 0) {
      connection.endpoint().measured(upstreamAtEnd, upstreamBefore, firstByteAfter(attempt));
    }
    mark.take(upstreamAtEnd, call.loop().now());
  }

  /// From the request sent to the first byte of the answer; 0: there was none.
  private static long firstByteAfter(LedgerSlot.@Nullable AttemptSlot attempt) {
    return attempt == null || attempt.firstByteNanos == 0 || attempt.requestSentNanos == 0
        ? 0
        : Math.max(1, attempt.firstByteNanos - attempt.requestSentNanos);
  }

  /// The slot of a new attempt; the last one is used again when there are too many.
  LedgerSlot.AttemptSlot attempt(Upstream upstream, Endpoint endpoint, Why why) {
    upstreamAtEnd.cookie = 0;
    attemptCount = Math.min(attemptCount + 1, attempts.length);
    var slot = attempts[attemptCount - 1];
    slot.upstream = upstream;
    slot.target = endpoint.target();
    slot.why = why;
    slot.reused = false;
    slot.startNanos = call.loop().now();
    slot.connectedNanos = 0;
    slot.requestSentNanos = 0;
    slot.firstByteNanos = 0;
    slot.lastByteNanos = 0;
    slot.status = 0;
    slot.failure = "";
    return slot;
  }

  /// Makes this attempt the last one, which is the one that the answer, and what the kernel
  /// measured, are of.
  @SuppressWarnings("ReferenceEquality") // Whether it is the same slot is the question.
  LedgerSlot.AttemptSlot last(LedgerSlot.AttemptSlot attempt) {
    int end = attemptCount - 1;
    for (int i = 0; i < end; i++) {
      if (attempts[i] == attempt) {
        attempts[i] = attempts[end];
        attempts[end] = attempt;
      }
    }
    return attempt;
  }

  /// Writes the line, where the ring has room.
  void record(Ending ending, long responseBytes) {
    var ring = call.loop().ring();
    var slot = ring.claim();
    if (slot == null) {
      return;
    }
    slot.callId = call.callId();
    slot.planVersion = call.terms().version();
    who(slot);
    slot.status = status;
    slot.upstreamStatus = upstreamStatus;
    slot.blame = ending.blame();
    var remark = call.remark();
    slot.reason = remark != null && ending instanceof Ending.Answered ? remark : ending.reason();
    slot.requestBytes = requestBytes;
    slot.responseBytes = responseBytes;
    slot.responseHeadBytes = responseHeadBytes;
    slot.upstreamRequestBytes = upstreamRequestBytes;
    slot.upstreamResponseBytes = upstreamResponseBytes;
    times(slot);
    slot.requestHeld.copyFrom(requestHeld);
    slot.responseHeld.copyFrom(responseHeld);
    slot.filterCount = filterCount;
    System.arraycopy(filterNames, 0, slot.filterNames, 0, filterCount);
    System.arraycopy(filterNanos, 0, slot.filterNanos, 0, filterCount);
    attempts(slot);
    network(slot);
    ring.publish();
  }

  /// The facts change places with the slot's: nothing is copied, nothing is made.
  private void network(LedgerSlot slot) {
    var mark = call.clientSide().mark();
    slot.clientBefore.copyFrom(mark);
    var head = slot.clientAtHead;
    slot.clientAtHead = clientAtHead;
    clientAtHead = head;
    read(call.clientSide().cookie(), slot.clientAtEnd);
    mark.take(slot.clientAtEnd, slot.endNanos);
    slot.upstreamBefore.copyFrom(upstreamBefore);
    var upstream = slot.upstreamAtEnd;
    slot.upstreamAtEnd = upstreamAtEnd;
    upstreamAtEnd = upstream;
  }

  private void who(LedgerSlot slot) {
    var route = call.routePlan();
    slot.api = route == null ? null : route.api();
    slot.route = route == null ? null : route.route();
    slot.consumer = call.consumer();
    slot.traceHigh = call.trace().high;
    slot.traceLow = call.trace().low;
    slot.traceParent = call.trace().parent;
    slot.sampled = call.terms().notes().spans() && call.trace().sampled();
    var client = call.clientSide();
    var peer = client.peer().bytes();
    System.arraycopy(peer, 0, slot.peer, 0, peer.length);
    slot.peerLength = peer.length;
    slot.peerPort = client.peerPort();
    var speaker = call.caller().bytes();
    System.arraycopy(speaker, 0, slot.client, 0, speaker.length);
    slot.clientLength = speaker.length;
    slot.listener = client.listener();
    slot.requestNumber = client.requestNumber();
    slot.secure = client.secure();
    slot.method = call.requestHead().method();
    // A stream's head is written down as HTTP/1.1 for its parser.
    slot.protocol =
        client.http2() ? "HTTP/2.0" : call.requestHead().version11() ? "HTTP/1.1" : "HTTP/1.0";
    call.terms().notes().take(call.requestHead().fields(), slot.noted);
    slot.logged.copyFrom(logged);
    target(slot);
  }

  private void target(LedgerSlot slot) {
    var head = call.requestHead();
    int start = head.pathStart();
    // A target that could not be read to its end has no path.
    int path = Math.max(0, head.pathEnd() - start);
    int query = head.queryStart() < 0 ? 0 : head.queryEnd() - head.queryStart() + 1;
    int kept = Math.min(path, LedgerSlot.TARGET_BYTES_MAX);
    System.arraycopy(head.bytes(), start, slot.target, 0, kept);
    if (query > 0 && kept < LedgerSlot.TARGET_BYTES_MAX) {
      int more = Math.min(query, LedgerSlot.TARGET_BYTES_MAX - kept);
      System.arraycopy(head.bytes(), head.queryStart() - 1, slot.target, kept, more);
      kept += more;
    }
    slot.targetLength = kept;
    slot.targetLengthSent = head.targetSentLength();
    boolean other = attemptCount > 0 && head.upstream().rewritten();
    slot.upstreamTargetLength = other ? head.upstream().copyTarget(slot.upstreamTarget) : 0;
  }

  private void times(LedgerSlot slot) {
    slot.startedEpochMillis = startedEpochMillis;
    slot.acceptedNanos = call.clientSide().acceptedNanos();
    slot.firstByteNanos = firstByteNanos;
    slot.headNanos = headNanos;
    slot.requestEndNanos = requestEndNanos;
    slot.responseStartNanos = responseStartNanos;
    slot.responseEndNanos = responseEndNanos;
    slot.endNanos = call.loop().now();
  }

  private void attempts(LedgerSlot slot) {
    slot.attemptCount = attemptCount;
    for (int i = 0; i < attemptCount; i++) {
      // The two arrays change places element by element: nothing is copied, nothing is made.
      var mine = attempts[i];
      attempts[i] = slot.attempts[i];
      slot.attempts[i] = mine;
    }
  }
}
