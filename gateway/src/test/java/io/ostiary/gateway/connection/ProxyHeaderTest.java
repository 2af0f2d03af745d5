package io.ostiary.gateway.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.ostiary.gateway.connection.ProxyHeader.Progress;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyHeaderTest {
  private static final byte[] SIGNATURE = {13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10};

  private record Read(ProxyHeader header, Progress progress, int left) {}

  /// Reads in pieces of this size, as a network might bring them.
  private static Read read(byte[] bytes, int piece) {
    var header = new ProxyHeader();
    var progress = Progress.MORE;
    int at = 0;
    while (at < bytes.length && progress == Progress.MORE) {
      var in = Unpooled.wrappedBuffer(bytes, at, Math.min(piece, bytes.length - at));
      progress = header.read(in);
      at += in.readerIndex();
    }
    return new Read(header, progress, bytes.length - at);
  }

  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] two(int command, int family, byte[] rest) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(SIGNATURE);
    out.write(command);
    out.write(family);
    out.write(rest.length >> 8);
    out.write(rest.length);
    out.writeBytes(rest);
    return out.toByteArray();
  }

  private static void names(String source, byte[] header) {
    for (int piece : new int[] {1, 2, 7, 13, 17, 4096}) {
      var with = new byte[header.length + 5];
      System.arraycopy(header, 0, with, 0, header.length);
      var read = read(with, piece);
      assertThat(read.progress()).as(read.header().fault()).isEqualTo(Progress.COMPLETE);
      assertThat(read.header().source()).isEqualTo(InetAddress.ofLiteral(source));
      assertThat(read.left()).as("what follows is left").isEqualTo(5);
    }
  }

  @Test
  void readsLines() {
    names("198.18.0.7", latin("PROXY TCP4 198.18.0.7 198.18.0.1 51234 8080\r\n"));
    names("2001:db8::7", latin("PROXY TCP6 2001:db8::7 2001:db8::1 0 65535\r\n"));
    assertThat(read(latin("PROXY UNKNOWN\r\n"), 3).header().source()).isNull();
    assertThat(read(latin("PROXY UNKNOWN whatever follows\r\n"), 3).progress())
        .isEqualTo(Progress.COMPLETE);
  }

  @Test
  void readsBinary() {
    var four = new byte[] {(byte) 198, 18, 0, 7, (byte) 198, 18, 0, 1, 1, 2, 3, 4};
    names("198.18.0.7", two(0x21, 0x11, four));
    var six = new byte[36 + 700];
    six[0] = 0x20;
    six[1] = 1;
    six[2] = 0x0d;
    six[3] = (byte) 0xb8;
    six[15] = 7;
    names("2001:db8::7", two(0x21, 0x21, six));
  }

  @Test
  void theProxySpeaksForItself() {
    for (var header :
        new byte[][] {
          two(0x20, 0x00, new byte[0]),
          two(0x20, 0x11, new byte[12]),
          two(0x20, 0x99, new byte[40]),
          two(0x21, 0x00, new byte[9]),
          two(0x21, 0x31, new byte[216])
        }) {
      var read = read(header, 5);
      assertThat(read.progress()).as(read.header().fault()).isEqualTo(Progress.COMPLETE);
      assertThat(read.header().source()).isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\n",
        "PROXY  TCP4 198.18.0.7 198.18.0.1 1 2\r\n",
        "PROXY TCP4 198.18.0.7 198.18.0.1 1\r\n",
        "PROXY TCP4 198.18.0.7 198.18.0.1 1 2 3\r\n",
        "PROXY TCP4 198.18.0.7 198.18.0.1 01 2\r\n",
        "PROXY TCP4 198.18.0.7 198.18.0.1 1 65536\r\n",
        "PROXY TCP4 198.18.0.7 198.18.0.1 +1 2\r\n",
        "PROXY TCP4 198.18 198.18.0.1 1 2\r\n",
        "PROXY TCP4 198.18.0.07 198.18.0.1 1 2\r\n",
        "PROXY TCP4 198.18.0.7 0198.18.0.1 1 2\r\n",
        "PROXY TCP4 2001:db8::7 198.18.0.1 1 2\r\n",
        "PROXY TCP6 198.18.0.7 2001:db8::1 1 2\r\n",
        "PROXY TCP6 fe80::1%lo 2001:db8::1 1 2\r\n",
        "PROXY TCP4 example.com 198.18.0.1 1 2\r\n",
        "PROXY tcp4 198.18.0.7 198.18.0.1 1 2\r\n",
        "PROXY UDP4 198.18.0.7 198.18.0.1 1 2\r\n",
        "PROXY TCP4 198.18.0.7 198.18.0.1 1 2\n",
        "proxy TCP4 198.18.0.7 198.18.0.1 1 2\r\n"
      })
  void refusesWhatIsNoLine(String text) {
    var read = read(latin(text), 4);
    assertThat(read.progress()).isEqualTo(Progress.FAULTY);
    assertThat(read.header().fault()).isNotEmpty();
    assertThat(read.header().source()).isNull();
  }

  @Test
  void refusesWhatIsTooLong() {
    var line = latin("PROXY UNKNOWN " + "x".repeat(200) + "\r\n");
    assertThat(read(line, 9).progress()).isEqualTo(Progress.FAULTY);
    assertThat(read(two(0x21, 0x11, new byte[4096]), 9).progress()).isEqualTo(Progress.COMPLETE);
    assertThat(read(two(0x21, 0x11, new byte[4097]), 9).progress()).isEqualTo(Progress.FAULTY);
    assertThat(read(two(0x20, 0x00, new byte[4097]), 9).progress()).isEqualTo(Progress.FAULTY);
  }

  @Test
  void refusesBinaryThatIsUnknownOrShort() {
    for (var header :
        new byte[][] {
          two(0x11, 0x11, new byte[12]),
          two(0x22, 0x11, new byte[12]),
          two(0x21, 0x12, new byte[12]),
          two(0x21, 0x41, new byte[12]),
          two(0x21, 0x11, new byte[11]),
          two(0x21, 0x21, new byte[35])
        }) {
      assertThat(read(header, 3).progress()).isEqualTo(Progress.FAULTY);
    }
  }

  /// Whatever comes, it ends within its bounds, and pieces make no difference.
  @Test
  void randomBytesNeverBreakIt() {
    var random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      var bytes = new byte[random.nextInt(300)];
      random.nextBytes(bytes);
      var start = random.nextBoolean() ? SIGNATURE : latin("PROXY TCP4 ");
      System.arraycopy(start, 0, bytes, 0, Math.min(start.length, bytes.length));
      if (random.nextBoolean() && bytes.length > 15) {
        bytes[12] = (byte) (0x20 + random.nextInt(3));
        bytes[13] = (byte) (0x11 * random.nextInt(4));
        bytes[14] = 0;
      }
      var whole = read(bytes, 4096);
      var pieces = read(bytes, 1 + random.nextInt(20));
      assertThat(pieces.progress()).isEqualTo(whole.progress());
      assertThat(pieces.header().source()).isEqualTo(whole.header().source());
    }
  }
}
