package io.ostiary.insight.ledger;

import io.ostiary.model.ConnectionFacts;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.LedgerSlot;
import java.util.ArrayDeque;

/// What happens on a client's connection once the call is over. A response lies in the socket's
/// send buffer when the gateway has written its last byte; whether it gets to the client, and how
/// often it has to be sent again, the kernel knows only later.
///
/// So each line is asked about again when it is read from its ring, a few milliseconds after its
/// end. Where all is acknowledged, or the client has gone on to its next request, the row is
/// written at once; the others wait here, a bounded number for a bounded time. Confined to the
/// ledger reader.
public final class Aftermath {
  /// A segment is sent again after 200 ms at the earliest, then after 600 (RFC 6298, Linux's
  /// minimum); a row is to be on its way to the disk before it is a second old.
  static final long WAIT_NANOS = 750_000_000;

  /// Lines that wait at most; those beyond it are written without. About 4 MiB.
  static final int WAITING_MAX = 1024;

  private final ConnectionLens lens;
  private final RowWriter writer;
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private final ArrayDeque<Waiting> spare = new ArrayDeque<>();
  private final ConnectionFacts facts = new ConnectionFacts();

  private static final class Waiting {
    final LedgerSlot slot = new LedgerSlot();
    final ConnectionFacts after = new ConnectionFacts();
  }

  public Aftermath(ConnectionLens lens, RowWriter writer) {
    this.lens = lens;
    this.writer = writer;
  }

  /// Writes the slot's row, or keeps a copy of the slot until it can be told what became of it.
  public void write(LedgerSlot slot, Batch batch) {
    var end = slot.clientAtEnd;
    if (end.cookie == 0) {
      facts.cookie = 0;
      writer.write(slot, facts, batch);
      return;
    }
    lens.read(end.cookie, facts);
    if (settled(slot, facts) || waiting.size() >= WAITING_MAX) {
      writer.write(slot, facts, batch);
      return;
    }
    var copy = spare.isEmpty() ? new Waiting() : spare.pop();
    copy.slot.copyFrom(slot);
    waiting.addLast(copy);
  }

  /// Writes the rows of lines that need not wait any more.
  ///
  /// @param now CLOCK_MONOTONIC; [Long#MAX_VALUE] lets nobody wait
  public void turn(long now, Batch batch) {
    for (int left = waiting.size(); left > 0; left--) {
      var next = waiting.removeFirst();
      lens.read(next.slot.clientAtEnd.cookie, next.after);
      if (settled(next.slot, next.after) || now - WAIT_NANOS >= next.slot.endNanos) {
        writer.write(next.slot, next.after, batch);
        next.slot.letGo();
        spare.push(next);
      } else {
        waiting.addLast(next);
      }
    }
  }

  /// Whether more would not be learned by waiting: all is acknowledged, the connection is closed,
  /// another request has come, or the kernel has forgotten it.
  private static boolean settled(LedgerSlot slot, ConnectionFacts after) {
    return after.cookie == 0
        || !after.unacknowledged
        || after.closedNanos != 0
        || after.requests != requests(slot);
  }

  /// Which request of its connection the call was, as the kernel counts. A client can have begun
  /// the next one before the gateway came to note the end of this one.
  static long requests(LedgerSlot slot) {
    var end = slot.clientAtEnd;
    boolean next =
        slot.responseStartNanos != 0
            && end.firstDataNanos > slot.responseStartNanos
            && end.requests > slot.clientAtHead.requests;
    return next ? end.requests - 1 : end.requests;
  }

  /// Whether the later facts are of the same connection, and of this call's response: of a second
  /// request after it they tell nothing.
  static boolean tells(LedgerSlot slot, ConnectionFacts after) {
    return after.cookie == slot.clientAtEnd.cookie && after.requests - requests(slot) <= 1;
  }

  /// When the response was acknowledged; 0: it was not, as far as is known.
  static long lastAck(LedgerSlot slot, ConnectionFacts after) {
    if (after.requests > requests(slot)) {
      return after.answeredNanos;
    }
    return after.unacknowledged ? 0 : after.lastAckNanos;
  }
}
