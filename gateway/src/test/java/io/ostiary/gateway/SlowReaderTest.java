package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A client that is slower than its upstream, which has closed its connection long before the
/// client has taken the last byte: nothing of the answer is lost, however it is framed.
class SlowReaderTest {
  private static final int CHUNK = 1000;

  private enum Framing {
    LENGTH,
    CHUNKED,
    CLOSE
  }

  @ParameterizedTest(name = "{0}, {1} MiB")
  @CsvSource({
    "LENGTH,1", "LENGTH,3", "LENGTH,5", "LENGTH,8",
    "CHUNKED,1", "CHUNKED,3", "CHUNKED,5", "CHUNKED,8",
    "CLOSE,1", "CLOSE,3", "CLOSE,5", "CLOSE,8"
  })
  void getsEverything(Framing framing, int mebibytes) throws Exception {
    var content = new byte[mebibytes << 20];
    new Random(1).nextBytes(content);
    var sent = new CountDownLatch(1);
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send(head(framing, content.length));
              talk.out().write(framed(framing, content));
              sent.countDown();
              return false;
            });
        var kit = new Kit(upstream).publish();
        var client = kit.client()) {
      client.send("GET /x HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
      // Where not everything finds room on its way, the upstream waits as well.
      boolean ignored = sent.await(150, TimeUnit.MILLISECONDS);
      assertThat(client.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200 OK\r\n");
      var came = client.socket.getInputStream().readAllBytes();
      var expected = framing == Framing.CLOSE ? Framing.CHUNKED : framing;
      assertThat(plain(expected, came)).isEqualTo(content);
      assertThat(kit.ledger(1)).containsExactly("GET /x 200 NONE answered attempts=1");
    }
  }

  private static String head(Framing framing, int length) {
    return "HTTP/1.1 200 OK\r\n"
        + switch (framing) {
          case LENGTH -> "Content-Length: " + length + "\r\n\r\n";
          case CHUNKED -> "Transfer-Encoding: chunked\r\n\r\n";
          case CLOSE -> "\r\n";
        };
  }

  private static byte[] framed(Framing framing, byte[] content) throws IOException {
    if (framing != Framing.CHUNKED) {
      return content;
    }
    var out = new ByteArrayOutputStream(content.length + content.length / 64);
    for (int at = 0; at < content.length; at += CHUNK) {
      int length = Math.min(CHUNK, content.length - at);
      out.write((Integer.toHexString(length) + "\r\n").getBytes(Kit.LATIN));
      out.write(content, at, length);
      out.write("\r\n".getBytes(Kit.LATIN));
    }
    out.write("0\r\n\r\n".getBytes(Kit.LATIN));
    return out.toByteArray();
  }

  private static byte[] plain(Framing framing, byte[] came) {
    if (framing != Framing.CHUNKED) {
      return came;
    }
    var out = new ByteArrayOutputStream(came.length);
    int at = 0;
    while (at < came.length) {
      int line = at;
      while (came[line] != '\r') {
        line++;
      }
      int length = Integer.parseInt(new String(came, at, line - at, Kit.LATIN), 16);
      out.writeBytes(Arrays.copyOfRange(came, line + 2, line + 2 + length));
      at = line + 2 + length + 2;
    }
    return out.toByteArray();
  }
}
