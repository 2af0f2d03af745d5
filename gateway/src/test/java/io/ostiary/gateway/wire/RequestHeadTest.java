package io.ostiary.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.FieldLines;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.wire.RequestHead.Progress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Heads as RFC 9112 shows them, heads as attackers write them, and seeded random ones against a
/// slow reader made of regular expressions.
class RequestHeadTest {
  private static String read(RequestHead head, String text) {
    head.start(4096, 20);
    var bytes = Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.ISO_8859_1));
    var progress = head.read(bytes);
    return progress == Progress.FAULTY ? head.fault().name() : progress.name();
  }

  private static String path(RequestHead head) {
    return Bytes.text(head.bytes(), head.pathStart(), head.pathEnd());
  }

  private static String authority(RequestHead head) {
    return Bytes.text(head.bytes(), head.authorityStart(), head.authorityEnd());
  }

  /// TLS where plain text is spoken: its hello has no line end, and who sent it would wait.
  @Test
  void refusesAnotherProtocolAtItsFirstByte() {
    for (var hello :
        new String[] {"\u0016", "\u0016\u0003\u0001\u0002\n", "\u0005\u0001", "\u00ff"}) {
      assertThat(read(new RequestHead(), hello)).isEqualTo("REQUEST_LINE");
    }
    assertThat(read(new RequestHead(), "\r\n\u0016\u0003")).isEqualTo("REQUEST_LINE");
    assertThat(read(new RequestHead(), "\r")).isEqualTo("MORE");
    assertThat(read(new RequestHead(), "GET / HTTP/1.1\r\nHost")).isEqualTo("MORE");
  }

  @Test
  void readsTheExampleOfRfc9112() {
    var head = new RequestHead();
    assertThat(
            read(
                head,
                "GET /hello.txt?x=%41 HTTP/1.1\r\nUser-Agent: curl/7.64.1\r\n"
                    + "Host: www.example.com\r\nAccept-Language: en, mi\r\n\r\nrest"))
        .isEqualTo("COMPLETE");
    assertThat(head.method()).isEqualTo("GET");
    assertThat(path(head)).isEqualTo("/hello.txt");
    assertThat(Bytes.text(head.bytes(), head.queryStart(), head.queryEnd())).isEqualTo("x=%41");
    assertThat(authority(head)).isEqualTo("www.example.com");
    assertThat(head.fields().first(HeaderName.of("accept-language"))).isEqualTo("en, mi");
    assertThat(head.keepAlive()).isTrue();
    assertThat(head.hasBody()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "/a/b, /a/b",
    "/%7Ea/%41%2d%5f, /~a/A-_",
    "/a%3fb%c3%a9, /a%3Fb%C3%A9",
    "//a///b/, /a/b/",
    "/a/./b/../c, /a/c",
    "/a/.., /",
    "/a/b/., /a/b/",
    "/a/%2e%2E/b, /b",
    "/.well-known/x, /.well-known/x",
    "/...a/..b, /...a/..b",
    "/a;x=1/b, /a;x=1/b",
    "http://h.example/x/../y, /y",
    "HTTP://h.example, /",
    "/, /",
  })
  void normalisesAPathOnce(String sent, String normal) {
    var head = new RequestHead();
    assertThat(read(head, "GET " + sent + " HTTP/1.1\r\nHost: a.example\r\n\r\n"))
        .isEqualTo("COMPLETE");
    assertThat(path(head)).isEqualTo(normal);
    var again = new RequestHead();
    assertThat(read(again, "GET " + path(head) + " HTTP/1.1\r\nHost: a.example\r\n\r\n"))
        .isEqualTo("COMPLETE");
    assertThat(path(again)).isEqualTo(normal);
    assertThat(authority(head)).isEqualTo(sent.startsWith("/") ? "a.example" : "h.example");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/..",
        "/a/../../b",
        "/%2e%2e/x",
        "/..%2fb",
        "/a%5Cb",
        "/a%00",
        "/a%4",
        "/a%",
        "/a%zz",
        "/a\\b",
        "/a\"",
        "/a<",
        "/..;/b",
        "/.;x/b",
        "/a/..%3b/b",
        "/a/%2e%2E%3Bx=1/b",
        "/a/.%3B",
        "/a%2F..%3Bx/b",
        "/é",
        "*",
        "x",
        "http://",
        "http://u@h/",
        "http://h:0/",
        "ftp://h/",
        "h:80",
        "/a#b"
      })
  void refusesATargetThatServersReadDifferently(String target) {
    assertThat(read(new RequestHead(), "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"))
        .isIn("TARGET", "PATH_ENCODING", "PATH_DOTS");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a b", "a/b", "u@h", "a:", "a:0", "a:080", "a:65536", "a:+1", "a:1:2", "[::1", "[::1]x", "",
        "a,b", "a%41", "[g]", "[]", "[:::::]", "[....]", "[1:2]", "[::1.2]", ".a", "a..b", ".",
            "a.."
      })
  void refusesAnOddHost(String host) {
    assertThat(read(new RequestHead(), "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"))
        .isEqualTo("HOST_VALUE");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "A.Example",
        "a.example.",
        "a.example:8080",
        "192.0.2.1:80",
        "[::1]",
        "[2001:DB8::7]:443",
        "[::ffff:192.0.2.1]",
        "a_b.example",
        "xn--bcher-kva.example",
        "1"
      })
  void takesAHost(String host) {
    var head = new RequestHead();
    assertThat(read(head, "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n")).isEqualTo("COMPLETE");
    assertThat(authority(head)).isEqualTo(host);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Content-Length: 5@Content-Length: 5|LENGTH_REPEATED",
        "Content-Length: +5|LENGTH_VALUE",
        "Content-Length: 5, 5|LENGTH_VALUE",
        "Content-Length:|LENGTH_VALUE",
        "Content-Length: 0x5|LENGTH_VALUE",
        "Content-Length: 9999999999999999999|LENGTH_VALUE",
        "Content-Length: 5@Transfer-Encoding: chunked|LENGTH_AND_CODING",
        "Transfer-Encoding: chunked@Transfer-Encoding: chunked|CODING_REPEATED",
        "Transfer-Encoding: gzip, chunked|CODING_UNKNOWN",
        "Transfer-Encoding: xchunked|CODING_UNKNOWN",
        "Transfer-Encoding:|CODING_UNKNOWN",
        "Transfer_Encoding: chunked|FIELD_DISGUISED",
        "Content_Length: 5|FIELD_DISGUISED",
        "Transfer-Encoding : chunked|FIELD_NAME",
        "X: 1@ folded|FIELD_FOLDED",
        ": 1|FIELD_NAME",
        "no colon|FIELD_NAME",
        "Host: b|HOST_REPEATED",
        "Expect: 200-ok|EXPECTATION",
        "Connection: a b|CONNECTION_VALUE",
        "Connection: \"close\"|CONNECTION_VALUE"
      })
  void refusesFieldsThatServersReadDifferently(String fields, String fault) {
    assertThat(
            read(
                new RequestHead(),
                "POST / HTTP/1.1\r\nHost: a\r\n" + fields.replace("@", "\r\n") + "\r\n\r\n"))
        .isEqualTo(fault);
  }

  /// RFC 9112 section 3.2.2: who looks at Host, for a signature say, must not see another one than
  /// whom the request goes to.
  @Test
  void hostIsWhatAnAbsoluteTargetNames() {
    var head = new RequestHead();
    for (var target : List.of("http://b.example/x", "http://b.example", "http://b.example?q")) {
      assertThat(read(head, "GET " + target + " HTTP/1.1\r\nHost: a.example:81\r\nX: y\r\n\r\n"))
          .isEqualTo("COMPLETE");
      assertThat(head.fields().all(HeaderName.of("host"))).containsExactly("b.example");
      assertThat(authority(head)).isEqualTo("b.example");
      assertThat(head.fields().first(HeaderName.of("x"))).isEqualTo("y");
    }
    assertThat(read(head, "GET /x HTTP/1.1\r\nHost: a.example:81\r\n\r\n")).isEqualTo("COMPLETE");
    assertThat(head.fields().first(HeaderName.of("host"))).isEqualTo("a.example:81");
  }

  /// RFC 9110 section 7.6.2.
  @Test
  void countsTheHopsOfOptions() {
    var head = new RequestHead();
    var name = HeaderName.of("Max-Forwards");
    var start = "OPTIONS /a HTTP/1.1\r\nHost: a\r\nMax-Forwards: ";
    assertThat(read(head, start + "3\r\n\r\n")).isEqualTo("COMPLETE");
    assertThat(head.endsHere()).isFalse();
    head.countHop();
    assertThat(head.fields().all(name)).containsExactly("2");
    assertThat(read(head, start + "0\r\n\r\n")).isEqualTo("COMPLETE");
    assertThat(head.endsHere()).isTrue();
    for (var wrong :
        List.of("", "x", "-1", "1.0", "1\r\nMax-Forwards: 1", "99999999999999999999")) {
      assertThat(read(head, start + wrong + "\r\n\r\n")).as(wrong).isEqualTo("MAX_FORWARDS");
    }
    assertThat(read(head, start.replace("OPTIONS", "GET") + "0\r\n\r\n")).isEqualTo("COMPLETE");
    head.countHop();
    assertThat(head.endsHere()).isFalse();
    assertThat(head.fields().all(name)).containsExactly("0");
  }

  /// RFC 9112 section 3.2.4.
  @Test
  void anOptionsOfAWholeServerIsTheAsterisk() {
    var head = new RequestHead();
    for (var target : List.of("*", "http://h.example", "HTTPS://h.example:81")) {
      assertThat(read(head, "OPTIONS " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"))
          .isEqualTo("COMPLETE");
      assertThat(head.endsHere()).as(target).isTrue();
      assertThat(path(head)).isEqualTo("*");
    }
    assertThat(authority(head)).isEqualTo("h.example:81");
    for (var target : List.of("/", "http://h.example/", "http://h.example?q")) {
      assertThat(read(head, "OPTIONS " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"))
          .isEqualTo("COMPLETE");
      assertThat(head.endsHere()).as(target).isFalse();
      assertThat(path(head)).isEqualTo("/");
    }
  }

  @Test
  void refusesLinesThatDoNotEndAsTheyMust() {
    var head = new RequestHead();
    assertThat(read(head, "GET / HTTP/1.1\nHost: a\r\n\r\n")).isEqualTo("LINE_END");
    assertThat(read(head, "GET / HTTP/1.1\r\nHost: a\n\r\n")).isEqualTo("LINE_END");
    assertThat(read(head, "GET / HTTP/1.1\r\nHost: a\r\n\n")).isEqualTo("LINE_END");
    assertThat(read(head, "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n")).isEqualTo("FIELD_VALUE");
    assertThat(read(head, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")).isEqualTo("COMPLETE");
    assertThat(read(head, "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"))
        .isEqualTo("LEADING_LINES");
    assertThat(read(head, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")).isEqualTo("LINE_END");
  }

  @Test
  void holdsItsLimits() {
    var head = new RequestHead();
    assertThat(read(head, "GET /" + "a".repeat(5000))).isEqualTo("TARGET_TOO_LONG");
    assertThat(read(head, "GET / HTTP/1.1\r\nX: " + "a".repeat(5000))).isEqualTo("HEAD_TOO_LARGE");
    assertThat(read(head, "GET / HTTP/1.1\r\n" + "X: 1\r\n".repeat(21)))
        .isEqualTo("FIELDS_TOO_MANY");
    assertThat(read(head, "GET / HTTP/1.2\r\nHost: a\r\n\r\n")).isEqualTo("VERSION");
    assertThat(read(head, "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n")).isEqualTo("METHOD_REFUSED");
    assertThat(read(head, "get / HTTP/1.1\r\nHost: a\r\n\r\n")).isEqualTo("METHOD");
    assertThat(read(head, "GET / HTTP/1.1\r\n\r\n")).isEqualTo("HOST_MISSING");
    assertThat(read(head, "GET / HTTP/1.0\r\n\r\n")).isEqualTo("COMPLETE");
  }

  @Test
  void setsAndRemovesFieldsButNotItsOwn() {
    var head = new RequestHead();
    read(head, "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\n\r\n");
    var fields = head.fields();
    assertThat(fields.repeated(HeaderName.of("X-A"))).isTrue();
    fields.set(HeaderName.of("X-A"), "3");
    fields.add(HeaderName.of("X-B"), "4");
    var out = new HeadText();
    fields.writeKinds(out, 1);
    assertThat(Bytes.text(out.bytes(), 0, out.length())).isEqualTo("X-A: 3\r\nX-B: 4\r\n");
    org.assertj.core.api.Assertions.assertThatIllegalArgumentException()
        .isThrownBy(() -> fields.set(HeaderName.of("Content-Length"), "3"));
  }

  @Test
  void setsLinesThatWereMadeBefore() {
    var head = new RequestHead();
    read(head, "GET / HTTP/1.1\r\nHost: a\r\nx-b: old\r\nX-C: 1\r\n\r\n");
    var lines = FieldLines.of(List.of(Field.of("X-A", "one"), Field.of("X-B", "")));
    head.fields().set(lines);
    var out = new HeadText();
    head.fields().writeKinds(out, 1);
    assertThat(Bytes.text(out.bytes(), 0, out.length()))
        .isEqualTo("X-C: 1\r\nX-A: one\r\nX-B: \r\n");
    assertThat(head.fields().first(HeaderName.of("x-a"))).isEqualTo("one");
    assertThat(head.fields().all(HeaderName.of("x-b"))).containsExactly("");
    assertThat(List.of(lines.field(0).value(), lines.field(1).value())).containsExactly("one", "");
    head.fields().add(FieldLines.of(List.of(Field.of("x-A", "two"))));
    assertThat(head.fields().all(HeaderName.of("X-A"))).containsExactly("one", "two");
    org.assertj.core.api.Assertions.assertThatIllegalArgumentException()
        .isThrownBy(
            () -> head.fields().set(FieldLines.of(List.of(Field.of("Content-Length", "3")))))
        .withMessageContaining("Content-Length");
    org.assertj.core.api.Assertions.assertThatIllegalArgumentException()
        .isThrownBy(() -> FieldLines.of(List.of(Field.of("X-A", "\u0001"))))
        .withMessageContaining("X-A: a character U+0001");
  }

  /// What a head must look like at least; the reader may be stricter, never looser.
  private static final Pattern SHAPE =
      Pattern.compile(
          "(\r\n){0,2}[A-Z0-9_-]+ [\\x21-\\x7e]+ HTTP/1\\.[01]\r\n"
              + "([!#$%&'*+.^_`|~0-9A-Za-z-]+:[\\t\\x20-\\x7e\\x80-\\xff]*\r\n)*\r\n",
          Pattern.DOTALL);

  @Test
  void neverTakesWhatHasNotTheShapeAndIsTheSameInPieces() {
    var random = new Random(20260);
    var parts =
        new String[] {
          "GET",
          " ",
          "/",
          "a",
          "%41",
          "..",
          "\r\n",
          "\n",
          "\r",
          "Host",
          ":",
          " a",
          "HTTP/1.1",
          "Content-Length",
          "5",
          "Transfer-Encoding",
          "chunked",
          ",",
          "\t",
          "\0",
          "é",
          "?",
          "\r\n\r\n",
          " HTTP/1.1\r\nHost: a\r\n",
          "Connection: close\r\n",
          ";",
          "X-Y: z\r\n"
        };
    int complete = 0;
    var whole = new RequestHead();
    var pieces = new RequestHead();
    for (int round = 0; round < 100_000; round++) {
      var text = new StringBuilder(random.nextBoolean() ? "GET /x HTTP/1.1\r\nHost: a\r\n" : "");
      for (int i = random.nextInt(8); i >= 0; i--) {
        text.append(parts[random.nextInt(parts.length)]);
      }
      text.append("\r\n\r\n");
      var all = Unpooled.wrappedBuffer(text.toString().getBytes(StandardCharsets.ISO_8859_1));
      whole.start(4096, 20);
      var progress = whole.read(all.duplicate());
      pieces.start(4096, 20);
      var partial = Progress.MORE;
      for (int at = 0; at < all.readableBytes() && partial == Progress.MORE; at++) {
        partial = pieces.read(all.slice(at, 1));
      }
      assertThat(partial).as("%s", text).isEqualTo(progress);
      if (progress == Progress.COMPLETE) {
        complete++;
        int end = text.indexOf("\r\n\r\n", text.indexOf("HTTP/1"));
        assertThat(SHAPE.matcher(text.substring(0, end + 4)).matches()).as("%s", text).isTrue();
        assertThat(path(pieces)).isEqualTo(path(whole));
      }
    }
    assertThat(complete).isGreaterThan(1000);
  }
}
