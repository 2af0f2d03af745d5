package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.PolicyUse;
import io.ostiary.policies.coding.Coding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// compress and decompress, before a real client: curl, which has libraries of its own for all
/// codings.
class CompressTest {
  private static final String JSON = "{\"a\":\"text that comes again\"}".repeat(200);
  private static final Compress.Settings USUAL =
      new Compress.Settings(
          List.of(Coding.BR, Coding.ZSTD, Coding.GZIP),
          1000,
          List.of("application/json", "text/*"),
          4);

  private static PolicyKit kit(FakeUpstream upstream) {
    return new PolicyKit(upstream, List.of(new Compress()), new PolicyUse("compress", USUAL));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static FakeUpstream answering(String fields, String body) {
    return FakeUpstream.of(talk -> {
      talk.send(
          "HTTP/1.1 200 OK\r\n"
              + fields
              + "Content-Length: "
              + body.length()
              + "\r\n\r\n"
              + (talk.head().startsWith("HEAD") ? "" : body));
      return true;
    });
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "br", "zstd"})
  void curlReadsWhatWasCompressed(String coding) {
    try (var upstream = answering("Content-Type: application/json\r\nETag: \"v1\"\r\n", JSON);
        var kit = kit(upstream)) {
      assertThat(kit.curl("--compressed", "-H", "Accept-Encoding: " + coding, "/")).isEqualTo(JSON);
      var raw = kit.curl("-i", "-H", "Accept-Encoding: " + coding, "/");
      assertThat(raw)
          .contains("Content-Encoding: " + coding + "\r\n", "Vary: Accept-Encoding\r\n")
          .contains("ETag: W/\"v1\"\r\n")
          .doesNotContain("Content-Length");
      assertThat(raw.length()).isLessThan(1000);
      assertThat(kit.curl("-i", "/"))
          .contains(
              "ETag: \"v1\"\r\n", "Vary: Accept-Encoding\r\n", "Content-Length: " + JSON.length())
          .doesNotContain("Content-Encoding")
          .endsWith(JSON);
      assertThat(kit.curl("-I", "-H", "Accept-Encoding: " + coding, "/"))
          .contains("Content-Encoding: " + coding + "\r\n", "ETag: W/\"v1\"\r\n")
          .doesNotContain("Content-Length");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gzip, br, zstd | br",
        "gzip;q=1, br;q=0.5, zstd;q=0.2 | gzip",
        "br;q=0, * | zstd",
        "*;q=0 | ",
        "identity, gzip;q=0.5 | ",
        "GZIP | gzip",
        "x-gzip | gzip",
        "gzip;q=0.000 | ",
        "gzip;q=2 | ",
        "deflate | ",
        "br;q=1.0, gzip;q=0.9 | br"
      })
  void choosesByWhatTheClientLikes(String accepted, String expected) {
    var codings = new AcceptEncoding(List.of(Coding.BR, Coding.ZSTD, Coding.GZIP));
    for (int i = 0; i < 2; i++) {
      var coding = codings.choose(accepted);
      assertThat(coding == null ? null : coding.token()).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Type: image/png\r\n",
        "Content-Type: application/json\r\nContent-Encoding: deflate\r\n",
        "Content-Type: application/json\r\nCache-Control: public, no-transform\r\n",
        "Content-Type: application/json\r\nContent-Range: bytes 0-9/99\r\n",
        ""
      })
  void leavesAloneWhatIsNotWorthIt(String fields) {
    try (var upstream = answering(fields, JSON);
        var kit = kit(upstream)) {
      assertThat(kit.curl("-i", "-H", "Accept-Encoding: gzip", "/"))
          .doesNotContain("Content-Encoding: gzip", "Vary")
          .endsWith(JSON);
    }
    try (var upstream = answering("Content-Type: application/json\r\n", "{}");
        var kit = kit(upstream)) {
      assertThat(kit.curl("-i", "-H", "Accept-Encoding: gzip", "/")).endsWith("\r\n\r\n{}");
    }
  }

