package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeSite;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/// A provider that takes questions and never answers them.
class OidcPatienceTest {
  private static final SealedCookie COOKIE = FakeProvider.cookies("ostiary").session();
  private static final String SESSION = COOKIE.name();

  private final FakeClock clock = new FakeClock();
  private final FakeSite site =
      Sites.site(Sites.snapshot(Sites.api(List.of(Sites.route("all", "/*"))), List.of(), List.of()))
          .calling(_ -> new CompletableFuture<>())
          .patient(Duration.ofMillis(50));
  private final Filter filter =
      new Oidc(clock).compile(FakeProvider.settings("ostiary", FakeProvider.COOKIE_SECRET), site);

  private String session() {
    var sealed =
        COOKIE.seal(
            Map.of(
                "claims",
                Map.of("sub", "user-7"),
                "until",
                clock.millis() + 3_600_000,
                "refresh",
                "token",
                "fresh",
                clock.millis() - 1));
    return SESSION + "=" + sealed;
  }

  @Test
  void whoSignsInIsToldThatTheProviderDoesNotAnswer() {
    var page = site.exchange("GET", "/orders").with("Accept", "text/html");
    var problem = Sites.problem(Verdicts.request(filter, page));
    assertThat(problem.status()).isEqualTo(503);
    assertThat(problem.code()).isEqualTo("oidc-unavailable");
  }

  @Test
  void aSessionGoesOnThatCannotBeRenewedNow() {
    var page = site.exchange("GET", "/orders").with("Cookie", session());
    assertThat(Verdicts.request(filter, page)).isEqualTo(Verdict.CONTINUE);
    assertThat(page.identity().subject()).isEqualTo("user-7");
  }

  @Test
  void whoSignsOutIsSignedOutHere() {
    var page = site.exchange("GET", "/oidc/logout").with("Cookie", session());
    var message = ((Verdict.Answer) Verdicts.request(filter, page)).message();
    assertThat(message.status()).isEqualTo(302);
    assertThat(message.fields().toString()).contains(SESSION + "=;");
  }
}
