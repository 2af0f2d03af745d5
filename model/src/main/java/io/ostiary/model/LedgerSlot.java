package io.ostiary.model;

import org.jspecify.annotations.Nullable;

/// One line of the ledger while it is on its way from an event loop to the insight room: mutable
/// and reused, owned by the event loop between `claim` and `publish`, and by the reader until it
/// takes the next one. Times are CLOCK_MONOTONIC nanoseconds, 0 where the moment never came.
public final class LedgerSlot {
  /// Filters whose time is kept, attempts that are kept, bytes of the target that are kept.
  public static final int FILTERS_MAX = 16;

  public static final int ATTEMPTS_MAX = 4;
  public static final int TARGET_BYTES_MAX = 512;

  public long callId;
  public long planVersion;

  /// The wall clock when the first byte of the request was read.
  public long startedEpochMillis;

  public @Nullable Api api;
  public @Nullable Route route;
  public @Nullable Consumer consumer;

  /// The W3C trace id of the call, two halves; 0 and 0: none.
  public long traceHigh;

  public long traceLow;

  /// The span id of the client's `traceparent`, 0 where we began the trace; and whether this call
  /// is to have spans.
  public long traceParent;

  public boolean sampled;

  /// The version the client spoke, such as `HTTP/1.1`.
  public String protocol = "";

  /// Whether its connection was encrypted.
  public boolean secure;

  /// Request fields that an access log asked for.
  public final Noted noted = new Noted();

  /// What policies gave it for those who read records.
  public final LoggedFields logged = new LoggedFields();

  /// The peer of the connection as 4 or 16 bytes, and whom trusted proxies say it speaks for.
  public final byte[] peer = new byte[16];

  public int peerLength;
  public int peerPort;
  public final byte[] client = new byte[16];
  public int clientLength;
  public @Nullable Listener listener;

  /// Which request of its connection this is, from 1.
  public int requestNumber;

  public String method = "";
  public final byte[] target = new byte[TARGET_BYTES_MAX];

  /// How many bytes of `target` are used, and how long it really was.
  public int targetLength;

  public int targetLengthSent;

  /// What a policy let go upstream in place of `target`, and how many bytes of it are used; 0: the
  /// client's target, an API's path that is cut off aside.
  public final byte[] upstreamTarget = new byte[TARGET_BYTES_MAX];

  public int upstreamTargetLength;

  /// What the client was told, 0 if nothing; what the upstream said, 0 if nothing.
  public int status;

  public int upstreamStatus;
  public Blame blame = Blame.NONE;
  public String reason = "";

  /// Bytes of HTTP as they went over the connection (before TLS), heads included.
  public long requestBytes;

  public long responseBytes;

  /// Of `responseBytes`, those before the content.
  public long responseHeadBytes;

  public long upstreamRequestBytes;
  public long upstreamResponseBytes;

  /// When the connection was accepted; when the first byte of the head was read, the whole head,
  /// and the last byte of the body.
  public long acceptedNanos;

  public long firstByteNanos;
  public long headNanos;
  public long requestEndNanos;

  /// When the first byte of the response was written to the client, the last byte, and the end of
  /// the exchange.
  public long responseStartNanos;

  public long responseEndNanos;
  public long endNanos;

  /// The filters of the request moment that ran, with the time each had finished.
  public int filterCount;

  public final String[] filterNames = new String[FILTERS_MAX];
  public final long[] filterNanos = new long[FILTERS_MAX];

  /// What policies held back after the head of the request, and of the response.
  public final Held requestHeld = new Held();

  public final Held responseHeld = new Held();

  public int attemptCount;
  public final AttemptSlot[] attempts = new AttemptSlot[ATTEMPTS_MAX];

  /// The client's connection at the end of the call before, when the head was complete, and at the
  /// end of the exchange.
  public final ConnectionMark clientBefore = new ConnectionMark();

  public ConnectionFacts clientAtHead = new ConnectionFacts();
  public ConnectionFacts clientAtEnd = new ConnectionFacts();

  /// The upstream connection of the last attempt: at the end of the attempt before it on the same
  /// connection, and at its own end.
  public final ConnectionMark upstreamBefore = new ConnectionMark();

  public ConnectionFacts upstreamAtEnd = new ConnectionFacts();

  public LedgerSlot() {
    for (int i = 0; i < ATTEMPTS_MAX; i++) {
      attempts[i] = new AttemptSlot();
    }
    java.util.Arrays.fill(filterNames, "");
  }

