package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.policies.Headers.Changes;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadersTest {
  private static final FakeSite SITE = FakeSite.anywhere();
  private static final Changes NONE = Changes.NONE;

  private static Changes changes(
      Map<String, String> set, Map<String, String> add, List<String> remove) {
    return new Changes(Map.of(), remove, set, Map.of(), add);
  }

  @Test
  void removesThenSetsThenAdds() {
    var changes =
        changes(
            Map.of("X-Region", "eu"), Map.of("X-Region", "west"), List.of("X-Region", "X-Debug"));
    var filter = new Headers().compile(new Headers.Settings(changes, NONE, When.ALWAYS), SITE);
    assertThat(filter.moments()).containsExactly(Moment.REQUEST);
    var exchange =
        SITE.exchange("GET", "/orders")
            .with("x-region", "us")
            .with("x-debug", "1")
            .with("Accept", "*/*");
    filter.request(exchange);
    assertThat(exchange.requestHeaders().all("X-Region")).containsExactly("eu", "west");
    assertThat(exchange.requestHeaders().all("X-Debug")).isEmpty();
    assertThat(exchange.requestHeaders().first("Accept")).isEqualTo("*/*");
  }

  @Test
  void renamesWithAllValuesAndFillsWhatIsAbsent() {
    var changes =
        new Changes(
            Map.of("X-Old", "X-New", "X-None", "X-Kept"),
            List.of("X-Internal-*"),
            Map.of(),
            Map.of("X-Region", "eu", "X-Zone", "{header:X-Old}"),
            Map.of());
    var filter = new Headers().compile(new Headers.Settings(changes, changes, When.ALWAYS), SITE);
    var exchange =
        SITE.exchange("GET", "/orders")
            .with("x-old", "1")
            .with("x-old", "2")
            .with("X-New", "forged")
            .with("X-Kept", "here")
            .with("x-internal-user", "root")
            .with("X-Internal", "stays")
            .with("X-Region", "us");
    filter.request(exchange);
    var headers = exchange.requestHeaders();
    assertThat(headers.all("X-New")).containsExactly("1", "2");
    assertThat(headers.all("X-Old")).isEmpty();
    assertThat(headers.all("X-Kept")).containsExactly("here");
    assertThat(headers.all("X-Internal-User")).isEmpty();
    assertThat(headers.all("X-Internal")).containsExactly("stays");
    assertThat(headers.all("X-Region")).containsExactly("us");
    assertThat(headers.all("X-Zone")).containsExactly("1");
    exchange.responseHeaders().sent("X-Old", "answer");
    filter.response(exchange);
    assertThat(exchange.responseHeaders().all("X-New")).containsExactly("answer");
    assertThat(exchange.responseHeaders().all("X-Region")).containsExactly("eu");
  }

  @Test
  void neverTakesOutWhatIsTheGatewaysOwn() {
    var changes = new Changes(Map.of(), List.of("Con*", "o*"), Map.of(), Map.of(), Map.of());
    var filter = new Headers().compile(new Headers.Settings(changes, NONE, When.ALWAYS), SITE);
    var exchange =
        SITE.exchange("GET", "/orders")
            .with("Content-Length", "0")
            .with("Content-Type", "text/plain")
            .with("Ostiary-Consumer", "c1")
            .with("X-Other", "o");
    filter.request(exchange);
    var left = new java.util.ArrayList<String>();
    exchange.requestHeaders().forEach((name, _) -> left.add(name));
    assertThat(left).containsExactly("Content-Length", "Ostiary-Consumer", "X-Other");
    var whole = new Changes(Map.of(), List.of("Ostiary-*"), Map.of(), Map.of(), Map.of());
    assertThatThrownBy(
            () -> new Headers().compile(new Headers.Settings(whole, NONE, When.ALWAYS), SITE))
        .hasMessageStartingWith("headers.request.remove: Ostiary-");
  }

  @Test
  void aResponseKnowsWhatItSays() {
    var answer = changes(Map.of("X-Said", "{status} {response:Server}"), Map.of(), List.of());
    var filter = new Headers().compile(new Headers.Settings(NONE, answer, When.ALWAYS), SITE);
    var exchange = SITE.exchange("GET", "/orders").answered(201);
    exchange.responseHeaders().sent("Server", "x");
    filter.response(exchange);
    assertThat(exchange.responseHeaders().first("X-Said")).isEqualTo("201 x");
    assertThatThrownBy(
            () -> new Headers().compile(new Headers.Settings(answer, NONE, When.ALWAYS), SITE))
        .hasMessageStartingWith("headers.request.set.X-Said: {status} (expected: ");
  }

  /// A client that writes `%0A` into its query would otherwise make the policy fail.
  @Test
  void aValueThatFitsNoFieldIsPercentEncoded() {
    var said = changes(Map.of("X-Q", "{query:q}"), Map.of(), List.of());
    var filter = new Headers().compile(new Headers.Settings(said, NONE, When.ALWAYS), SITE);
    for (var pair :
        Map.of("a%0D%0AEvil:%201", "a%0D%0AEvil%3A%201", "%E2%82%AC", "%E2%82%AC", "a%20b", "a b")
            .entrySet()) {
      var exchange = SITE.exchange("GET", "/orders?q=" + pair.getKey());
      filter.request(exchange);
      assertThat(exchange.requestHeaders().first("X-Q")).isEqualTo(pair.getValue());
    }
  }

  @Test
  void tellsClaimsOfWhoeverCalls() {
    var told =
        changes(
            Map.of("X-Tenant", "{claim:org.name}", "X-User", "{subject}", "X-At", "{api}/{route}"),
            Map.of(),
            List.of());
    var filter = new Headers().compile(new Headers.Settings(told, NONE, When.ALWAYS), SITE);
    var exchange = SITE.exchange("GET", "/orders").with("X-Tenant", "kept");
    filter.request(exchange);
    assertThat(exchange.requestHeaders().all("X-Tenant")).containsExactly("kept");
    exchange.identity(
        new io.ostiary.gateway.spi.Identity(
            "jwt", "ada", java.util.Set.of(), Map.of("org", Map.of("name", "acme"))));
    filter.request(exchange);
    assertThat(exchange.requestHeaders().all("X-Tenant")).containsExactly("acme");
    assertThat(exchange.requestHeaders().all("X-User")).containsExactly("ada");
    assertThat(exchange.requestHeaders().first("X-At"))
        .isEqualTo(exchange.api().name() + "/" + exchange.route().id());
  }

  @Test
  void changesResponses() {
    var changes = changes(Map.of("Cache-Control", "no-store"), Map.of(), List.of("Server"));
    var filter = new Headers().compile(new Headers.Settings(NONE, changes, When.ALWAYS), SITE);
    assertThat(filter.moments()).containsExactly(Moment.RESPONSE);
    var exchange = SITE.exchange("GET", "/orders");
    exchange.responseHeaders().sent("Server", "x").sent("Cache-Control", "public");
    filter.response(exchange);
    assertThat(exchange.responseHeaders().first("Server")).isNull();
    assertThat(exchange.responseHeaders().all("Cache-Control")).containsExactly("no-store");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Connection",
        "transfer-encoding",
        "Content-Length",
        "TE",
        "Upgrade",
        "Host",
        "Keep-Alive",
        "Ostiary-Consumer"
      })
  void refusesWhatTheGatewayOwns(String name) {
    var set =
        new Headers.Settings(changes(Map.of(name, "x"), Map.of(), List.of()), NONE, When.ALWAYS);
    assertThatThrownBy(() -> new Headers().compile(set, SITE))
        .hasMessageStartingWith("headers.request.set: " + name + " (expected: a field that");
    var removed =
        new Headers.Settings(NONE, changes(Map.of(), Map.of(), List.of(name)), When.ALWAYS);
    assertThatThrownBy(() -> new Headers().compile(removed, SITE))
        .hasMessageStartingWith("headers.response.remove: " + name);
  }

  @Test
  void refusesWhatWouldSplitTheMessage() {
    var settings =
        new Headers.Settings(
            changes(Map.of(), Map.of("X-Note", "a\r\nEvil: 1"), List.of()), NONE, When.ALWAYS);
    assertThatThrownBy(() -> new Headers().compile(settings, SITE))
        .hasMessageStartingWith("headers.request.add.X-Note: a character U+000D");
  }

  @Test
  void refusesToDoNothing() {
    assertThatThrownBy(() -> new Headers.Settings(NONE, NONE, When.ALWAYS))
        .hasMessageContaining("headers: nothing");
  }

  @Test
  void fillsPlacesFromTheCallAndSkipsWhatItLacks() {
    var changes =
        changes(
            Map.of("X-Who", "{client} by {method}", "X-None", "a {header:X-Missing}"),
            Map.of("X-Json", "{\"a\": {\"b\": 1}}"),
            List.of("X-Old"));
    var moved = changes(Map.of("X-New", "{header:X-Old}"), Map.of(), List.of("X-Old"));
    var settings = new Headers.Settings(changes, moved, When.ALWAYS);
    var filter = new Headers().compile(settings, SITE);
    var exchange = SITE.exchange("GET", "/orders").with("X-None", "kept");
    filter.request(exchange);
    assertThat(exchange.requestHeaders().first("X-Who")).isEqualTo("198.18.0.1 by GET");
    assertThat(exchange.requestHeaders().all("X-None")).containsExactly("kept");
    assertThat(exchange.requestHeaders().first("X-Json")).isEqualTo("{\"a\": {\"b\": 1}}");
    var other = SITE.exchange("GET", "/orders").with("X-Old", "v");
    var renaming = new Headers().compile(new Headers.Settings(moved, NONE, When.ALWAYS), SITE);
    renaming.request(other);
    assertThat(other.requestHeaders().first("X-New")).isEqualTo("v");
    assertThat(other.requestHeaders().all("X-Old")).isEmpty();
    var unknown = changes(Map.of("X-A", "{nobody}"), Map.of(), List.of());
    assertThatThrownBy(
            () -> new Headers().compile(new Headers.Settings(unknown, NONE, When.ALWAYS), SITE))
        .hasMessageStartingWith("headers.request.set.X-A: {nobody} (expected: ");
  }

  @Test
  void asksTheConditionOnceForBothDirections() {
    var set = changes(Map.of("X-Beta", "1"), Map.of(), List.of());
    var when =
        new When(
            java.util.Set.of("POST"),
            Map.of(),
            Map.of(),
            Map.of(),
            List.of(),
            java.util.Set.of(),
            null);
    var filter = new Headers().compile(new Headers.Settings(set, set, when), SITE);
    for (var method : List.of("GET", "POST")) {
      var exchange = SITE.exchange(method, "/orders");
      filter.request(exchange);
      filter.response(exchange);
      boolean meant = method.equals("POST");
      assertThat(exchange.requestHeaders().first("X-Beta")).isEqualTo(meant ? "1" : null);
      assertThat(exchange.responseHeaders().first("X-Beta")).isEqualTo(meant ? "1" : null);
    }
  }
}
