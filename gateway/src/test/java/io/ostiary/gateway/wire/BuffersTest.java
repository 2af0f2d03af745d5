package io.ostiary.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import org.junit.jupiter.api.Test;

final class BuffersTest {
  private static final int PAGE = 4096;
  private static final int PIECE = 64;

  /// A connection whose peer reads nothing.
  private static final class Stuck extends EmbeddedChannel {
    @Override
    protected void doWrite(ChannelOutboundBuffer in) {
      // Everything waits.
    }

    int capacities() throws Exception {
      int[] sum = new int[1];
      unsafe()
          .outboundBuffer()
          .forEachFlushedMessage(message -> {
            sum[0] += ((ByteBuf) message).capacity();
            return true;
          });
      return sum[0];
    }
  }

  @Test
  void aReaderOfSmallPiecesThatIsBehindHoldsNoPageForEach() throws Exception {
    var to = new Stuck();
    to.config().setAllocator(new UnpooledByteBufAllocator(true));
    int pieces = 0;
    while (to.isWritable()) {
      var out = Buffers.outgoing(to, PIECE, PAGE - PIECE);
      out.writeZero(PIECE);
      to.writeAndFlush(out);
      pieces++;
    }
    assertThat(pieces).isGreaterThan(100);
    long waiting = to.unsafe().outboundBuffer().totalPendingWriteBytes();
    assertThat(to.capacities()).isLessThan((int) (3 * waiting));
    to.unsafe().outboundBuffer().forEachFlushedMessage(message -> ((ByteBuf) message).release());
  }

  @Test
  void oneThatKeepsUpHasRoomToSpare() {
    var to = new EmbeddedChannel();
    var out = Buffers.outgoing(to, PIECE, PAGE - PIECE);
    assertThat(out.capacity()).isGreaterThanOrEqualTo(PAGE);
    out.release();
    to.close();
  }

  @Test
  void whatIsHeldIsCopiedTogetherAndStaysInOrder() {
    var pieces = new ArrayDeque<ByteBuf>();
    var alloc = UnpooledByteBufAllocator.DEFAULT;
    var expected = new StringBuilder();
    for (int i = 0; i < 1000; i++) {
      var text = i == 500 ? "large".repeat(1000) : "piece " + i + "; ";
      var read = Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
      expected.append(text);
      Buffers.hold(alloc, pieces, read);
      read.release();
    }
    // 11 kB of small ones, and the large one in between.
    assertThat(pieces).hasSizeLessThan(6);
    var came = new StringBuilder();
    for (var piece : pieces) {
      came.append(piece.toString(StandardCharsets.US_ASCII));
      piece.release();
    }
    assertThat(came.toString()).isEqualTo(expected.toString());
  }
}
