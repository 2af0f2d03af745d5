package io.ostiary.gateway.connection;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.Unpooled;
import io.ostiary.gateway.connection.ProxyHeader.Progress;
import io.ostiary.gateway.wire.Pieces;

/// Any bytes in front of a connection: nothing is thrown, no byte behind the header is taken, and
/// where a network cuts makes no difference.
class ProxyHeaderFuzzTest {
  @FuzzTest(maxDuration = "2m")
  void readsTheSameHoweverTheNetworkCuts(byte[] data) {
    var one = new ProxyHeader();
    var in = Unpooled.wrappedBuffer(data);
    var whole = data.length == 0 ? Progress.MORE : one.read(in);
    var other = new ProxyHeader();
    var last = new Progress[] {Progress.MORE};
    int taken =
        Pieces.feed(
            data,
            data.length,
            piece -> {
              last[0] = other.read(piece);
              return last[0] == Progress.MORE;
            });

    assertThat(last[0]).isEqualTo(whole);
    if (whole == Progress.COMPLETE) {
      assertThat(taken).isEqualTo(in.readerIndex());
      assertThat(other.source()).isEqualTo(one.source());
    }
  }
}
