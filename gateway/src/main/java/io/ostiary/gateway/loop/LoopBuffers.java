package io.ostiary.gateway.loop;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledUnsafeDirectByteBuf;
import io.netty.util.internal.PlatformDependent;
import java.util.ArrayDeque;

/// The buffers of one event loop's connections. A plain call takes four that are smaller than a
/// page: what is read and written on both sides. Those are kept here once they are released, all of
/// one size, and cost a look at a stack; larger ones, and those of other threads, are Netty's.
///
/// They live as long as the loop, at most 2 MiB of them. Netty's own allocator spends on each a
/// look-up of the thread, a lock and the recycling of three objects.
final class LoopBuffers extends AbstractByteBufAllocator {
  static final int SMALL_BYTES = 4096;

  /// More than one turn of the loop uses with one entry of the ring for each.
  static final int KEPT_MAX = 512;

  private final ByteBufAllocator others = ByteBufAllocator.DEFAULT;
  private final ArrayDeque<Small> kept = new ArrayDeque<>();
  private final Hold hold;

  /// @param hold knows the thread of the loop
  LoopBuffers(Hold hold) {
    super(true);
    this.hold = hold;
  }

  @SuppressWarnings("ReferenceEquality") // A thread is itself.
  private boolean onLoop() {
    return Thread.currentThread() == hold.thread();
  }

  @Override
  protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
    return others.heapBuffer(initialCapacity, maxCapacity);
  }

  @Override
  protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
    boolean fits = initialCapacity <= SMALL_BYTES && maxCapacity >= SMALL_BYTES;
    if (!fits || !PlatformDependent.hasUnsafe() || !onLoop()) {
      return others.directBuffer(initialCapacity, maxCapacity);
    }
    var small = kept.pollLast();
    return toLeakAwareBuffer(small == null ? new Small(maxCapacity) : small.again(maxCapacity));
  }

  @Override
  public boolean isDirectBufferPooled() {
    return true;
  }

  /// How many wait to be used again. For tests.
  int kept() {
    return kept.size();
  }

  private final class Small extends UnpooledUnsafeDirectByteBuf {
    Small(int maxCapacity) {
      super(LoopBuffers.this, SMALL_BYTES, maxCapacity);
    }

    Small again(int maxCapacity) {
      resetRefCnt();
      maxCapacity(maxCapacity);
      setIndex(0, 0);
      markReaderIndex();
      markWriterIndex();
      return this;
    }

    /// One that grew has another's memory.
    @Override
    protected void deallocate() {
      if (onLoop() && capacity() == SMALL_BYTES && kept.size() < KEPT_MAX) {
        kept.addLast(this);
      } else {
        super.deallocate();
      }
    }
  }
}
