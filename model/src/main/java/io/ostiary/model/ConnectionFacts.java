package io.ostiary.model;

/// What the kernel measured of one TCP connection, at one moment. Mutable, so that the data plane
/// can reuse it; confined to whoever holds it.
///
/// Times are nanoseconds of CLOCK_MONOTONIC, the clock of `System.nanoTime()` and of
/// `bpf_ktime_get_ns`; 0 means not seen. Counters run over the connection's whole life.
public final class ConnectionFacts {
  /// The socket cookie (SO_COOKIE); 0: nothing is known.
  public long cookie;

  /// When the SYN arrived (or, for a connection of ours, left).
  public long synNanos;

  /// When the three-way handshake was complete.
  public long establishedNanos;

  /// When the SYN-ACK left, the last one if there were several (or, for a connection of ours, when
  /// it arrived).
  public long synAckNanos;

  /// When the first and the last data segment of the newest request (for an upstream connection:
  /// response) arrived, before any socket was read.
  public long firstDataNanos;

  public long lastDataNanos;

  /// When the newest acknowledgement of something we sent arrived.
  public long lastAckNanos;

  /// What [#lastAckNanos] was when the newest request's first segment arrived: the end of the
  /// response before it.
  public long answeredNanos;

  /// Whether something that was written has not been acknowledged yet.
  public boolean unacknowledged;

  /// How many bursts of data arrived, each after we had sent something: requests, unless they are
  /// pipelined or wait for `100 Continue`.
  public long requests;

  /// When the connection closed; 0: still open.
  public long closedNanos;

  /// Smoothed and smallest round-trip time (RFC 6298), and how many samples stand behind them.
  public long smoothedRttMicros;

  public long smallestRttMicros;
  public long rttSamples;

  /// The round trip of the handshake alone: SYN-ACK sent to ACK received.
  public long handshakeRttMicros;

  public long packetsIn;
  public long packetsOut;
  public long bytesIn;
  public long bytesOut;

  /// Bytes the peer has acknowledged.
  public long bytesAcked;

  /// Segments we sent again, and segments that reached us twice or out of order.
  public long retransmitsOut;

  public long duplicatesIn;

  /// Of [#duplicatesIn], those out of order: something before them was missing.
  public long outOfOrderIn;

  /// SYN-ACKs sent again during the handshake.
  public long synAckRetransmits;

  /// Zero-window announcements of the peer.
  public long zeroWindows;

  /// How often our own window closed, because what had arrived was not read.
  public long ownZeroWindows;

  /// Packets of the connection that the kernel threw away, and its number for why the newest one
  /// was; a [ConnectionLens] knows the word for it.
  public long droppedIn;

  public long droppedOut;
  public int dropReason;

  /// How long segments that had arrived waited for one before them that had not: what a loss on the
  /// way to us cost.
  public long stalledNanos;

  /// How many things went wrong so far; the newest of them lie in [#event], see [ConnectionEvent].
  public long events;

  public final long[] event = new long[ConnectionEvent.KEPT];

  /// The interface the packets came in through; 0: unknown.
  public int interfaceIndex;

  /// The ordinal of a [CloseReason].
  public int closeReason;

  public void clear() {
    copyFrom(NOTHING);
  }

  public void copyFrom(ConnectionFacts other) {
    cookie = other.cookie;
    synNanos = other.synNanos;
    establishedNanos = other.establishedNanos;
    firstDataNanos = other.firstDataNanos;
    lastDataNanos = other.lastDataNanos;
    synAckNanos = other.synAckNanos;
    lastAckNanos = other.lastAckNanos;
    answeredNanos = other.answeredNanos;
    unacknowledged = other.unacknowledged;
    requests = other.requests;
    closedNanos = other.closedNanos;
    smoothedRttMicros = other.smoothedRttMicros;
    smallestRttMicros = other.smallestRttMicros;
    rttSamples = other.rttSamples;
    handshakeRttMicros = other.handshakeRttMicros;
    packetsIn = other.packetsIn;
    packetsOut = other.packetsOut;
    bytesIn = other.bytesIn;
    bytesOut = other.bytesOut;
    bytesAcked = other.bytesAcked;
    retransmitsOut = other.retransmitsOut;
    duplicatesIn = other.duplicatesIn;
    synAckRetransmits = other.synAckRetransmits;
    zeroWindows = other.zeroWindows;
    interfaceIndex = other.interfaceIndex;
    closeReason = other.closeReason;
    outOfOrderIn = other.outOfOrderIn;
    ownZeroWindows = other.ownZeroWindows;
    droppedIn = other.droppedIn;
    droppedOut = other.droppedOut;
    dropReason = other.dropReason;
    stalledNanos = other.stalledNanos;
    events = other.events;
    if (events != 0) {
      System.arraycopy(other.event, 0, event, 0, event.length);
    }
  }

  private static final ConnectionFacts NOTHING = new ConnectionFacts();
}
