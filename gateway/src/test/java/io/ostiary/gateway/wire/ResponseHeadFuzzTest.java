package io.ostiary.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.Unpooled;
import io.ostiary.gateway.wire.RequestHead.Progress;
import java.util.ArrayList;

/// Any answer of any upstream: nothing is thrown, and where a network cuts it makes no difference.
class ResponseHeadFuzzTest {
  private static String describe(ResponseHead head, Progress progress) {
    return switch (progress) {
      case MORE -> "";
      case FAULTY -> head.fault().code();
      case COMPLETE -> {
        var fields = new ArrayList<String>();
        head.fields().forEach((name, value) -> fields.add(name + ": " + value));
        yield head.status()
            + " "
            + head.contentLength()
            + head.chunked()
            + head.keepAlive()
            + head.keepAliveSeconds()
            + fields;
      }
    };
  }

  @FuzzTest(maxDuration = "2m")
  void readsTheSameHoweverTheNetworkCuts(byte[] data) {
    var one = new ResponseHead();
    one.start(2048, 20);
    var in = Unpooled.wrappedBuffer(data);
    var whole = data.length == 0 ? Progress.MORE : one.read(in);
    var other = new ResponseHead();
    other.start(2048, 20);
    var last = new Progress[] {Progress.MORE};
    int taken =
        Pieces.feed(
            data,
            Pieces.seed(data),
            piece -> {
              last[0] = other.read(piece);
              return last[0] == Progress.MORE;
            });

    assertThat(last[0]).isEqualTo(whole);
    assertThat(describe(other, last[0])).isEqualTo(describe(one, whole));
    if (whole == Progress.COMPLETE) {
      assertThat(taken).isEqualTo(in.readerIndex());
    }
  }
}
