package io.ostiary.insight.ledger;

import io.ostiary.model.LedgerSlot;

/// The packets of one call on its client's connection: from the end of the call before it, or the
/// SYN, to its own end. So each packet of a connection belongs to one call, but for those after its
/// last. Reused for call after call; confined to whoever holds it.
public final class CallPackets {
  public long in;
  public long out;

  /// Segments that either side sent again, as far as they can be told: those of the client that
  /// came before, and ours. What came behind a hole was sent once, and what fills it looks like any
  /// other.
  public long resent;

  /// Zeros where the kernel does not know the connection.
  public void of(LedgerSlot slot) {
    var before = slot.clientBefore;
    var end = slot.clientAtEnd;
    if (end.cookie == 0 || before.cookie != end.cookie) {
      in = 0;
      out = 0;
      resent = 0;
      return;
    }
    in = end.packetsIn - before.packetsIn;
    out = end.packetsOut - before.packetsOut;
    long twice = end.duplicatesIn - end.outOfOrderIn;
    long twiceBefore = before.duplicatesIn - before.outOfOrderIn;
    resent = end.retransmitsOut - before.retransmitsOut + twice - twiceBefore;
  }
}
