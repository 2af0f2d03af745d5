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
  private static final Changes NONE = new Changes(Map.of(), Map.of(), List.of());

  @Test
  void removesThenSetsThenAdds() {
    var changes =
        new Changes(
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
  void changesResponses() {
    var changes = new Changes(Map.of("Cache-Control", "no-store"), Map.of(), List.of("Server"));
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
        new Headers.Settings(
            new Changes(Map.of(name, "x"), Map.of(), List.of()), NONE, When.ALWAYS);
    assertThatThrownBy(() -> new Headers().compile(set, SITE))
        .hasMessageStartingWith("headers.request.set: " + name + " (expected: a field that");
    var removed =
        new Headers.Settings(NONE, new Changes(Map.of(), Map.of(), List.of(name)), When.ALWAYS);
    assertThatThrownBy(() -> new Headers().compile(removed, SITE))
        .hasMessageStartingWith("headers.response.remove: " + name);
  }

  @Test
  void refusesWhatWouldSplitTheMessage() {
    var settings =
        new Headers.Settings(
            new Changes(Map.of(), Map.of("X-Note", "a\r\nEvil: 1"), List.of()), NONE, When.ALWAYS);
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
        new Changes(
            Map.of("X-Who", "{client} by {method}", "X-None", "a {header:X-Missing}"),
            Map.of("X-Json", "{\"a\": {\"b\": 1}}"),
            List.of("X-Old"));
    var moved = new Changes(Map.of("X-New", "{header:X-Old}"), Map.of(), List.of("X-Old"));
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
    var unknown = new Changes(Map.of("X-A", "{nobody}"), Map.of(), List.of());
    assertThatThrownBy(
            () -> new Headers().compile(new Headers.Settings(unknown, NONE, When.ALWAYS), SITE))
        .hasMessageStartingWith("headers.request.set.X-A: {nobody} (expected: ");
  }

  @Test
  void asksTheConditionOnceForBothDirections() {
    var set = new Changes(Map.of("X-Beta", "1"), Map.of(), List.of());
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
