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
    var filter = new Headers().compile(new Headers.Settings(changes, NONE), SITE);
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
    var filter = new Headers().compile(new Headers.Settings(NONE, changes), SITE);
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
    var set = new Headers.Settings(new Changes(Map.of(name, "x"), Map.of(), List.of()), NONE);
    assertThatThrownBy(() -> new Headers().compile(set, SITE))
        .hasMessageStartingWith("headers.request.set: " + name + " (expected: a field that");
    var removed = new Headers.Settings(NONE, new Changes(Map.of(), Map.of(), List.of(name)));
    assertThatThrownBy(() -> new Headers().compile(removed, SITE))
        .hasMessageStartingWith("headers.response.remove: " + name);
  }

  @Test
  void refusesWhatWouldSplitTheMessage() {
    var settings =
        new Headers.Settings(
            new Changes(Map.of(), Map.of("X-Note", "a\r\nEvil: 1"), List.of()), NONE);
    assertThatThrownBy(() -> new Headers().compile(settings, SITE))
        .hasMessageStartingWith("headers.request.add.X-Note: a character U+000D");
  }

  @Test
  void refusesToDoNothing() {
    assertThatThrownBy(() -> new Headers.Settings(NONE, NONE))
        .hasMessageContaining("headers: nothing");
  }
}
