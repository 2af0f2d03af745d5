package io.ostiary.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.Unpooled;
import io.ostiary.gateway.wire.RequestHead.Progress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Any bytes at all: nothing is thrown, no more is taken than the head, and where a network cuts
/// them makes no difference. The corpus lies beside, and is replayed with every build;
/// `JAZZER_FUZZ=1` looks for more.
class RequestHeadFuzzTest {
  private record Read(Progress progress, String what, int taken) {}

  private static Read whole(byte[] data) {
    var head = new RequestHead();
    head.start(2048, 20);
    var in = Unpooled.wrappedBuffer(data);
    var progress = data.length == 0 ? Progress.MORE : head.read(in);
    return new Read(progress, describe(head, progress), in.readerIndex());
  }

  private static Read pieces(byte[] data, long seed) {
    var head = new RequestHead();
    head.start(2048, 20);
    var progress = new Progress[] {Progress.MORE};
    int taken =
        Pieces.feed(
            data,
            seed,
            in -> {
              progress[0] = head.read(in);
              return progress[0] == Progress.MORE;
            });
    return new Read(progress[0], describe(head, progress[0]), taken);
  }

  private static String describe(RequestHead head, Progress progress) {
    return switch (progress) {
      case MORE -> "";
      case FAULTY -> head.fault().code();
      case COMPLETE -> {
        var fields = new ArrayList<String>();
        head.fields().forEach((name, value) -> fields.add(name + ": " + value));
        yield head.method()
            + ' '
            + path(head)
            + ' '
            + Bytes.text(head.bytes(), head.authorityStart(), head.authorityEnd())
            + ' '
            + head.contentLength()
            + head.chunked()
            + head.keepAlive()
            + head.expectsContinue()
            + fields;
      }
    };
  }

  private static String path(RequestHead head) {
    return Bytes.text(head.bytes(), head.pathStart(), head.pathEnd());
  }

  @FuzzTest(maxDuration = "2m")
  void readsTheSameHoweverTheNetworkCuts(byte[] data) {
    var whole = whole(data);
    var pieces = pieces(data, Pieces.seed(data));

    assertThat(pieces.progress).isEqualTo(whole.progress);
    assertThat(pieces.what).isEqualTo(whole.what);
    if (whole.progress == Progress.COMPLETE) {
      assertThat(pieces.taken).isEqualTo(whole.taken);
      assertThat(new String(data, 0, whole.taken, StandardCharsets.ISO_8859_1))
          .as("a head ends with an empty line")
          .endsWith("\r\n\r\n");
    }
  }

  /// A path that was made normal is normal: whoever reads it again finds the same place.
  @FuzzTest(maxDuration = "2m")
  void aPathIsMadeNormalOnce(byte[] data) {
    var target = new String(data, StandardCharsets.ISO_8859_1);
    var head = new RequestHead();
    head.start(8192, 20);
    var text = "GET " + target + " HTTP/1.1\r\nHost: h.example\r\n\r\n";
    var bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    if (head.read(Unpooled.wrappedBuffer(bytes)) != Progress.COMPLETE || head.asterisk()) {
      return;
    }
    var path = path(head);
    var segments = List.of(path.split("/", -1));

    assertThat(path).startsWith("/").doesNotContain("//", "#", "?", "\\");
    assertThat(path).matches("[!-~]*");
    assertThat(segments).doesNotContain(".", "..");
    assertThat(path.toLowerCase(java.util.Locale.ROOT)).doesNotContain("%2e", "%2f", "%5c", "%00");
    var again = new RequestHead();
    again.start(8192, 20);
    again.read(
        Unpooled.wrappedBuffer(
            ("GET " + path + " HTTP/1.1\r\nHost: h.example\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1)));
    assertThat(path(again)).isEqualTo(path);
  }
}
