package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Identity;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Ending;
import io.ostiary.model.PolicyUse;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogTest {
  private static final FakeSite SITE = FakeSite.anywhere();

  private static Filter filter(Map<String, String> fields, String... masked) {
    return new Log().compile(new Log.Settings(fields, List.of(masked)), SITE);
  }

  private static Map<String, String> ended(Filter filter, FakeExchange exchange) {
    assertThat(filter.moments()).containsExactly(Moment.END);
    filter.end(exchange, new Ending.Answered(exchange.status()));
    return exchange.notes();
  }

  @Test
  void keepsWhatTheCallSaid() {
    var fields = new LinkedHashMap<String, String>();
    fields.put("tenant", "{header:X-Tenant}");
    fields.put("page", "{query:page}");
    fields.put("plan", "{claim:plan}");
    fields.put("who", "{subject} on {api}, {route}");
    fields.put("cached", "{response:X-Cache} {status}");
    fields.put("missing", "{header:X-Missing}");
    fields.put("fixed", "blue");
    var exchange =
        SITE.exchange("GET", "/orders?page=2").with("X-Tenant", "Z\u00fcrich \"1\"").answered(201);
    exchange.responseHeaders().sent("X-Cache", "hit");
    exchange.identity(new Identity("jwt", "ada", Set.of(), Map.of("plan", List.of("a", "b"))));
    assertThat(ended(filter(fields), exchange))
        .containsExactly(
            Map.entry("tenant", "Z\u00fcrich \"1\""),
            Map.entry("page", "2"),
            Map.entry("plan", "a,b"),
            Map.entry("who", "ada on " + exchange.api().name() + ", " + exchange.route().id()),
            Map.entry("cached", "hit 201"),
            Map.entry("fixed", "blue"));
  }

  @Test
  void anAnswerThatNeverCameHasNoFields() {
    var exchange = SITE.exchange("GET", "/orders").answered(0);
    exchange.responseHeaders().sent("X-Cache", "of the call before");
    assertThat(ended(filter(Map.of("a", "{response:X-Cache}", "b", "{status}")), exchange))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{header:Authorization}",
        "{header:x_api_key}",
        "{header:COOKIE}",
        "token {cookie:session}",
        "{response:Set-Cookie}",
        "{query:access_token}",
        "{header:Proxy-Authorization}"
      })
  void refusesCredentialsUnlessMasked(String text) {
    assertThatThrownBy(() -> filter(Map.of("who", text)))
        .hasMessageStartingWith("log.fields.who: {")
        .hasMessageEndingWith("Put 'who' under 'masked' to keep a fingerprint.");
    filter(Map.of("who", text), "who");
  }

  @Test
  void refusesTheKeysOfItsApi() {
    var keys = new KeyAuth.Settings("X-Door", "door", false, false);
    var api = Sites.api(List.of(Sites.route("all", "/*")), new PolicyUse("key-auth", keys));
    var site = Sites.site(Sites.snapshot(api, List.of(), List.of()));
    for (var text : List.of("{header:x-door}", "{query:Door}")) {
      assertThatThrownBy(
              () -> new Log().compile(new Log.Settings(Map.of("k", text), List.of()), site))
          .hasMessageStartingWith("log.fields.k: " + text + " (expected: no credential)");
    }
  }

  @Test
  void aFingerprintIsTheSameForTheSameSecretAndTellsNothingOfIt() {
    var filter = filter(Map.of("key", "{header:Authorization}"), "key");
    var marks = new HashMap<String, String>();
    for (var secret : List.of("Bearer a", "Bearer b", "Bearer a")) {
      var exchange = SITE.exchange("GET", "/orders").with("Authorization", secret);
      var mark = ended(filter, exchange).get("key");
      assertThat(mark).matches("#[0-9a-f]{16}");
      assertThat(marks.computeIfAbsent(secret, _ -> mark)).isEqualTo(mark);
    }
    assertThat(Set.copyOf(marks.values())).hasSize(2);
  }

  @Test
  void refusesSettingsThatMeanNothing() {
    assertThatThrownBy(() -> filter(Map.of())).hasMessageStartingWith("log.fields (count): 0");
    assertThatThrownBy(() -> filter(Map.of("A b", "x")))
        .hasMessageStartingWith("log.fields: 'A b'");
    assertThatThrownBy(() -> filter(Map.of("a", "x"), "b")).hasMessageStartingWith("log.masked: b");
    assertThatThrownBy(() -> filter(Map.of("a", "{nobody}")))
        .hasMessageStartingWith("log.fields.a: {nobody} (expected: {status}, ");
  }
}
