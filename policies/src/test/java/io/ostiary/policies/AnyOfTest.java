package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Consumer;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.setting.Secret;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AnyOfTest {
  private static final String SECRET = "a-secret-of-thirty-two-characters";
  private static final Consumer ALICE = new Consumer("c-1", "alice");
  private static final Consumer GUEST = new Consumer("c-2", "guest");
  private static final PolicyUse KEY =
      new PolicyUse("key-auth", new KeyAuth.Settings("X-API-Key", null, true, false));
  private static final PolicyUse TOKEN =
      new PolicyUse(
          "jwt",
          new Jwt.Settings(
              null,
              null,
              new Secret(SECRET),
              Set.of(),
              List.of(),
              List.of(),
              Duration.ZERO,
              Set.of(),
              null,
              false,
              "groups",
              Map.of("X-User", "sub"),
              true,
              Duration.ofMinutes(5),
              Duration.ofDays(1),
              100));

  private final FakeSite site =
      Sites.site(
          Sites.snapshot(
              Sites.api(List.of(Sites.route("all", "/*"))),
              List.of(ALICE, GUEST),
              List.of(Sites.key("alice-key", "c-1"))));

  private Filter filter(boolean anonymous, String consumer, PolicyUse... ways) {
    return new AnyOf().compile(new AnyOf.Settings(List.of(ways), anonymous, consumer), site);
  }

  private FakeExchange exchange() {
    return site.exchange("GET", "/x");
  }

  private static String token(String secret) throws Exception {
    var token =
        new SignedJWT(
            new JWSHeader(JWSAlgorithm.HS256),
            new JWTClaimsSet.Builder().subject("user-7").build());
    token.sign(new MACSigner(secret));
    return token.serialize();
  }

  @Test
  void theFirstWayThatRecognisesCounts() throws Exception {
    var filter = filter(false, null, KEY, TOKEN);
    var byKey = exchange().with("X-API-Key", "alice-key").with("X_User", "forged");
    assertThat(Verdicts.request(filter, byKey)).isEqualTo(Verdict.CONTINUE);
    assertThat(byKey.consumer()).isEqualTo(ALICE);
    assertThat(byKey.requestHeaders().toString()).doesNotContain("forged");
    var byToken = exchange().with("Authorization", "Bearer " + token(SECRET));
    assertThat(Verdicts.request(filter, byToken)).isEqualTo(Verdict.CONTINUE);
    assertThat(byToken.consumer()).isNull();
    assertThat(byToken.identity().subject()).isEqualTo("user-7");
    assertThat(byToken.requestHeaders().first("X-User")).isEqualTo("user-7");
  }

  @Test
  void wrongCredentialsAreRefusedAlsoWhereNoneWouldPass() throws Exception {
    var filter = filter(true, null, KEY, TOKEN);
    var wrong = exchange().with("Authorization", "Bearer " + token(SECRET + "!"));
    var problem = Sites.problem(Verdicts.request(filter, wrong));
    assertThat(problem.status()).isEqualTo(401);
    assertThat(problem.code()).isEqualTo("key-auth");
    assertThat(Verdicts.request(filter, exchange())).isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void withoutAnyItNamesEveryWay() {
    var problem = Sites.problem(Verdicts.request(filter(false, null, KEY, TOKEN), exchange()));
    assertThat(problem.code()).isEqualTo("any-of");
    assertThat(Sites.fields(problem).toString()).contains("ApiKey realm", "Bearer realm");
  }

  @Test
  void callsOfNobodyCountForAConsumer() {
    var exchange = exchange();
    assertThat(Verdicts.request(filter(true, "guest", KEY), exchange)).isEqualTo(Verdict.CONTINUE);
    assertThat(exchange.consumer()).isEqualTo(GUEST);
  }

  @Test
  void refusesWaysThatDoNotSignIn() {
    var acl =
        new PolicyUse(
            "acl",
            new Acl.Settings(
                new Acl.Who(Set.of("a"), Set.of(), Set.of()),
                new Acl.Who(Set.of(), Set.of(), Set.of())));
    assertThatThrownBy(() -> filter(false, null, acl)).hasMessageStartingWith("any-of.ways: acl");
    assertThatThrownBy(() -> filter(false, null)).hasMessageStartingWith("any-of.ways");
    assertThatThrownBy(() -> filter(false, "guest", KEY))
        .hasMessageStartingWith("any-of.anonymous-consumer: guest");
  }
}