  /// The span id of an attempt, made of the id of its call, which is the id of the call's own span:
  /// the three highest bits, which a call's id does not use before the year 2041.
  ///
  /// @param number from 0
  public static long attemptSpan(long callId, int number) {
    return callId ^ (1L << 63 | (long) Math.min(number, ATTEMPTS_MAX - 1) << 61);
  }

  /// Lets go of what belongs to a plan, once the line has been read: slots are used again only when
  /// their turn comes, and an API of ten thousand routes must not stay for that.
  public void letGo() {
    api = null;
    route = null;
    consumer = null;
  }

  /// Everything of another line but what is noted, for a reader that keeps it longer than its turn.
  public void copyFrom(LedgerSlot other) {
    callId = other.callId;
    planVersion = other.planVersion;
    startedEpochMillis = other.startedEpochMillis;
    api = other.api;
    route = other.route;
    consumer = other.consumer;
    traceHigh = other.traceHigh;
    traceLow = other.traceLow;
    traceParent = other.traceParent;
    sampled = other.sampled;
    protocol = other.protocol;
    secure = other.secure;
    System.arraycopy(other.peer, 0, peer, 0, peer.length);
    peerLength = other.peerLength;
    peerPort = other.peerPort;
    System.arraycopy(other.client, 0, client, 0, client.length);
    clientLength = other.clientLength;
    listener = other.listener;
    requestNumber = other.requestNumber;
    method = other.method;
    System.arraycopy(other.target, 0, target, 0, other.targetLength);
    targetLength = other.targetLength;
    targetLengthSent = other.targetLengthSent;
    upstreamTargetLength = other.upstreamTargetLength;
    System.arraycopy(other.upstreamTarget, 0, upstreamTarget, 0, upstreamTargetLength);
    status = other.status;
    upstreamStatus = other.upstreamStatus;
    blame = other.blame;
    reason = other.reason;
    requestBytes = other.requestBytes;
    responseBytes = other.responseBytes;
    responseHeadBytes = other.responseHeadBytes;
    upstreamRequestBytes = other.upstreamRequestBytes;
    upstreamResponseBytes = other.upstreamResponseBytes;
    copyTimes(other);
    logged.copyFrom(other.logged);
    clientBefore.copyFrom(other.clientBefore);
    clientAtHead.copyFrom(other.clientAtHead);
    clientAtEnd.copyFrom(other.clientAtEnd);
    upstreamBefore.copyFrom(other.upstreamBefore);
    upstreamAtEnd.copyFrom(other.upstreamAtEnd);
  }

  private void copyTimes(LedgerSlot other) {
    acceptedNanos = other.acceptedNanos;
    firstByteNanos = other.firstByteNanos;
    headNanos = other.headNanos;
    requestEndNanos = other.requestEndNanos;
    responseStartNanos = other.responseStartNanos;
    responseEndNanos = other.responseEndNanos;
    endNanos = other.endNanos;
    filterCount = other.filterCount;
    System.arraycopy(other.filterNames, 0, filterNames, 0, filterCount);
    System.arraycopy(other.filterNanos, 0, filterNanos, 0, filterCount);
    requestHeld.copyFrom(other.requestHeld);
    responseHeld.copyFrom(other.responseHeld);
    attemptCount = other.attemptCount;
    for (int i = 0; i < attemptCount; i++) {
      attempts[i].copyFrom(other.attempts[i]);
    }
  }

  /// One try at one target.
  public static final class AttemptSlot {
    public @Nullable Upstream upstream;
    public @Nullable Target target;

    /// Why it was made.
    public LedgerEntry.Why why = LedgerEntry.Why.FIRST;

    /// Whether a pooled connection was used; then connecting took no time.
    public boolean reused;

    public long startNanos;
    public long connectedNanos;
    public long requestSentNanos;
    public long firstByteNanos;
    public long lastByteNanos;
    public int status;

    /// Empty when it succeeded, else a stable word such as `connect-refused`.
    public String failure = "";

    void copyFrom(AttemptSlot other) {
      upstream = other.upstream;
      target = other.target;
      why = other.why;
      reused = other.reused;
      startNanos = other.startNanos;
      connectedNanos = other.connectedNanos;
      requestSentNanos = other.requestSentNanos;
      firstByteNanos = other.firstByteNanos;
      lastByteNanos = other.lastByteNanos;
      status = other.status;
      failure = other.failure;
    }
  }
}
