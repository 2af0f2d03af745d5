package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.ErrorPage;
import io.ostiary.model.PageText;
import io.ostiary.model.PageText.Kind;
import io.ostiary.model.Target;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What clients are told in the place of problems.
class ErrorPagesTest {
  private static final String HTML =
      "<style>b{color:red}</style><h1>{{status}} {{title}}</h1><p title=\"{{instance}}\">"
          + "{{detail}} {{type}} {{call}}</p>";

  private static ErrorPage page(Set<Integer> statuses, String type, String text) {
    return page(statuses, Set.of(), type, text, 0, Map.of(), false);
  }

  private static ErrorPage page(
      Set<Integer> statuses,
      Set<String> problems,
      String type,
      String text,
      int status,
      Map<String, String> headers,
      boolean upstreams) {
    return new ErrorPage(
        statuses, problems, type, PageText.parse(text, Kind.of(type)), status, headers, upstreams);
  }

  private static Kit nowhere(ErrorPage... pages) {
    var kit = new Kit(List.of(new Target("127.0.0.1", Kit.deafPort(), 1)));
    kit.settings = kit.settings.withErrors(List.of(pages));
    return kit;
  }

  private static String get(Kit kit, String path, String fields) {
    return kit.ask(
        "GET " + path + " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n" + fields + "\r\n");
  }

  @Test
  void tellsBrowsersInHtmlAndProgramsInJson() {
    try (var kit = nowhere(page(Set.of(), "text/html; charset=utf-8", HTML)).publish()) {
      assertThat(get(kit, "/a%22%3E%3Cscript%3E/x", "Accept: text/html,*/*;q=0.8\r\n"))
          .startsWith("HTTP/1.1 503 Service Unavailable\r\n")
          .contains("Content-Type: text/html; charset=utf-8\r\n", "Vary: Accept\r\n")
          .contains("<h1>503 Upstream unreachable</h1>", "b{color:red}")
          .contains("No upstream could be reached. urn:ostiary:problem:upstream-unreachable ")
          .contains("title=\"/a%22%3E%3Cscript%3E/x\"");
      for (var accept :
          List.of("", "Accept: */*\r\n", "Accept: application/json, text/html;q=0\r\n")) {
        assertThat(get(kit, "/x", accept))
            .contains("Content-Type: application/problem+json\r\n", "{\"type\":\"urn:ostiary");
      }
      assertThat(kit.ledger(4)).allMatch(line -> line.contains(" 503 UPSTREAM connect-refused"));
    }
  }

