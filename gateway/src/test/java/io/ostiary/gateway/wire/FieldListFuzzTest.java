package io.ostiary.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.Unpooled;
import io.netty.util.AsciiString;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Field lists of HTTP/2 made at random out of what attacks are made of: what goes upstream is what
/// was sent, read in one way only. Each failure names its seed.
class FieldListFuzzTest {
  private static final int ROUNDS = 60_000;
  private static final int BYTES_MAX = 4096;
  private static final int FIELDS_MAX = 20;
  private static final String[] NAMES = {
    ":method",
    ":scheme",
    ":path",
    ":authority",
    ":protocol",
    ":status",
    ":",
    "",
    "host",
    "cookie",
    "content-length",
    "transfer-encoding",
    "connection",
    "te",
    "upgrade",
    "keep-alive",
    "x-a",
    "X-A",
    "x a",
    "x\r\ny",
    "x:y",
    "x_a",
    "content_length",
    "expect",
    "accept",
    "ostiary-consumer",
    "http2-settings",
    "proxy-connection",
    "sec-websocket-key",
    "\0",
    "x\u00e9"
  };
  private static final String[] VALUES = {
    "GET",
    "POST",
    "CONNECT",
    "OPTIONS",
    "GET /x HTTP/1.1\r\nHost: evil\r\n\r\n",
    "http",
    "https",
    "ftp",
    "/",
    "/a/../b",
    "/a b",
    "/%2e%2e/x",
    "*",
    "http://evil/",
    "",
    "t.example",
    "t.example:80",
    "a@b",
    "evil",
    "websocket",
    "0",
    "5",
    "+5",
    "5, 5",
    "chunked",
    "trailers",
    "gzip",
    "a=1",
    "a\r\nb: c",
    "a\nb",
    "a\rb",
    "a\0b",
    " a",
    "a ",
    "\ta",
    "100-continue",
    "h2c",
    "x".repeat(700)
  };

  private record Sent(String name, String value) {}

  private final RequestHead head = new RequestHead();
  private final FieldList list = new FieldList();

  @Test
  void nothingIsReadThatWasNotSent() {
    int complete = 0;
    for (int seed = 0; seed < ROUNDS; seed++) {
      var random = new Random(seed);
      var sent = fields(random);
      complete += passes(sent, random.nextBoolean(), seed) ? 1 : 0;
    }
    // Else it would prove nothing.
    assertThat(complete).isGreaterThan(ROUNDS / 20);
  }

  /// The same with fields of a fuzzer: a byte each says how long name and value are, or which of
  /// those above stands there. Run by time with `JAZZER_FUZZ=1`.
  @FuzzTest(maxDuration = "2m")
  void nothingIsReadThatAFuzzerDidNotSend(byte[] data) {
    var in = ByteBuffer.wrap(data);
    boolean last = in.hasRemaining() && in.get() % 2 == 0;
    var sent = new ArrayList<Sent>();
    while (in.hasRemaining() && sent.size() <= FIELDS_MAX) {
      sent.add(new Sent(text(in, NAMES), text(in, VALUES)));
    }
    passes(sent, last, data.length);
  }

