package io.ostiary.model;

/// The counters of a connection at one moment, to be taken from later ones: what happened since.
/// Mutable, so that the data plane can reuse it; confined to whoever holds it.
public final class ConnectionMark {
  /// The connection it is about; 0: nothing is known of the moment.
  public long cookie;

  /// When it was taken; 0: before the first packet.
  public long atNanos;

  public long packetsIn;
  public long packetsOut;
  public long bytesIn;
  public long bytesOut;
  public long retransmitsOut;
  public long duplicatesIn;
  public long outOfOrderIn;
  public long dropped;
  public long zeroWindows;
  public long ownZeroWindows;
  public long stalledNanos;

  /// Before the connection's first packet: every counter is zero.
  public void begin(long connection) {
    clear();
    cookie = connection;
  }

  public void clear() {
    copyFrom(NOTHING);
  }

  /// Now; [#cookie] is 0 afterwards where nothing is known.
  public void take(ConnectionFacts facts, long now) {
    cookie = facts.cookie;
    atNanos = now;
    packetsIn = facts.packetsIn;
    packetsOut = facts.packetsOut;
    bytesIn = facts.bytesIn;
    bytesOut = facts.bytesOut;
    retransmitsOut = facts.retransmitsOut;
    duplicatesIn = facts.duplicatesIn;
    outOfOrderIn = facts.outOfOrderIn;
    dropped = facts.droppedIn + facts.droppedOut;
    zeroWindows = facts.zeroWindows;
    ownZeroWindows = facts.ownZeroWindows;
    stalledNanos = facts.stalledNanos;
  }

  public void copyFrom(ConnectionMark other) {
    cookie = other.cookie;
    atNanos = other.atNanos;
    packetsIn = other.packetsIn;
    packetsOut = other.packetsOut;
    bytesIn = other.bytesIn;
    bytesOut = other.bytesOut;
    retransmitsOut = other.retransmitsOut;
    duplicatesIn = other.duplicatesIn;
    outOfOrderIn = other.outOfOrderIn;
    dropped = other.dropped;
    zeroWindows = other.zeroWindows;
    ownZeroWindows = other.ownZeroWindows;
    stalledNanos = other.stalledNanos;
  }

  private static final ConnectionMark NOTHING = new ConnectionMark();
}
