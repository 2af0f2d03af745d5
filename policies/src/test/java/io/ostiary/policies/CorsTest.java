package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.PolicyUse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CorsTest {
  private static final String APP = "https://app.example.com";
  private static final FakeSite SITE =
      Sites.site(
          Sites.snapshot(
              Sites.api(
                  List.of(
                      Sites.route("list", "/orders", "GET"),
                      Sites.route("add", "/orders", "POST"),
                      Sites.route("get", "/orders/{id}", "DELETE"))),
              List.of(),
              List.of()));

  private static Cors.Settings settings(boolean credentials, String... origins) {
    return new Cors.Settings(
        List.of(origins),
        List.of(),
        List.of("Content-Type"),
        List.of("Link"),
        credentials,
        Duration.ofMinutes(10),
        false);
  }

  private static Filter filter(Cors.Settings settings) {
    return new Cors().compile(settings, SITE);
  }

  private static FakeExchange preflight(String origin) {
    return SITE.exchange("OPTIONS", "/orders")
        .with("Origin", origin)
        .with("Access-Control-Request-Method", "POST")
        .with("Access-Control-Request-Headers", "content-type");
  }

  private static List<String> answer(Verdict verdict) {
    assertThat(verdict).isInstanceOf(Verdict.Answer.class);
    Message message = ((Verdict.Answer) verdict).message();
    assertThat(message.status()).isEqualTo(204);
    return message.fields().stream().map(f -> f.name() + ": " + f.value()).toList();
  }

  @Test
  void answersAPreflight() {
    assertThat(answer(filter(settings(true, APP)).request(preflight(APP))))
        .containsExactly(
            "Access-Control-Allow-Origin: " + APP,
            "Access-Control-Allow-Credentials: true",
            "Access-Control-Allow-Methods: GET, POST",
            "Access-Control-Allow-Headers: Content-Type",
            "Access-Control-Max-Age: 600",
            "Vary: Origin");
    assertThat(filter(settings(true, APP)).answersPreflights()).isTrue();
  }

  @Test
  void withEveryOriginTheAnswerDoesNotVary() {
    assertThat(answer(filter(settings(false, "*")).request(preflight(APP))))
        .contains("Access-Control-Allow-Origin: *")
        .noneMatch(field -> field.startsWith("Vary") || field.contains("Credentials"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "https://evil.example",
        "http://app.example.com",
        "https://app.example.com.evil.example",
        "https://app.example.com:444",
        "https://example.com",
        "https://.wild.example",
        "https://evil.example/.wild.example",
        "https://evil@a.wild.example",
        "https://a.wild.example:444",
        "http://localhost.evil.example",
        "http://localhost:80.evil.example",
        "http://localhost:",
        "http://localhost:1:2",
        "https://localhost:5173"
      })
  void refusesForeignPages(String origin) {
    var filter = filter(settings(true, APP, "https://*.wild.example", "http://localhost:*"));
    var problem = Sites.problem(filter.request(preflight(origin)));
    assertThat(problem.status()).isEqualTo(403);
    assertThat(Sites.fields(problem)).containsExactly("Vary: Origin");
  }

  @ParameterizedTest
  @CsvSource({
    "https://*.wild.example, https://a.wild.example",
    "https://*.wild.example, https://a.b.wild.example",
    "https://*.wild.example, https://my_app.wild.example",
    "http://localhost:5173, http://localhost:5173",
    "http://[::1]:8080, http://[::1]:8080",
    "HTTPS://App.Example.com, https://app.example.com",
    "https://app.example.com:443, https://app.example.com",
    "http://localhost:*, http://localhost:5173",
    "http://localhost:*, http://localhost",
    "http://[::1]:*, http://[::1]:8080",
    "https://*.wild.example:*, https://a.wild.example:8443"
  })
  void knowsItsOrigins(String written, String origin) {
    assertThat(answer(filter(settings(false, written)).request(preflight(origin))))
        .contains("Access-Control-Allow-Origin: " + origin);
  }

  @Test
  void speaksForTheUpstream() {
    var filter = filter(settings(true, APP));
    var exchange = SITE.exchange("GET", "/orders").with("Origin", APP);
    exchange
        .responseHeaders()
        .sent("Access-Control-Allow-Origin", "*")
        .sent("Access-Control-Expose-Headers", "Secret")
        .sent("Vary", "Accept-Encoding");
    assertThat(filter.request(exchange)).isEqualTo(Verdict.CONTINUE);
    filter.response(exchange);
    var headers = exchange.responseHeaders();
    assertThat(headers.all("Access-Control-Allow-Origin")).containsExactly(APP);
    assertThat(headers.all("Access-Control-Allow-Credentials")).containsExactly("true");
    assertThat(headers.all("Access-Control-Expose-Headers")).containsExactly("Link");
    assertThat(headers.all("Vary")).containsExactly("Accept-Encoding", "Origin");
  }

  @Test
  void anAnswerToNoPageStillVaries() {
    var exchange = SITE.exchange("GET", "/orders");
    exchange.responseHeaders().sent("Access-Control-Allow-Origin", "*").sent("Vary", "x, origin");
    filter(settings(false, APP)).response(exchange);
    assertThat(exchange.responseHeaders().first("Access-Control-Allow-Origin")).isNull();
    assertThat(exchange.responseHeaders().all("Vary")).containsExactly("x, origin");
  }

  /// https://wicg.github.io/private-network-access
  @Test
  void letsPagesOfTheInternetInOnlyWhereToldTo() {
    for (boolean allowed : List.of(false, true)) {
      var settings =
          new Cors.Settings(
              List.of(APP),
              List.of(),
              List.of(),
              List.of(),
              false,
              Duration.ofMinutes(10),
              allowed);
      var asked = preflight(APP).with("Access-Control-Request-Private-Network", "true");
      assertThat(answer(filter(settings).request(asked)))
          .filteredOn(field -> field.startsWith("Access-Control-Allow-Private-Network"))
          .hasSize(allowed ? 1 : 0);
      assertThat(answer(filter(settings).request(preflight(APP))))
          .noneMatch(field -> field.startsWith("Access-Control-Allow-Private-Network"));
    }
  }

  @Test
  void manyRoutesOfOnePathShareTheirMethods() {
    var routes = new java.util.ArrayList<io.ostiary.model.Route>();
    for (var method : List.of("PUT", "GET", "DELETE")) {
      routes.add(Sites.route(method, "/a", method));
      routes.add(Sites.route("b" + method, "/b", method));
    }
    routes.add(Sites.route("c", "/c", "GET"));
    var settings = settings(false, APP);
    var api = Sites.api(routes, new PolicyUse("cors", settings));
    var cors = new Cors();
    var snapshot = Sites.snapshot(api, List.of(), List.of());
    for (var route : routes) {
      var site = new FakeSite(snapshot, api, route, new java.util.HashMap<>());
      assertThat(answer(cors.compile(settings, site).request(preflight(APP))))
          .contains(
              "Access-Control-Allow-Methods: "
                  + (route.path().text().equals("/c") ? "GET" : "DELETE, GET, PUT"));
    }
    var other = Sites.api(List.of(routes.getFirst()), new PolicyUse("cors", settings));
    var elsewhere = Sites.site(Sites.snapshot(other, List.of(), List.of()));
    assertThat(answer(cors.compile(settings, elsewhere).request(preflight(APP))))
        .contains("Access-Control-Allow-Methods: PUT");
  }

  @Test
  void anOrdinaryOptionsIsNoPreflight() {
    var exchange = SITE.exchange("OPTIONS", "/orders").with("Origin", APP);
    assertThat(filter(settings(false, APP)).request(exchange)).isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void refusesSettingsThatBrowsersOrSafetyForbid() {
    assertThatThrownBy(() -> settings(true, "*")).hasMessageStartingWith("cors.origins: *");
    assertThatThrownBy(() -> settings(false)).hasMessageStartingWith("cors.origins: nothing");
    assertThatThrownBy(() ->
            new Cors.Settings(
                List.of(APP), List.of("patch"), List.of(), List.of(), false, Duration.ZERO, false))
        .hasMessageStartingWith("cors.methods: 'patch' (expected: capital letters");
    for (var origin : List.of("null", APP + "/", "app.example.com", "https://a.*.com")) {
      assertThatThrownBy(() -> filter(settings(false, origin)))
          .hasMessageStartingWith("cors.origins: '" + origin + "'");
    }
  }

  @Test
  void mustComeFirst() {
    var own = settings(false, APP);
    var key = new PolicyUse("key-auth", new KeyAuth.Settings("X-API-Key", null, false, false));
    var api = Sites.api(List.of(Sites.route("all", "/*")), key, new PolicyUse("cors", own));
    var site = Sites.site(Sites.snapshot(api, List.of(), List.of()));
    assertThatThrownBy(() -> new Cors().compile(own, site))
        .hasMessageStartingWith("cors: behind 'key-auth' (expected: the first policy");
  }
}
