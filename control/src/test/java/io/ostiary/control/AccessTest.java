package io.ostiary.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.control.access.Access;
import io.ostiary.control.api.AdminApi;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/// Who may do what: every route, every way of asking.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class AccessTest {
  private Fixture fixture;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    fixture = new Fixture(data);
  }

  @AfterAll
  void stop() {
    fixture.close();
  }

  @Test
  void everyRouteIsDocumentedAndEveryDocumentedRouteIsThere() throws Exception {
    var documented = new TreeSet<String>();
    var settings = LoadSettings.builder().setCodePointLimit(1 << 20).build();
    try (var in = AdminApi.class.getResourceAsStream("/io/ostiary/control/openapi.yaml")) {
      var root = (Map<?, ?>) new Load(settings).loadFromInputStream(in);
      ((Map<?, ?>) root.get("paths"))
          .forEach((path, item) ->
              ((Map<?, ?>) item)
                  .keySet().stream()
                      .map(String::valueOf)
                      .filter(key -> !key.equals("parameters"))
                      .forEach(key -> documented.add(key.toUpperCase() + " " + path)));
    }
    var served = new TreeSet<String>();
    fixture.control.routes().stream()
        .filter(route -> !route.path().equals("/") && !route.path().equals("/<file>"))
        .forEach(route -> served.add(route.method() + " " + route.path()));
    assertThat(served).isEqualTo(documented);
  }

  @Test
  void refusesEveryClosedRouteWithoutCredentials() throws Exception {
    int closed = 0;
    for (var route : fixture.control.routes()) {
      if (route.access() == Access.ANYONE || route.access() == Access.LOCAL) {
        continue;
      }
      closed++;
      var path = route.path().replaceAll("\\{[a-z]+}", "x");
      for (var header : new String[] {"", "Bearer wrong", "Bearer ", "Basic YWRtaW46YWRtaW4="}) {
        var request = fixture.anonymous(path).header("Sec-Fetch-Site", "same-origin");
        if (!header.isEmpty()) {
          request.header("Authorization", header);
        }
        var answer =
            fixture.send(request.method(route.method(), HttpRequest.BodyPublishers.noBody()));
        assertThat(answer.statusCode()).as(route + " " + header).isEqualTo(401);
      }
    }
    assertThat(closed).isGreaterThan(30);
  }

  @Test
  void answersUnknownPathsAndMethodsWithProblems() throws Exception {
    var path = fixture.get("/api/v1/nothing");
    assertThat(path.statusCode()).isEqualTo(404);
    assertThat(path.headers().firstValue("Content-Type")).contains("application/problem+json");
    var method = fixture.send(fixture.request("/api/v1/kernel").DELETE());
    assertThat(method.statusCode()).isEqualTo(405);
    assertThat(Fixture.tree(method).get("code").asString()).isEqualTo("wrong-method");
  }

  @Test
  void refusesHostsThatAreNotOurs() throws Exception {
    for (var host : new String[] {"evil.example", "127.0.0.1.evil.example", "10.0.0.1:9080"}) {
      assertThat(Raw.get(fixture.uri("/healthz"), host)).as(host).startsWith("HTTP/1.1 421 ");
    }
    for (var host : new String[] {"localhost:9080", "127.0.0.1", "[::1]:9080"}) {
      assertThat(Raw.get(fixture.uri("/healthz"), host)).as(host).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void protectsEveryAnswerByHeaders() throws Exception {
    for (var path : new String[] {"/", "/healthz", "/api/v1/nothing", "/api/v1/calls"}) {
      var headers = fixture.send(fixture.anonymous(path)).headers();
      assertThat(headers.firstValue("Content-Security-Policy").orElse(""))
          .contains("default-src 'none'")
          .contains("script-src 'self';")
          .contains("frame-ancestors 'self'");
      assertThat(headers.firstValue("X-Content-Type-Options")).contains("nosniff");
      assertThat(headers.firstValue("Server")).isEmpty();
    }
  }

  @Test
  void cookieIsHttpOnlyAndStrictAndEndsBySignOut() throws Exception {
    var opened =
        fixture.send(
            Fixture.json(
                fixture.anonymous("/api/v1/session"), "{\"token\":\"" + fixture.token + "\"}"));
    assertThat(opened.statusCode()).isEqualTo(201);
    assertThat(opened.headers().firstValue("Set-Cookie").orElse(""))
        .endsWith("; Path=/api/v1; HttpOnly; SameSite=Strict");
    var cookie = fixture.signIn();
    var me = fixture.send(fixture.anonymous("/api/v1/session").header("Cookie", cookie));
    assertThat(Fixture.tree(me).get("by").asString()).isEqualTo("session");
    var out =
        fixture.send(
            fixture
                .anonymous("/api/v1/session")
                .header("Cookie", cookie)
                .header("Ostiary-Request", "1")
                .DELETE());
    assertThat(out.statusCode()).isEqualTo(204);
    assertThat(out.headers().firstValue("Set-Cookie").orElse("")).contains("Max-Age=0");
    var after = fixture.send(fixture.anonymous("/api/v1/session").header("Cookie", cookie));
    assertThat(after.statusCode()).isEqualTo(401);
  }

  @Test
  void refusesChangesThatAnotherSiteMadeTheBrowserSend() throws Exception {
    var cookie = fixture.signIn();
    var own = fixture.control.address();
    record Try(String header, String value, int status) {}
    for (var each :
        new Try[] {
          new Try("Ostiary-Request", "1", 201),
          new Try("X-Nothing", "1", 403),
          new Try("Origin", "http://evil.example", 403),
          new Try("Origin", "null", 403),
          new Try("Origin", "http://127.0.0.1:1", 403),
          new Try("Sec-Fetch-Site", "cross-site", 403),
          new Try("Sec-Fetch-Site", "same-site", 403),
        }) {
      var request =
          Fixture.json(
              fixture.anonymous("/api/v1/consumers").header("Cookie", cookie),
              "{\"name\":\"csrf-" + each.value().hashCode() + "\"}");
      request.header(each.header(), each.value());
      if (each.header().startsWith("Origin") || each.header().startsWith("Sec-")) {
        request.header("Ostiary-Request", "1");
      }
      assertThat(fixture.send(request).statusCode()).as(each.toString()).isEqualTo(each.status());
    }
    var good =
        Fixture.json(
            fixture
                .anonymous("/api/v1/consumers")
                .header("Cookie", cookie)
                .header("Origin", own)
                .header("Sec-Fetch-Site", "same-origin")
                .header("Ostiary-Request", "1"),
            "{\"name\":\"csrf-good\"}");
    assertThat(fixture.send(good).statusCode()).isEqualTo(201);
    var read =
        fixture.send(
            fixture
                .anonymous("/api/v1/consumers")
                .header("Cookie", cookie)
                .header("Sec-Fetch-Site", "cross-site"));
    assertThat(read.statusCode()).isEqualTo(403);
  }

  @Test
  void refusesBodiesThatAreNotJson() throws Exception {
    var text =
        fixture
            .request("/api/v1/consumers")
            .header("Content-Type", "text/plain")
            .POST(HttpRequest.BodyPublishers.ofString("{\"name\":\"x\"}"));
    assertThat(fixture.send(text).statusCode()).isEqualTo(415);
    assertThat(fixture.post("/api/v1/consumers", "{nonsense").statusCode()).isEqualTo(400);
    var deep = "[".repeat(10_000);
    assertThat(fixture.post("/api/v1/consumers", deep).statusCode()).isEqualTo(400);
    var large = "{\"name\":\"" + "x".repeat(70_000) + "\"}";
    assertThat(fixture.post("/api/v1/consumers", large).statusCode()).isEqualTo(413);
  }

  @Test
  void metricsAndHealthAreOpenOnLoopback() {
    Stream.of("/healthz", "/readyz", "/metrics", "/api/openapi.json")
        .forEach(path -> {
          try {
            var answer = fixture.send(fixture.anonymous(path).timeout(Duration.ofSeconds(5)));
            assertThat(answer.statusCode()).as(path).isEqualTo(200);
          } catch (Exception e) {
            throw new AssertionError(path, e);
          }
        });
  }
}
