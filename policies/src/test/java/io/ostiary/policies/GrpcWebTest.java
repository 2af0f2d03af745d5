package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.UpstreamLink;
import io.ostiary.model.UpstreamLink.Protocol;
import io.ostiary.model.UpstreamLink.ProxyHeader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// gRPC-Web as PROTOCOL-WEB.md has it, to a service over Node's HTTP/2. Clients that are not ours
/// are tried by `bench/grpc-web`.
class GrpcWebTest {
  private static final List<Policy<?>> POLICIES =
      List.of(new GrpcWeb(), new KeyAuth(), new Respond());
  private static final PolicyUse USE = new PolicyUse("grpc-web", new GrpcWeb.Settings());
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private static Process service;
  private static int port;

  @BeforeAll
  static void start() throws IOException {
    service =
        new ProcessBuilder("node", "src/test/resources/grpc.mjs")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    port = Integer.parseInt(service.inputReader(StandardCharsets.UTF_8).readLine());
  }

  @AfterAll
  static void stop() {
    service.destroyForcibly();
  }

  private static PolicyKit kit(PolicyUse... uses) {
    var link = new UpstreamLink(Protocol.HTTP2, null, ProxyHeader.OFF);
    return new PolicyKit(port, link, POLICIES, uses);
  }

  private static byte[] frame(String text) {
    var body = text.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(5 + body.length).put((byte) 0).putInt(body.length).put(body).array();
  }

