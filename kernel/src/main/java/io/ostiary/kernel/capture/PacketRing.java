package io.ostiary.kernel.capture;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// The memory into which each CPU writes packets, as `capture.h` describes it: a ring for each,
/// that never waits for a reader. Immutable and shared; each reader has a [Cursor] of its own.
///
/// A position is the number of bytes written before it, since the programs were loaded. What stands
/// at position p is whole as long as p is not in the chunk that the CPU is writing now, one lap
/// later. So a reader copies, then looks at the head again, and throws away what has meanwhile been
/// overtaken.
public final class PacketRing {
  private static final VarHandle HEAD = JAVA_LONG.varHandle();

  private final MemorySegment cpus;
  private final Supplier<MemorySegment> memory;
  private final int processors;
  private final int chunks;
  private final long size;

  /// @param memory shares the memory of all rings; asked by each reader, so that without one its
  ///   megabytes are the kernel's alone
  /// @param chunks of each CPU, a power of two
  PacketRing(MemorySegment cpus, Supplier<MemorySegment> memory, int processors, int chunks) {
    this.cpus = cpus;
    this.memory = memory;
    this.processors = processors;
    this.chunks = chunks;
    this.size = (long) chunks * CaptureMemory.CHUNK;
  }

  /// Reads what is written from now on.
  public Cursor newest() {
    var cursor = new Cursor();
    for (int cpu = 0; cpu < processors; cpu++) {
      cursor.positions[cpu] = head(cpu);
    }
    return cursor;
  }

  /// Reads all that still stands, and then what is written.
  public Cursor oldest() {
    var cursor = new Cursor();
    for (int cpu = 0; cpu < processors; cpu++) {
      cursor.positions[cpu] = whole(head(cpu));
    }
    return cursor;
  }

  /// How many packets capture `number` took so far, read or not.
  long taken(int number) {
    long taken = 0;
    for (int cpu = 0; cpu < processors; cpu++) {
      taken +=
          cpus.get(JAVA_LONG, cpu * CaptureMemory.CPU_BYTES + CaptureMemory.TAKEN + number * 8L);
    }
    return taken;
  }

  /// How many packets the last seconds do not hold, because they were over their budget.
  long skipped() {
    long skipped = 0;
    for (int cpu = 0; cpu < processors; cpu++) {
      skipped += cpus.get(JAVA_LONG, cpu * CaptureMemory.CPU_BYTES + CaptureMemory.SKIPPED);
    }
    return skipped;
  }

  private long head(int cpu) {
    return (long) HEAD.getAcquire(cpus, cpu * CaptureMemory.CPU_BYTES + CaptureMemory.HEAD);
  }

  /// The first position that is not being overwritten.
  private long whole(long head) {
    return Math.max(0, (head & -CaptureMemory.CHUNK) + CaptureMemory.CHUNK - size);
  }

  /// How far one reader is. Confined to one thread.
  public final class Cursor {
    private final MemorySegment ring = memory.get();
    private final long[] positions = new long[processors];
    private final byte[] copy = new byte[CaptureMemory.CHUNK];
    private final ByteBuffer records = ByteBuffer.wrap(copy).order(ByteOrder.nativeOrder());

    private Cursor() {}

    /// Gives all that was written since; of each CPU in order.
    public void drain(Consumer<CapturedPacket> to) {
      for (int cpu = 0; cpu < processors; cpu++) {
        drain(cpu, to);
      }
    }

    private void drain(int cpu, Consumer<CapturedPacket> to) {
      long end = head(cpu);
      while (positions[cpu] < end) {
        long at = Math.max(positions[cpu], whole(end));
        long chunkEnd = (at & -CaptureMemory.CHUNK) + CaptureMemory.CHUNK;
        int length = (int) (Math.min(end, chunkEnd) - at);
        long chunk = (long) cpu * chunks + (at / CaptureMemory.CHUNK & (chunks - 1));
        long offset = chunk * CaptureMemory.CHUNK + at % CaptureMemory.CHUNK;
        MemorySegment.copy(ring, JAVA_BYTE, offset, copy, 0, length);
        VarHandle.acquireFence();
        positions[cpu] = at + length;
        if (at >= whole(head(cpu))) {
          decode(length, to);
        }
      }
    }

    private void decode(int length, Consumer<CapturedPacket> to) {
      for (int at = 0; at + CaptureMemory.RECORD_BYTES <= length; ) {
        int record = records.getInt(at);
        int captured = records.getInt(at + CaptureMemory.RECORD_CAPTURED);
        if (record < CaptureMemory.RECORD_BYTES + captured || captured < 0) {
          return;
        }
        to.accept(packet(at, captured));
        at += record;
      }
    }

    private CapturedPacket packet(int at, int captured) {
      int vlan = records.getShort(at + CaptureMemory.RECORD_VLAN_TYPE);
      var bytes = bytes(at + CaptureMemory.RECORD_BYTES, captured, vlan, at);
      return new CapturedPacket(
          records.getLong(at + CaptureMemory.RECORD_NANOS),
          bytes,
          records.getInt(at + CaptureMemory.RECORD_WIRE) + bytes.length - captured,
          records.getInt(at + CaptureMemory.RECORD_INTERFACE),
          records.getInt(at + CaptureMemory.RECORD_SEGMENTS),
          CapturedPacket.Verdict.of(records.get(at + CaptureMemory.RECORD_VERDICT)),
          Byte.toUnsignedInt(records.get(at + CaptureMemory.RECORD_REASON)),
          Short.toUnsignedInt(records.getShort(at + CaptureMemory.RECORD_RULE)),
          Byte.toUnsignedInt(records.get(at + CaptureMemory.RECORD_CAPTURES)),
          records.get(at + CaptureMemory.RECORD_FLAGS) != 0);
    }

    /// The frame as it was on the wire: devices take the outer VLAN tag out and hand it on beside.
    private byte[] bytes(int from, int captured, int vlanType, int at) {
      int addresses = 12;
      if (vlanType == 0 || captured < addresses) {
        return java.util.Arrays.copyOfRange(copy, from, from + captured);
      }
      var bytes = new byte[captured + 4];
      System.arraycopy(copy, from, bytes, 0, addresses);
      records.get(at + CaptureMemory.RECORD_VLAN_TYPE, bytes, addresses, 2);
      short tag = records.getShort(at + CaptureMemory.RECORD_VLAN_TCI);
      bytes[addresses + 2] = (byte) (tag >> 8);
      bytes[addresses + 3] = (byte) tag;
      System.arraycopy(copy, from + addresses, bytes, addresses + 4, captured - addresses);
      return bytes;
    }
  }
}
