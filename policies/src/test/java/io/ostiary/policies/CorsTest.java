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
        Duration.ofMinutes(10));
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
        "https://evil@a.wild.example"
      })
  void refusesForeignPages(String origin) {
    var filter = filter(settings(true, APP, "https://*.wild.example"));
    var problem = Sites.problem(filter.request(preflight(origin)));
    assertThat(problem.status()).isEqualTo(403);
    assertThat(Sites.fields(problem)).containsExactly("Vary: Origin");
  }

  @ParameterizedTest
  @CsvSource({
    "https://*.wild.example, https://a.wild.example",
    "https://*.wild.example, https://a.b.wild.example",
    "http://localhost:5173, http://localhost:5173",
    "http://[::1]:8080, http://[::1]:8080",
    "HTTPS://App.Example.com, https://app.example.com"
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

  @Test
  void anOrdinaryOptionsIsNoPreflight() {
    var exchange = SITE.exchange("OPTIONS", "/orders").with("Origin", APP);
    assertThat(filter(settings(false, APP)).request(exchange)).isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void refusesSettingsThatBrowsersOrSafetyForbid() {
    assertThatThrownBy(() -> settings(true, "*")).hasMessageStartingWith("cors.origins: *");
    assertThatThrownBy(() -> settings(false)).hasMessageStartingWith("cors.origins: nothing");
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
