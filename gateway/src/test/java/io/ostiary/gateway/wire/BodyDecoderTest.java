package io.ostiary.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BodyDecoderTest {
  private record Result(String content, boolean complete, boolean faulty, int taken) {}

  /// Decodes in pieces of at most `step` bytes.
  private static Result decode(String text, int step) {
    var decoder = new BodyDecoder();
    decoder.chunked(1024, 10);
    var content = new StringBuilder();
    var bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    int at = 0;
    boolean faulty = false;
    while (at < bytes.length && !decoder.complete() && !faulty) {
      int size = Math.min(step, bytes.length - at);
      var in = Unpooled.copiedBuffer(bytes, at, size);
      faulty = decoder.decode(in) != null;
      content.append(
          in.toString(decoder.pieceStart(), decoder.pieceLength(), StandardCharsets.ISO_8859_1));
      at += in.readerIndex();
    }
    return new Result(content.toString(), decoder.complete(), faulty, at);
  }

  @Test
  void readsTheExampleOfRfc9112() {
    var text = "4\r\nWiki\r\n7;a=\"b\"\r\npedia i\r\nB\r\nn \r\nchunks.\r\n0\r\nX-T: 1\r\n\r\n";
    for (int step = 1; step <= text.length(); step++) {
      assertThat(decode(text + "GET", step))
          .isEqualTo(new Result("Wikipedia in \r\nchunks.", true, false, text.length()));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\r\n",
        "x\r\n",
        "-1\r\n",
        "+1\r\na\r\n",
        "0x1\r\na\r\n",
        "1\na\r\n",
        "1\r\nab\r\n",
        "1 \r\na\r\n",
        "1;\0\r\na\r\n",
        "1;a\nb\r\n",
        "1\r\na\n0\r\n\r\n",
        "1\ra\r\n",
        "1000000000000000\r\n",
        "0\r\nContent-Length: 5\r\n\r\n",
        "0\r\nHost: a\r\n\r\n",
        "0\r\nX : 1\r\n\r\n",
        "0\r\nX: 1\n\r\n",
        "0\r\n folded\r\n\r\n",
        "0\n\r\n",
        ";\r\n"
      })
  void refusesFramingThatServersReadDifferently(String text) {
    assertThat(decode(text, 1).faulty()).isTrue();
    assertThat(decode(text, 1000).faulty()).isTrue();
  }

  @Test
  void boundsExtensionsAndTrailers() {
    assertThat(decode("1;" + "a".repeat(20_000) + "\r\na\r\n", 4096).faulty()).isTrue();
    assertThat(decode("0\r\n" + "X: 1\r\n".repeat(11) + "\r\n", 4096).faulty()).isTrue();
    assertThat(decode("0\r\nX: " + "a".repeat(2000) + "\r\n\r\n", 4096).faulty()).isTrue();
  }

  private static final Pattern CHUNK =
      Pattern.compile("([0-9a-fA-F]{1,15})([ \t]*;[^\r\n\0]*)?\r\n");

  /// A slow reader of the same language, for bodies without trailers.
  private static String reference(String text) {
    var content = new StringBuilder();
    int at = 0;
    while (true) {
      var matcher = CHUNK.matcher(text).region(at, text.length());
      if (!matcher.lookingAt()) {
        return "?";
      }
      long size = Long.parseLong(matcher.group(1), 16);
      at = matcher.end();
      if (size == 0) {
        return text.startsWith("\r\n", at) ? content.toString() : "?";
      }
      if (size > text.length() - at - 2 || !text.startsWith("\r\n", (int) (at + size))) {
        return "?";
      }
      content.append(text, at, (int) (at + size));
      at += (int) size + 2;
    }
  }

  @Test
  void agreesWithASlowReader() {
    var random = new Random(7112);
    var parts =
        new String[] {
          "1", "2", "a", "\r\n", "0\r\n\r\n", ";", " ", "x", "1\r\na\r\n", "\n", "3\r\nabc\r\n"
        };
    int complete = 0;
    for (int round = 0; round < 100_000; round++) {
      var text = new StringBuilder();
      for (int i = random.nextInt(6); i >= 0; i--) {
        text.append(parts[random.nextInt(parts.length)]);
      }
      text.append("0\r\n\r\n");
      var expected = reference(text.toString());
      var seen = decode(text.toString(), 1 + random.nextInt(9));
      assertThat(seen.complete() && !seen.faulty() ? seen.content() : "?")
          .as("%s", text)
          .isEqualTo(expected);
      complete += seen.complete() ? 1 : 0;
    }
    assertThat(complete).isGreaterThan(1000);
  }
}