  @Test
  void eachEventGoesOnAtOnce() throws IOException {
    var seen = new CountDownLatch(1);
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send(
                  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                      + "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n");
              // The second event waits until the client says that it has seen the first.
              await(seen);
              talk.send("9\r\ndata: 2\n\n\r\n0\r\n\r\n");
              return true;
            });
        var kit = kit(upstream);
        var socket = kit.connect()) {
      socket
          .getOutputStream()
          .write(
              ("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      PolicyKit.readUntil(socket.getInputStream(), "Content-Encoding: gzip\r\n");
      PolicyKit.readUntil(socket.getInputStream(), "\r\n\r\n");
      // One chunk with the head of gzip and the flushed event: it ends in 00 00 ff ff.
      var first = PolicyKit.readUntil(socket.getInputStream(), "\0\0\u00ff\u00ff\r\n");
      assertThat(first).contains("\u001f\u008b");
      seen.countDown();
      assertThat(PolicyKit.readUntil(socket.getInputStream(), "\r\n0\r\n\r\n")).isNotEmpty();
    }
  }

  @Test
  void aTagStaysWeakWhenNothingHasChanged() {
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send("HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n");
              return true;
            });
        var kit = kit(upstream)) {
      assertThat(kit.curl("-i", "-H", "Accept-Encoding: br", "-H", "If-None-Match: W/\"v1\"", "/"))
          .startsWith("HTTP/1.1 304")
          .contains("ETag: W/\"v1\"\r\n", "Vary: Accept-Encoding");
    }
  }

  private static byte[] gzip(String text) {
    var bytes = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(bytes)) {
      gzip.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return bytes.toByteArray();
  }

  /// Says what it was sent.
  private static FakeUpstream telling() {
    return FakeUpstream.of(talk -> {
      var body = new String(talk.body(), StandardCharsets.UTF_8);
      return talk.ok(
          "coding="
              + talk.field("Content-Encoding")
              + " length="
              + body.length()
              + " "
              + body.substring(0, Math.min(10, body.length())));
    });
  }

  private static PolicyKit decompressing(FakeUpstream upstream) {
    return new PolicyKit(
        upstream,
        List.of(new Decompress()),
        new PolicyUse("decompress", new Decompress.Settings(true, true, 1 << 20, 100)));
  }

  private static String post(PolicyKit kit, String coding, byte[] body) throws IOException {
    var file = java.nio.file.Files.createTempFile("body", ".bin");
    try {
      java.nio.file.Files.write(file, body);
      return kit.curl("-i", "-H", "Content-Encoding: " + coding, "--data-binary", "@" + file, "/");
    } finally {
      java.nio.file.Files.delete(file);
    }
  }

  @Test
  void upstreamsGetPlainBodies() throws IOException {
    try (var upstream = telling();
        var kit = decompressing(upstream)) {
      assertThat(post(kit, "gzip", gzip(JSON)))
          .endsWith("coding= length=" + JSON.length() + " " + JSON.substring(0, 10));
      assertThat(post(kit, "gzip", gzip(""))).as("nothing, in gzip").endsWith("coding= length=0 ");
      assertThat(kit.curl("-d", "plain", "/")).isEqualTo("coding= length=5 plain");
    }
  }

  @Test
  void bombsAndBrokenBodiesAreRefused() throws IOException {
    try (var upstream = telling();
        var kit = decompressing(upstream)) {
      assertThat(post(kit, "gzip", gzip("0".repeat(20_000_000))))
          .startsWith("HTTP/1.1 413")
          .contains(":decompress-too-long\"");
      assertThat(post(kit, "gzip", new byte[] {1, 2, 3}))
          .startsWith("HTTP/1.1 400")
          .contains(":decompress-broken\"");
      assertThat(post(kit, "lzma", new byte[] {1, 2, 3}))
          .startsWith("HTTP/1.1 415")
          .contains("Accept-Encoding: gzip, deflate, br, zstd\r\n", ":content-coding\"");
      assertThat(post(kit, "gzip, br", gzip(JSON))).startsWith("HTTP/1.1 415");
    }
  }

  @Test
  void responsesCanBePlainForThoseWhoReadThem() {
    var coded = new String(gzip(JSON), StandardCharsets.ISO_8859_1);
    try (var upstream =
            answering("Content-Type: application/json\r\nContent-Encoding: gzip\r\n", coded);
        var kit = decompressing(upstream)) {
      assertThat(kit.curl("-i", "-H", "Accept-Encoding: gzip", "/"))
          .doesNotContain("Content-Encoding")
          .endsWith(JSON);
    }
    try (var upstream =
            answering("Content-Type: application/json\r\nContent-Encoding: gzip\r\n", coded);
        var kit =
            new PolicyKit(
                upstream,
                List.of(new Compress(), new Decompress()),
                new PolicyUse("compress", USUAL),
                new PolicyUse("decompress", new Decompress.Settings(true, true, 1 << 20, 100)))) {
      assertThat(kit.curl("--compressed", "-H", "Accept-Encoding: br", "/")).isEqualTo(JSON);
    }
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> new Compress.Settings(List.of(Coding.DEFLATE), 1, List.of("a/b"), 1))
        .hasMessageStartingWith("compress.codings: deflate");
    assertThatThrownBy(() -> new Compress.Settings(List.of(Coding.BR), 1, List.of("json"), 1))
        .hasMessageStartingWith("compress.types: 'json'");
    assertThatThrownBy(() -> new Compress.Settings(List.of(Coding.BR), 1, List.of("a/b"), 10))
        .hasMessageStartingWith("compress.level");
    assertThatThrownBy(() -> new Decompress.Settings(false, false, 1, 1))
        .hasMessageStartingWith("decompress: nothing");
    assertThatThrownBy(() -> new Decompress.Settings(true, false, 1, 0))
        .hasMessageStartingWith("decompress.ratio");
  }
}
