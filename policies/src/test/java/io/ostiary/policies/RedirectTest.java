package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Api;
import io.ostiary.model.Split;
import io.ostiary.policies.PathChange.Prefix;
import io.ostiary.policies.PathChange.Substitution;
import io.ostiary.policies.Redirect.Scheme;
import io.ostiary.policies.Redirect.Settings;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RedirectTest {
  private static final FakeSite SITE =
      FakeSite.of(
          new Api(
              "shop",
              List.of(),
              "/shop",
              "shop",
              Split.NONE,
              true,
              null,
              List.of(Sites.route("one", "/go/*")),
              List.of()));

  private static String location(Settings settings, String target) {
    var verdict = new Redirect().compile(settings, SITE).request(SITE.exchange("GET", target));
    if (!(verdict instanceof Verdict.Answer(var message))) {
      return verdict.toString();
    }
    assertThat(message.status()).isEqualTo(settings.status());
    assertThat(message.fields()).hasSize(1);
    assertThat(message.fields().getFirst().name()).hasToString("Location");
    return message.fields().getFirst().value();
  }

  @Test
  void goesToAnotherSchemeHostPortOrPath() {
    var https = new Settings(Scheme.HTTPS, null, null, null, null, null, 301, true, When.ALWAYS);
    assertThat(location(https, "/shop/go/a?b=1")).isEqualTo("https://api.example/shop/go/a?b=1");
    var all =
        new Settings(
            Scheme.HTTPS, "www.example.com", 8443, "/v2/{*}", null, null, 308, false, When.ALWAYS);
    assertThat(location(all, "/shop/go/a/b?c=1")).isEqualTo("https://www.example.com:8443/v2/a/b");
    var host = new Settings(null, "[2001:db8::1]", null, null, null, null, 307, true, When.ALWAYS);
    assertThat(location(host, "/shop/go/a")).isEqualTo("//[2001:db8::1]/shop/go/a");
    var prefix =
        new Settings(
            null, null, null, null, new Prefix("/shop/go", "/to"), null, 302, true, When.ALWAYS);
    assertThat(location(prefix, "/shop/go/a?b")).isEqualTo("/to/a?b");
  }

  private static boolean passes(Settings settings, String host, boolean https) {
    var exchange = SITE.exchange("GET", "/shop/go/a?b=1").asking(host);
    return new Redirect().compile(settings, SITE).request(https ? exchange.byHttps() : exchange)
        == Verdict.CONTINUE;
  }

  @Test
  void whoIsThereAlreadyGoesOn() {
    var https = new Settings(Scheme.HTTPS, null, null, null, null, null, 301, true, When.ALWAYS);
    assertThat(passes(https, "a.example", true)).isTrue();
    assertThat(passes(https, "a.example:443", true)).isTrue();
    assertThat(passes(https, "[2001:db8::1]", true)).isTrue();
    assertThat(passes(https, "a.example", false)).isFalse();
    assertThat(passes(https, "a.example:8443", true)).isFalse();
    var port = new Settings(Scheme.HTTPS, null, 8443, null, null, null, 301, true, When.ALWAYS);
    assertThat(passes(port, "a.example:8443", true)).isTrue();
    assertThat(passes(port, "a.example", true)).isFalse();
    var host = new Settings(null, "www.example", null, null, null, null, 301, true, When.ALWAYS);
    assertThat(passes(host, "WWW.example", false)).isTrue();
    assertThat(passes(host, "WWW.example:80", false)).isTrue();
    assertThat(passes(host, "example", false)).isFalse();
    var path = new Settings(null, null, null, "/shop/go/a", null, null, 301, true, When.ALWAYS);
    assertThat(passes(path, "a.example:81", false)).isTrue();
    var bare = new Settings(null, null, null, "/shop/go/a", null, null, 301, false, When.ALWAYS);
    assertThat(passes(bare, "a.example", false)).as("the query goes").isFalse();
  }

  /// Resolved as a client does, against the address it asked.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/shop/go//evil.example/x",
        "/shop/go/%2F%2Fevil.example",
        "/shop/go/@evil.example",
        "/shop/go/evil.example:80",
        "/shop/go/;//evil.example",
        "/shop/go/.evil.example"
      })
  void staysOnItsHostWhateverTheClientSays(String target) {
    var to =
        List.of(
            new Settings(null, null, null, "/{*}", null, null, 302, true, When.ALWAYS),
            new Settings(null, null, 81, "/{*}", null, null, 302, true, When.ALWAYS),
            new Settings(
                null, null, null, null, new Prefix("/shop/go", "/"), null, 302, true, When.ALWAYS),
            new Settings(
                null,
                null,
                null,
                null,
                null,
                new Substitution("^/shop/go/", "/"),
                302,
                true,
                When.ALWAYS));
    for (var settings : to) {
      var location = location(settings, target);
      if (!location.startsWith("Reply")) {
        assertThat(URI.create("http://api.example/").resolve(location).getHost())
            .as(location)
            .isEqualTo("api.example");
      }
    }
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(
            () -> new Settings(null, null, null, null, null, null, 302, true, When.ALWAYS))
        .hasMessageStartingWith("redirect: nothing");
    assertThatThrownBy(
            () -> new Settings(null, "h", null, null, null, null, 300, true, When.ALWAYS))
        .hasMessageStartingWith("redirect.status: 300");
    assertThatThrownBy(
            () -> new Settings(null, "h:80", null, null, null, null, 302, true, When.ALWAYS))
        .hasMessageStartingWith("redirect.host: 'h:80'");
    assertThatThrownBy(() -> new Settings(null, null, 0, null, null, null, 302, true, When.ALWAYS))
        .hasMessageStartingWith("redirect.port: 0");
  }
}