  @Test
  void endsNoTagAndNoTextByWhatTheClientWrites() {
    var html = page(Set.of(), "text/html", "<p title='{{instance}}'>{{instance}}</p>");
    var json = page(Set.of(), "application/json", "{\"at\":\"{{instance}}\",\"s\":{{status}}}");
    try (var kit = nowhere(html, json).publish()) {
      var path = "/'onmouseover='alert(1)'&a;(";
      assertThat(get(kit, path, "Accept: text/html\r\n"))
          .endsWith(
              "<p title='/&#39;onmouseover=&#39;alert(1)&#39;&amp;a;("
                  + "'>/&#39;onmouseover=&#39;alert(1)&#39;&amp;a;(</p>");
      assertThat(get(kit, path, "Accept: application/json\r\n"))
          .endsWith("{\"at\":\"/'onmouseover='alert(1)'\\u0026a;(\",\"s\":503}");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          text/html                             | html
          text/*                                | html
          application/json                      | json
          application/problem+json              | ours
          application/problem+json;q=0.1, */*   | json
          application/json;q=0.5, text/html     | html
          text/html;q=0.5, application/json     | json
          image/png                             | ours
          */*                                   | json
          text/html, application/xhtml+xml, application/xml;q=0.9, image/webp, */*;q=0.8 | html
          """)
  void choosesWhatTheClientLikesBest(String accept, String expected) {
    try (var kit =
        nowhere(
                page(Set.of(), "text/html", "html"),
                page(Set.of(5), "application/json", "{\"a\":\"json\"}"),
                page(Set.of(4), "application/json", "{\"a\":\"wrong\"}"))
            .publish()) {
      var answer = get(kit, "/x", "Accept: " + accept + "\r\n");
      var body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
      var found = body.equals("html") ? "html" : body.equals("{\"a\":\"json\"}") ? "json" : "ours";
      assertThat(found).as(body).isEqualTo(expected);
    }
  }

  @Test
  void changesTheStatusAndAddsFieldsForSomeProblems() {
    var page =
        page(
            Set.of(404),
            Set.of("no-route"),
            "text/plain",
            "{{status}} nothing at {{instance}}",
            302,
            Map.of("Location", "https://example.com/", "Cache-Control", "no-store"),
            false);
    try (var kit = nowhere(page)) {
      kit.routes = List.of(Kit.route("only", "/only", "GET"));
      kit.publish();
      assertThat(get(kit, "/else", ""))
          .startsWith("HTTP/1.1 302 Found\r\n")
          .contains("Location: https://example.com/\r\n", "Cache-Control: no-store\r\n")
          .endsWith("302 nothing at /else");
      assertThat(get(kit, "/only", "")).startsWith("HTTP/1.1 503 ").contains("problem+json");
      // The method is another problem, and its own field stays.
      assertThat(kit.ask("PUT /only HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"))
          .startsWith("HTTP/1.1 405 ")
          .contains("Allow: GET");
      assertThat(kit.ledger(3)).anyMatch(line -> line.startsWith("GET /else 302 CLIENT no-route"));
      assertThat(kit.ask("HEAD /else HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"))
          .startsWith("HTTP/1.1 302 Found\r\n")
          .contains("Content-Length: 20\r\n")
          .endsWith("\r\n\r\n");
    }
  }

  @Test
  void asksTheApiFirst() {
    try (var kit = nowhere(page(Set.of(), "text/plain", "gateway"))) {
      var own = page(Set.of(503), "text/plain", "api");
      kit.apis = List.of(TestApi.at("/a").with(Kit.route("all", "/*", "GET")).with(own).made());
      kit.publish();
      assertThat(get(kit, "/a/x", "")).endsWith("\r\n\r\napi");
      assertThat(get(kit, "/b", "")).startsWith("HTTP/1.1 404 ").endsWith("\r\n\r\ngateway");
      assertThat(kit.ask("nonsense\r\n\r\n")).startsWith("HTTP/1.1 400 ").endsWith("gateway");
    }
  }

  @Test
  void standsForAnswersOfUpstreamsWhereThatIsWritten() {
    var connections = new AtomicInteger();
    var large = "z".repeat(300_000);
    try (var upstream =
            FakeUpstream.of(talk -> {
              connections.set(talk.connection());
              var body = talk.target().equals("/large") ? large : "secret stack";
              talk.send(
                  "HTTP/1.1 "
                      + (talk.target().equals("/fine") ? "200 OK" : "500 Oops")
                      + "\r\nRetry-After: 7\r\nX-Stack: s\r\nContent-Length: "
                      + body.length()
                      + "\r\n\r\n"
                      + body);
              return true;
            });
        var kit = new Kit(upstream)) {
      kit.settings =
          kit.settings.withErrors(
              List.of(
                  page(Set.of(), "text/plain", "not this"),
                  page(
                      Set.of(5),
                      Set.of(),
                      "text/plain",
                      "{{status}} {{title}}",
                      0,
                      Map.of(),
                      true)));
      kit.publish();
      for (int i = 0; i < 4; i++) {
        assertThat(get(kit, "/x", ""))
            .startsWith("HTTP/1.1 500 Internal Server Error\r\n")
            .contains("Retry-After: 7\r\n")
            .doesNotContain("X-Stack", "secret")
            .endsWith("\r\n\r\n500 Internal Server Error");
      }
      // Their connections were used again.
      assertThat(connections.get()).isLessThanOrEqualTo(2);
      assertThat(get(kit, "/fine", "")).contains("X-Stack", "secret stack");
      assertThat(get(kit, "/large", "")).endsWith("500 Internal Server Error");
      assertThat(kit.ask("HEAD /x HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"))
          .startsWith("HTTP/1.1 500 ")
          .contains("Content-Length: 25\r\n");
      assertThat(get(kit, "/x", "Accept: image/png\r\n")).contains("secret stack");
      assertThat(kit.ledger(8))
          .filteredOn(line -> line.startsWith("GET /x 500"))
          .hasSize(5)
          .allMatch(line -> line.endsWith("answered attempts=1"));
    }
  }

  @Test
  void leavesGrpcAlone() {
    try (var kit = nowhere(page(Set.of(), "text/plain", "page")).publish()) {
      assertThat(get(kit, "/s/M", "Content-Type: application/grpc\r\n"))
          .startsWith("HTTP/1.1 200 OK\r\n")
          .contains("grpc-status: 14\r\n")
          .doesNotContain("page");
    }
  }
}