  private static HttpResponse<byte[]> post(
      PolicyKit kit, String path, String type, byte[] body, String... fields) throws Exception {
    var request =
        HttpRequest.newBuilder(URI.create(kit.url(path)))
            .header("Content-Type", type)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    if (fields.length > 0) {
      request.headers(fields);
    }
    return CLIENT.send(request.build(), BodyHandlers.ofByteArray());
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static String trailers(String lines) {
    return "\u0080\0\0\0" + (char) lines.length() + lines;
  }

  private static String field(HttpResponse<?> of, String name) {
    return of.headers().firstValue(name).orElse("");
  }

  @Test
  void putsTheTrailersBehindTheMessages() throws Exception {
    try (var kit = kit(USE)) {
      var answer = post(kit, "/s/Echo", "application/grpc-web+proto", frame("hello"));
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(field(answer, "Content-Type")).isEqualTo("application/grpc-web+proto");
      assertThat(field(answer, "x-type"))
          .as("%s", answer.headers().map())
          .isEqualTo("application/grpc+proto");
      assertThat(field(answer, "x-te")).isEqualTo("trailers");
      assertThat(text(answer.body()))
          .isEqualTo("\0\0\0\0\5hello" + trailers("grpc-status: 0\r\nx-sum: 10\r\n"));
      var short1 = post(kit, "/s/Echo", "application/grpc-web", frame("a"));
      assertThat(field(short1, "x-type")).isEqualTo("application/grpc");
      assertThat(field(short1, "Content-Type")).isEqualTo("application/grpc-web+proto");
      var large = post(kit, "/s/Echo", "application/grpc-web+json", frame("l".repeat(300_000)));
      assertThat(field(large, "Content-Type")).isEqualTo("application/grpc-web+json");
      assertThat(text(large.body()))
          .endsWith("ll" + trailers("grpc-status: 0\r\nx-sum: 300005\r\n"));
    }
  }

  /// In pieces that are padded by themselves.
  private static String decoded(byte[] body) {
    var out = new StringBuilder();
    var from = text(body);
    for (int i = 0; i < from.length(); i += 4) {
      out.append(text(Base64.getDecoder().decode(from.substring(i, i + 4))));
    }
    return out.toString();
  }

  @Test
  void speaksBase64() throws Exception {
    try (var kit = kit(USE)) {
      // Two messages, each padded by itself.
      var asked =
          Base64.getEncoder().encodeToString(frame("he"))
              + Base64.getEncoder().encodeToString(frame("y"));
      var answer =
          post(
              kit,
              "/s/Echo",
              "application/grpc-web-text",
              asked.getBytes(StandardCharsets.ISO_8859_1),
              "Accept",
              "application/grpc-web-text");
      assertThat(field(answer, "Content-Type")).isEqualTo("application/grpc-web-text+proto");
      assertThat(decoded(answer.body()))
          .isEqualTo("\0\0\0\0\2he\0\0\0\0\1y" + trailers("grpc-status: 0\r\nx-sum: 13\r\n"));
      for (var wrong : List.of("AAA", "AA=A", "!!!!", "A===")) {
        var refused =
            post(
                kit,
                "/s/Echo",
                "application/grpc-web-text",
                wrong.getBytes(StandardCharsets.UTF_8));
        assertThat(refused.statusCode()).isEqualTo(200);
        assertThat(field(refused, "grpc-status")).isEqualTo("13");
        assertThat(field(refused, "Content-Type")).isEqualTo("application/grpc-web-text+proto");
      }
    }
  }

  @Test
  void passesEachMessageOnAsItComes() throws Exception {
    try (var kit = kit(USE)) {
      var request =
          HttpRequest.newBuilder(URI.create(kit.url("/s/Events")))
              .header("Content-Type", "application/grpc-web")
              .POST(HttpRequest.BodyPublishers.ofByteArray(frame("")))
              .build();
      try (var in = CLIENT.send(request, BodyHandlers.ofInputStream()).body()) {
        // Were it gathered, this would wait for the end.
        assertThat(text(in.readNBytes(12))).isEqualTo("\0\0\0\0\7event 3");
        assertThat(text(in.readAllBytes()))
            .isEqualTo(
                "\0\0\0\0\7event 2\0\0\0\0\7event 1" + trailers("grpc-status: 0\r\nx-sum: 5\r\n"));
      }
    }
  }

  @Test
  void tellsWhatWentWrong() throws Exception {
    try (var kit = kit(USE)) {
      var failed = post(kit, "/s/Fail", "application/grpc-web", frame("x"));
      assertThat(field(failed, "grpc-status")).isEqualTo("5");
      assertThat(field(failed, "grpc-message")).isEqualTo("none%20here");
      assertThat(field(failed, "Content-Type")).isEqualTo("application/grpc-web+proto");
      assertThat(failed.body()).isEmpty();
      var silent = post(kit, "/s/Silent", "application/grpc-web", frame("x"));
      assertThat(text(silent.body()))
          .startsWith("\0\0\0\0\4half\u0080")
          .contains("grpc-status: 2\r\n", "the upstream ended without a status");
      var html = post(kit, "/s/Html", "application/grpc-web", frame("x"));
      assertThat(html.statusCode()).isEqualTo(502);
      assertThat(text(html.body())).isEqualTo("<p>proxy</p>");
    }
  }

  @Test
  void refusalsAreToldInItsWay() throws Exception {
    var keys = new PolicyUse("key-auth", new KeyAuth.Settings("X-API-Key", null, false, false));
    for (var uses : List.of(List.of(USE, keys), List.of(keys, USE))) {
      try (var kit = kit(uses.toArray(PolicyUse[]::new))) {
        for (var type : List.of("application/grpc-web", "application/grpc-web-text")) {
          var refused = post(kit, "/s/Echo", type, new byte[0]);
          assertThat(refused.statusCode()).isEqualTo(200);
          assertThat(field(refused, "grpc-status")).isEqualTo("16");
          assertThat(field(refused, "grpc-message")).isNotEmpty();
          assertThat(field(refused, "Content-Type")).isEqualTo(type + "+proto");
          assertThat(refused.body()).isEmpty();
        }
        var other = post(kit, "/s/Echo", "application/json", new byte[0]);
        assertThat(other.statusCode()).isEqualTo(401);
        assertThat(field(other, "Content-Type")).isEqualTo("application/problem+json");
      }
    }
  }

  @Test
  void leavesOthersAlone() throws Exception {
    try (var kit = kit(USE)) {
      for (var type : List.of("application/grpc", "application/json", "application/grpc-webx")) {
        var answer = post(kit, "/s/Echo", type, frame("x"));
        assertThat(field(answer, "x-type")).isEqualTo(type);
        assertThat(field(answer, "Content-Type")).isEqualTo(type);
        assertThat(text(answer.body())).isEqualTo("\0\0\0\0\1x");
      }
    }
  }

  @Test
  void needsAnUpstreamThatSpeaksGrpc() {
    try (var upstream = FakeUpstream.echo()) {
      assertThatThrownBy(() -> new PolicyKit(upstream, POLICIES, USE))
          .hasMessageContaining("upstream 'orders' with protocol http1 (expected: http2 or auto");
    }
  }
}