  private static String text(ByteBuffer in, String[] known) {
    int size = in.hasRemaining() ? in.get() & 0xff : 0;
    if (size >= 128) {
      return known[(size - 128) % known.length];
    }
    var bytes = new byte[Math.min(size, in.remaining())];
    in.get(bytes);
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /// Whether it is a request; then it is what was sent.
  private boolean passes(List<Sent> sent, boolean last, int seed) {
    head.start(BYTES_MAX, FIELDS_MAX);
    list.begin(head, BYTES_MAX, FIELDS_MAX);
    sent.forEach(one -> list.add(ascii(one.name), ascii(one.value)));
    if (list.finish(last) != FieldList.Outcome.COMPLETE) {
      return false;
    }
    again(head, seed);
    if (sent.stream().noneMatch(one -> one.name.equals(":protocol"))) {
      check(head, sent, seed);
    }
    return true;
  }

  private static AsciiString ascii(String text) {
    return new AsciiString(text.getBytes(StandardCharsets.ISO_8859_1), false);
  }

  /// Mostly a request that can be read, with some fields at random among its own.
  private static List<Sent> fields(Random random) {
    var sent = new ArrayList<Sent>();
    sent.add(new Sent(":method", random.nextInt(8) == 0 ? any(VALUES, random) : "POST"));
    sent.add(new Sent(":scheme", random.nextInt(8) == 0 ? any(VALUES, random) : "https"));
    sent.add(new Sent(":path", random.nextInt(4) == 0 ? any(VALUES, random) : "/a?b=c"));
    sent.add(new Sent(":authority", random.nextInt(8) == 0 ? any(VALUES, random) : "t.example"));
    for (int i = random.nextInt(4); i > 0; i--) {
      int at = random.nextInt(3) == 0 ? random.nextInt(sent.size() + 1) : sent.size();
      sent.add(at, new Sent(any(NAMES, random), any(VALUES, random)));
    }
    if (random.nextInt(10) == 0) {
      sent.remove(random.nextInt(sent.size()));
    }
    return sent;
  }

  private static String any(String[] of, Random random) {
    return of[random.nextInt(of.length)];
  }

  /// What was written in the client's place holds each field once, and no line of its own making.
  private static void check(RequestHead head, List<Sent> sent, int seed) {
    var text = new String(head.bytes(), 0, head.fields().length(), StandardCharsets.ISO_8859_1);
    assertThat(text).as("seed %d", seed).endsWith("\r\n\r\n");
    var lines = text.substring(0, text.length() - 4).split("\r\n", -1);
    assertThat(text.indexOf("\r\n\r\n")).as("seed %d", seed).isEqualTo(text.length() - 4);
    assertThat(text.replace("\r\n", "")).as("seed %d", seed).doesNotContain("\r", "\n", "\0");
    int regular = 0;
    int crumbs = 0;
    for (var one : sent) {
      boolean pseudo = one.name.startsWith(":");
      crumbs += one.name.equals("cookie") && !one.value.isEmpty() ? 1 : 0;
      boolean counted = !pseudo && !one.name.equals("cookie") && !one.name.equals("host");
      regular += counted ? 1 : 0;
      if (counted) {
        assertThat(lines).as("seed %d", seed).contains(one.name + ": " + one.value);
      }
    }
    int hosts = 0;
    for (var line : lines) {
      hosts += line.startsWith("host: ") ? 1 : 0;
    }
    assertThat(hosts).as("seed %d", seed).isEqualTo(1);
    assertThat(lines.length).as("seed %d", seed).isEqualTo(2 + regular + Math.min(crumbs, 1));
  }

  /// What goes upstream, read by a server: the same request, and nothing behind it.
  private static void again(RequestHead head, int seed) {
    var out = Unpooled.buffer();
    var target = part(head, head.pathStart(), head.pathEnd());
    if (head.queryStart() >= 0) {
      target += "?" + part(head, head.queryStart(), head.queryEnd());
    }
    var authority = part(head, head.authorityStart(), head.authorityEnd());
    var first = head.method() + " " + target + " HTTP/1.1\r\nHost: " + authority + "\r\n";
    out.writeBytes(first.getBytes(StandardCharsets.ISO_8859_1));
    var text = new HeadText();
    head.fields().writeKinds(text, 1 << FieldKind.OTHER | 1 << FieldKind.DATE);
    text.copyTo(out);
    if (head.contentLength() >= 0) {
      var length = "Content-Length: " + head.contentLength() + "\r\n";
      out.writeBytes(length.getBytes(StandardCharsets.ISO_8859_1));
    }
    out.writeBytes(new byte[] {'\r', '\n'});
    var second = new RequestHead();
    second.start(BYTES_MAX, FIELDS_MAX + 1);
    var said = second.read(out);
    assertThat(said).as("seed %d: %s", seed, first).isEqualTo(RequestHead.Progress.COMPLETE);
    assertThat(out.isReadable()).as("seed %d", seed).isFalse();
    out.release();
    assertThat(second.method()).as("seed %d", seed).isEqualTo(head.method());
    assertThat(part(second, second.pathStart(), second.pathEnd()))
        .as("seed %d", seed)
        .isEqualTo(part(head, head.pathStart(), head.pathEnd()));
    assertThat(part(second, second.authorityStart(), second.authorityEnd()))
        .as("seed %d", seed)
        .isEqualTo(authority);
    assertThat(second.contentLength()).as("seed %d", seed).isEqualTo(head.contentLength());
    assertThat(second.chunked()).as("seed %d", seed).isFalse();
  }

  private static String part(RequestHead head, int from, int to) {
    return Bytes.text(head.bytes(), from, to);
  }
}
