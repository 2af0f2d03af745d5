package io.ostiary.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.ostiary.insight.testing.EntryBuilder;
import io.ostiary.model.CallId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the console and the command line build on: files, try-it, the client.
final class ConsoleTest {
  @TempDir Path data;
  private Fixture fixture;

  @BeforeEach
  void start() throws Exception {
    fixture = new Fixture(data);
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  @Test
  void servesTheApplicationAndItsPages() throws Exception {
    for (var path : List.of("/", "/calls", "/calls/05x9k2m4n6p8q")) {
      var page = fixture.send(fixture.anonymous(path));
      assertThat(page.statusCode()).as(path).isEqualTo(200);
      assertThat(page.body()).contains("<title>console</title>");
      assertThat(page.headers().firstValue("Cache-Control")).contains("no-cache");
    }
    var script = "/assets/index-AbCd1234.js";
    var plain = fixture.send(fixture.anonymous(script));
    assertThat(plain.body()).contains("console.log");
    assertThat(plain.headers().firstValue("Cache-Control").orElse("")).contains("immutable");
    var zipped = fixture.send(fixture.anonymous(script).header("Accept-Encoding", "br, gzip"));
    assertThat(zipped.headers().firstValue("Content-Encoding")).contains("gzip");
    assertThat(zipped.headers().firstValue("Content-Type").orElse("")).startsWith("text/javas");
  }

  @Test
  void servesNothingElse() throws Exception {
    for (var path :
        List.of(
            "/missing.js",
            "/..%2f..%2fio/ostiary/control/openapi.yaml",
            "/%2e%2e/io/ostiary/control/openapi.yaml",
            "/assets/..%5c..%5cio/x.yaml",
            "/.hidden.js",
            "/assets//index.html.js")) {
      var status = fixture.send(fixture.anonymous(path)).statusCode();
      assertThat(status).as(path).isIn(400, 404);
    }
  }

  @Test
  void trySendsToTheGatewayAndToNobodyElse() throws Exception {
    var seen = new CopyOnWriteArrayList<String>();
    var gateway = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    gateway.createContext(
        "/",
        exchange -> {
          seen.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
          seen.add(String.valueOf(exchange.getRequestHeaders().getFirst("Cookie")));
          seen.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
          exchange.getResponseHeaders().add("Set-Cookie", "ostiary-session=stolen");
          exchange.getResponseHeaders().add("Ostiary-Call", "05x9k2m4n6p8q");
          exchange.getResponseHeaders().add("Content-Type", "text/html");
          exchange.sendResponseHeaders(418, 4);
          exchange.getResponseBody().write("body".getBytes(StandardCharsets.UTF_8));
          exchange.close();
        });
    gateway.start();
    try {
      int port = gateway.getAddress().getPort();
      fixture.control.publish("ostiary.yaml", Fixture.listeningOn(port));
      var cookie = fixture.signIn();
      var answer =
          fixture.send(
              tryIt("http://localhost:" + port + "/demo/orders?x=1", cookie)
                  .header("Authorization", "Bearer of-the-api")
                  .POST(HttpRequest.BodyPublishers.ofString("{}")));
      assertThat(answer.statusCode()).isEqualTo(418);
      assertThat(answer.body()).isEqualTo("body");
      assertThat(seen).containsExactly("POST /demo/orders?x=1", "null", "Bearer of-the-api");
      assertThat(answer.headers().firstValue("Set-Cookie")).isEmpty();
      assertThat(answer.headers().firstValue("Ostiary-Call")).contains("05x9k2m4n6p8q");
      assertThat(answer.headers().allValues("Content-Security-Policy"))
          .containsExactly("sandbox; default-src 'none'");
      for (var url :
          List.of(
              "http://evil.example:" + port + "/",
              "http://127.0.0.1:" + (port == 1 ? 2 : port - 1) + "/",
              "https://127.0.0.1:" + port + "/",
              "file:///etc/passwd",
              fixture.control.address() + "/api/v1/consumers",
              "http://169.254.169.254:" + port + "/",
              "nonsense")) {
        assertThat(fixture.send(tryIt(url, cookie)).statusCode()).as(url).isEqualTo(400);
      }
      assertThat(seen).hasSize(3);
    } finally {
      gateway.stop(0);
    }
  }

  private HttpRequest.Builder tryIt(String url, String cookie) {
    return fixture
        .anonymous("/api/v1/try?scalar_url=" + URLEncoder.encode(url, StandardCharsets.UTF_8))
        .header("Cookie", cookie)
        .header("Sec-Fetch-Site", "same-origin");
  }

  @Test
  void documentNamesTheGatewayAndNotTheOldServers() throws Exception {
    var document = fixture.get("/api/v1/apis/orders/openapi.json");
    assertThat(document.body()).doesNotContain("old.example");
    assertThat(Fixture.tree(document).get("servers").get(0).get("url").asString())
        .isEqualTo("http://127.0.0.1:8080/demo");
    var api = Fixture.tree(fixture.get("/api/v1/apis/orders"));
    assertThat(api.get("policies").get(0).get("settings").toString())
        .isEqualTo("{\"per-second\":5,\"time-out\":\"90s\"}");
  }

  @Test
  void clientAsksForTheCommandLine() throws Exception {
    fixture.insight.add(new EntryBuilder().at(Fixture.START, 5).build());
    try (var client = AdminClient.of(data, null)) {
      var call = CallId.text(CallId.of(Fixture.START.toEpochMilli(), 5));
      assertThat(client.explain(call).get("explanation").get("sentence").asString()).isNotEmpty();
      assertThatThrownBy(() -> client.explain("0000000000000"))
          .isInstanceOf(AdminException.class)
          .hasMessageContaining("not in the ledger");
      client.ban("203.0.113.7", "floods", 60, List.of(), java.util.Map.of());
      assertThat(client.bans()).hasSize(1);
      client.unban("203.0.113.7");
      assertThat(client.bans()).isEmpty();
      assertThatThrownBy(() -> client.unban("203.0.113.7")).isInstanceOf(AdminException.class);
      assertThat(client.createKey("acme", "").get("key").asString()).startsWith("ost_");
      client.createKey("acme", "second");
      assertThat(fixture.newest().consumers()).hasSize(1);
      assertThat(client.signInLink()).startsWith(fixture.control.address());
      fixture.control.close();
      assertThatThrownBy(client::bans)
          .isInstanceOf(AdminException.class)
          .hasMessageContaining("expected: a running process");
    }
    assertThatThrownBy(() -> AdminClient.of(data, null)).hasMessageContaining("does not run");
    assertThatThrownBy(() -> AdminClient.of(data.resolve("none"), null))
        .hasMessageContaining("does not exist");
  }
}
