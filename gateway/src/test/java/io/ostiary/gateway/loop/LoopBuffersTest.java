package io.ostiary.gateway.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class LoopBuffersTest {
  private final LoopBuffers buffers = new LoopBuffers(ofThisThread());

  private static Hold ofThisThread() {
    var hold = new Hold();
    hold.ofThread(Thread.currentThread());
    return hold;
  }

  @Test
  void usesTheSameMemoryAgainAndAsIfItWereNew() {
    var first = buffers.buffer(100);
    assertThat(first.isDirect()).isTrue();
    first.writeLong(1).readInt();
    first.markReaderIndex().markWriterIndex();
    long address = first.memoryAddress();
    assertThat(first.release()).isTrue();
    assertThat(buffers.kept()).isEqualTo(1);

    var second = buffers.buffer(200, 5000);
    assertThat(second.memoryAddress()).isEqualTo(address);
    assertThat(second.refCnt()).isEqualTo(1);
    assertThat(second.readerIndex()).isZero();
    assertThat(second.writerIndex()).isZero();
    assertThat(second.resetReaderIndex().readerIndex()).isZero();
    assertThat(second.maxCapacity()).isEqualTo(5000);
    assertThat(buffers.kept()).isZero();
    second.release();
  }

  @Test
  void neverGivesOneTwice() {
    var one = buffers.buffer(10);
    var two = buffers.buffer(10);
    assertThat(one.memoryAddress()).isNotEqualTo(two.memoryAddress());
    var slice = one.writeByte(1).retainedSlice(0, 1);
    one.release();
    assertThat(buffers.kept()).as("a slice still holds it").isZero();
    slice.release();
    two.release();
    assertThat(buffers.kept()).isEqualTo(2);
  }

  @Test
  void growsAndIsNotKeptThen() {
    var grown = buffers.buffer(10);
    grown.writeZero(LoopBuffers.SMALL_BYTES).writeByte(7);
    assertThat(grown.getByte(LoopBuffers.SMALL_BYTES)).isEqualTo((byte) 7);
    grown.release();
    assertThat(buffers.kept()).isZero();
  }

  @Test
  void keepsNoMoreThanItsBound() {
    var all = new ArrayList<ByteBuf>();
    for (int i = 0; i < LoopBuffers.KEPT_MAX + 10; i++) {
      all.add(buffers.buffer(10));
    }
    all.forEach(ByteBuf::release);
    assertThat(buffers.kept()).isEqualTo(LoopBuffers.KEPT_MAX);
  }

  @Test
  void leavesLargeOnesTinyOnesAndOtherThreadsToNetty() {
    var large = buffers.buffer(LoopBuffers.SMALL_BYTES + 1);
    var bounded = buffers.buffer(16, 16);
    var heap = buffers.heapBuffer(16);
    var elsewhere = CompletableFuture.supplyAsync(() -> buffers.buffer(10)).join();
    for (var buffer : new ByteBuf[] {large, bounded, heap, elsewhere}) {
      assertThat(buffer.release()).isTrue();
    }
    assertThat(buffers.kept()).isZero();
  }

  @Test
  void whatAnotherThreadLetsGoOfIsNotKept() {
    var small = buffers.buffer(10);
    assertThat(CompletableFuture.supplyAsync(small::release).join()).isTrue();
    assertThat(buffers.kept()).isZero();
  }
}
