package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import com.password4j.Argon2Function;
import com.password4j.Password;
import com.password4j.types.Argon2;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Consumer;
import io.ostiary.model.Credential;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BasicAuthTest {
  private static final String PASSWORD = "pass:wörd of acme";

  private final FakeClock clock = new FakeClock();
  private final FakeSite site = site(PASSWORD);

  private static FakeSite site(String password) {
    var hash =
        Password.hash(password)
            .addRandomSalt(16)
            .with(Argon2Function.getInstance(19_456, 2, 1, 32, Argon2.ID))
            .getResult();
    var acme =
        new Consumer(
            "c-1",
            "acme",
            Set.of(),
            Set.of(),
            List.of(new Credential(Credential.Kind.PASSWORD, "batch", hash)));
    return Sites.site(
        Sites.snapshot(Sites.api(List.of(Sites.route("all", "/*"))), List.of(acme), List.of()));
  }

  private Filter filter(FakeSite of) {
    return new BasicAuth(clock).compile(new BasicAuth.Settings(false, 100), of);
  }

  private FakeExchange with(String user, String password) {
    var text = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
    return raw("Basic " + Base64.getEncoder().encodeToString(text));
  }

  private FakeExchange raw(String authorization) {
    return site.exchange("GET", "/x").with("Authorization", authorization);
  }

  @Test
  void recognisesByNameAndPasswordAndHidesThem() {
    var exchange = with("batch", PASSWORD);
    assertThat(Verdicts.request(filter(site), exchange)).isEqualTo(Verdict.CONTINUE);
    assertThat(exchange.consumer().name()).isEqualTo("acme");
    assertThat(exchange.requestHeaders().first("Authorization")).isNull();
    assertThat(exchange.requestHeaders().first("Ostiary-Consumer")).isEqualTo("c-1");
  }

  @Test
  void anAccentMayBeWrittenEitherWay() {
    var filter = filter(site("p\u00e4ssw\u00f6rter und mehr"));
    var apart = with("batch", "pa\u0308sswo\u0308rter und mehr");
    assertThat(Verdicts.request(filter, apart)).isEqualTo(Verdict.CONTINUE);
    var other = with("batch", "passworter und mehr");
    assertThat(Sites.problem(Verdicts.request(filter, other)).status()).isEqualTo(401);
  }

  @Test
  void checksAPasswordOnceAMinute() {
    var filter = filter(site);
    assertThat(filter.request(with("batch", PASSWORD))).isInstanceOf(Verdict.Wait.class);
    Verdicts.request(filter, with("batch", PASSWORD));
    assertThat(filter.request(with("batch", PASSWORD))).isEqualTo(Verdict.CONTINUE);
    clock.pass(Duration.ofSeconds(61));
    assertThat(filter.request(with("batch", PASSWORD))).isInstanceOf(Verdict.Wait.class);
  }

  @Test
  void anotherPasswordEndsWhatWasRemembered() {
    var filter = filter(site);
    Verdicts.request(filter, with("batch", PASSWORD));
    var changed = filter(site("another pass phrase"));
    assertThat(Sites.problem(Verdicts.request(changed, with("batch", PASSWORD))).status())
        .isEqualTo(401);
  }

  @Test
  void refusesEverythingElse() {
    var filter = filter(site);
    for (var exchange :
        List.of(
            with("batch", "wrong"),
            with("batch", ""),
            with("nobody", PASSWORD),
            with("", PASSWORD),
            raw("Basic ???"),
            raw("Basic " + Base64.getEncoder().encodeToString("no colon".getBytes())),
            raw("Basic " + "A".repeat(2000)),
            raw("Bearer x"),
            with("batch", PASSWORD).with("authorization", "Basic eDp5"))) {
      var problem = Sites.problem(Verdicts.request(filter, exchange));
      assertThat(problem.status()).isEqualTo(401);
      assertThat(problem.code()).isEqualTo("basic-auth");
      assertThat(Sites.fields(problem))
          .containsExactly("WWW-Authenticate: Basic realm=\"orders\", charset=\"UTF-8\"");
      assertThat(exchange.consumer()).isNull();
    }
  }

  @Test
  void aFloodOfGuessesIsRefusedRatherThanQueued() {
    var filter = filter(site);
    var verdicts = new ArrayList<Verdict>();
    for (int i = 0; i < 200; i++) {
      verdicts.add(filter.request(with("batch", "guess " + i)));
    }
    var busy =
        verdicts.stream()
            .filter(verdict -> ((Verdict.Wait) verdict).stage().toCompletableFuture().isDone())
            .filter(verdict -> Sites.problem(Verdicts.settled(verdict)).status() == 503)
            .count();
    assertThat(busy).isGreaterThan(100);
  }
}
