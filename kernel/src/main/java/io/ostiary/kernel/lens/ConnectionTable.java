package io.ostiary.kernel.lens;

import io.ostiary.model.ConnectionEvent;
import io.ostiary.model.ConnectionFacts;
import io.ostiary.model.ConnectionLens;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// The connection records of the kernel program, as Java reads them: a cache of four ways, found by
/// socket cookie. Shared by all event loops; reading neither blocks, allocates nor enters the
/// kernel.
///
/// The kernel writes while we read. Each number is stored by one instruction, so none is ever half
/// of two values; that the record still belongs to the same connection is told by its generation,
/// which is read before and after. Two numbers of one reading may be a segment apart.
///
/// The offsets are those of `struct lens_record` in `lens.h`; [LensLayout] compares them with the
/// compiled program before the first reading.
final class ConnectionTable implements ConnectionLens {
  static final int SET_BITS = 13;
  static final int WAYS = 4;
  static final int RECORDS = (1 << SET_BITS) * WAYS;
  static final long RECORD_BYTES = 256;
  static final long BYTES = RECORDS * RECORD_BYTES;

  static final long COOKIE = 0;
  static final long GENERATION = 8;
  static final long FLAGS = 12;
  static final long FIRST_DATA = 16;
  static final long LAST_DATA = 24;
  static final long LAST_ACK = 32;
  static final long BYTES_IN = 40;
  static final long SEGMENTS_IN = 48;
  static final long INTERFACE = 52;
  static final long REPEATED_IN = 60;
  static final long BYTES_OUT = 64;
  static final long BYTES_ACKED = 72;
  static final long SEGMENTS_OUT = 80;
  static final long RETRANSMITS = 84;
  static final long SMOOTHED_RTT = 88;
  static final long SMALLEST_RTT = 92;
  static final long RTT_SAMPLES = 96;
  static final long OUT_OF_ORDER_IN = 100;
  static final long ZERO_WINDOWS = 104;
  static final long OWN_ZERO_WINDOWS = 108;
  static final long ANSWERED = 112;
  static final long EVENTS = 120;
  static final long REQUESTS = 124;
  static final long SYN = 128;
  static final long ESTABLISHED = 136;
  static final long CLOSED = 144;
  static final long HANDSHAKE_RTT = 152;
  static final long SYN_ACK_RETRANSMITS = 156;
  static final long CLOSE_REASON = 160;
  static final long DROPPED_IN = 164;
  static final long SYN_ACK = 168;
  static final long DROPPED_OUT = 176;
  static final long DROP_REASON = 180;
  static final long STALLED = 184;
  static final long EVENT = 192;

  static final int FLAG_ACTIVE = 1;
  static final int FLAG_UNACKNOWLEDGED = 4;

  /// Stalls are counted in units of 1,024 ns.
  private static final int STALLED_SHIFT = 10;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private final MemorySegment records;

  ConnectionTable(MemorySegment records) {
    if (records.byteSize() < BYTES) {
      throw new IllegalArgumentException(
          "lens records: %d bytes (expected: %d)".formatted(records.byteSize(), BYTES));
    }
    this.records = records;
  }

  @Override
  public boolean read(long cookie, ConnectionFacts into) {
    if (cookie != 0) {
      for (int step = 0; step < WAYS; step++) {
        long record = offset(cookie, step);
        if ((long) LONG.getAcquire(records, record + COOKIE) == cookie) {
          if (copy(record, cookie, into)) {
            return true;
          }
          break;
        }
      }
    }
    into.clear();
    return false;
  }

  /// Where the record of a cookie lies if it took its first, second, ... way.
  static long offset(long cookie, int step) {
    long set = cookie & ((1 << SET_BITS) - 1);
    long way = ((cookie >>> SET_BITS) + step) & (WAYS - 1);
    return (set * WAYS + way) * RECORD_BYTES;
  }

  private boolean copy(long record, long cookie, ConnectionFacts into) {
    int generation = (int) INT.getAcquire(records, record + GENERATION);
    into.cookie = cookie;
    copyTimes(record, into);
    copyCounters(record, into);
    VarHandle.loadLoadFence();
    return (generation & 1) == 0
        && generation == integer(record + GENERATION)
        && cookie == number(record + COOKIE);
  }

  private void copyTimes(long record, ConnectionFacts into) {
    into.synNanos = number(record + SYN);
    into.establishedNanos = number(record + ESTABLISHED);
    into.firstDataNanos = number(record + FIRST_DATA);
    into.lastDataNanos = number(record + LAST_DATA);
    into.synAckNanos = number(record + SYN_ACK);
    into.lastAckNanos = number(record + LAST_ACK);
    into.answeredNanos = number(record + ANSWERED);
    into.closedNanos = number(record + CLOSED);
    into.smoothedRttMicros = count(record + SMOOTHED_RTT);
    into.smallestRttMicros = count(record + SMALLEST_RTT);
    into.rttSamples = count(record + RTT_SAMPLES);
    into.handshakeRttMicros = count(record + HANDSHAKE_RTT);
  }

  private void copyCounters(long record, ConnectionFacts into) {
    long synAckRetransmits = count(record + SYN_ACK_RETRANSMITS);
    int flags = integer(record + FLAGS);
    boolean accepted = (flags & FLAG_ACTIVE) == 0;
    into.unacknowledged = (flags & FLAG_UNACKNOWLEDGED) != 0;
    into.requests = count(record + REQUESTS);
    into.packetsIn = count(record + SEGMENTS_IN);
    // The SYN-ACK left before there was a socket that could count it.
    into.packetsOut = count(record + SEGMENTS_OUT) + (accepted ? 1 + synAckRetransmits : 0);
    into.bytesIn = number(record + BYTES_IN);
    into.bytesOut = number(record + BYTES_OUT);
    into.bytesAcked = number(record + BYTES_ACKED);
    into.retransmitsOut = count(record + RETRANSMITS);
    into.outOfOrderIn = count(record + OUT_OF_ORDER_IN);
    into.duplicatesIn = count(record + REPEATED_IN) + into.outOfOrderIn;
    into.synAckRetransmits = synAckRetransmits;
    into.zeroWindows = count(record + ZERO_WINDOWS);
    into.interfaceIndex = integer(record + INTERFACE);
    into.closeReason = integer(record + CLOSE_REASON);
    into.ownZeroWindows = count(record + OWN_ZERO_WINDOWS);
    into.droppedIn = count(record + DROPPED_IN);
    into.droppedOut = count(record + DROPPED_OUT);
    into.dropReason = integer(record + DROP_REASON);
    into.stalledNanos = count(record + STALLED) << STALLED_SHIFT;
    into.events = count(record + EVENTS);
    if (into.events != 0) {
      for (int i = 0; i < ConnectionEvent.KEPT; i++) {
        into.event[i] = number(record + EVENT + i * (long) Long.BYTES);
      }
    }
  }

  private long number(long offset) {
    return records.get(ValueLayout.JAVA_LONG, offset);
  }

  private int integer(long offset) {
    return records.get(ValueLayout.JAVA_INT, offset);
  }

  /// A `__u32`.
  private long count(long offset) {
    return records.get(ValueLayout.JAVA_INT, offset) & 0xffff_ffffL;
  }
}
