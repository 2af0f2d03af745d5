package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jwt.JWTClaimsSet;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HttpReply;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Consumer;
import io.ostiary.model.Credential;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/// A browser on one side and a provider on the other, which checks what RFC 6749, RFC 7636 and
/// OpenID Connect ask of us.
class OidcTest {
  private static final String ISSUER = FakeProvider.ISSUER;
  private static final String COOKIE_SECRET = FakeProvider.COOKIE_SECRET;
  private static final String SESSION = FakeProvider.cookies("ostiary").session().name();

  private final FakeClock clock = new FakeClock();
  private final Map<String, String> cookies = new HashMap<>();
  private final FakeProvider provider = new FakeProvider(clock);
  private final FakeSite site = site();

  private FakeSite site() {
    var ann =
        new Consumer(
            "c-1",
            "ann",
            Set.of(),
            Set.of(),
            List.of(new Credential(Credential.Kind.SUBJECT, ISSUER + " user-7", "")));
    return Sites.site(
            Sites.snapshot(Sites.api(List.of(Sites.route("all", "/*"))), List.of(ann), List.of()))
        .calling(provider);
  }

  private Filter filter() {
    return new Oidc(clock).compile(FakeProvider.settings("ostiary", COOKIE_SECRET), site);
  }

  /// A page in a browser.
  private FakeExchange page(String target) {
    var exchange = site.exchange("GET", target).with("Accept", "text/html");
    if (!cookies.isEmpty()) {
      var all = new StringBuilder("own=1");
      cookies.forEach((name, value) -> all.append("; ").append(name).append('=').append(value));
      exchange.with("Cookie", all.toString());
    }
    return exchange;
  }

  private Message answer(Verdict verdict) {
    var message = ((Verdict.Answer) verdict).message();
    for (var field : message.fields()) {
      if (field.name().toString().equals("Set-Cookie")) {
        assertThat(field.value())
            .startsWith("__Host-")
            .contains("; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/;")
            .doesNotContain("Domain");
        var pair = field.value().substring(0, field.value().indexOf(';')).split("=", 2);
        if (pair[1].isEmpty()) {
          cookies.remove(pair[0]);
        } else {
          cookies.put(pair[0], pair[1]);
        }
      }
    }
    return message;
  }

  private static String location(Message message) {
    return message.fields().stream()
        .filter(field -> field.name().toString().equals("Location"))
        .map(field -> field.value())
        .findFirst()
        .orElseThrow();
  }

  private void leave(Filter filter, String target) {
    var message = answer(Verdicts.request(filter, page(target)));
    assertThat(message.status()).isEqualTo(302);
    var location = location(message);
    assertThat(location).startsWith(ISSUER + "/auth?");
    provider.asked = FakeProvider.form(location.substring(location.indexOf('?') + 1));
  }

  private Verdict comeBack(Filter filter, String state) {
    return Verdicts.request(filter, page("/oidc/callback?code=the-code&state=" + state));
  }

  @Test
  void leadsToTheProviderAndBackAndKnowsWhoItIs() {
    var filter = filter();
    leave(filter, "/orders?a=1");
    assertThat(provider.asked)
        .containsEntry("response_type", "code")
        .containsEntry("client_id", "ostiary")
        .containsEntry("redirect_uri", "https://api.example.com/oidc/callback")
        .containsEntry("scope", "email openid")
        .containsEntry("code_challenge_method", "S256");
    var message = answer(comeBack(filter, provider.asked.get("state")));
    assertThat(location(message)).isEqualTo("/orders?a=1");
    assertThat(cookies).containsOnlyKeys(SESSION);
    assertThat(cookies.values()).allMatch(value -> value.length() < 4000);

    var exchange = page("/orders?a=1").with("x_email", "forged");
    assertThat(filter.request(exchange)).isEqualTo(Verdict.CONTINUE);
    assertThat(exchange.consumer().name()).isEqualTo("ann");
    assertThat(exchange.identity().groups()).containsExactly("staff");
    assertThat(exchange.requestHeaders().all("X-Email")).containsExactly("ann@example.com");
    assertThat(exchange.requestHeaders().all("Cookie")).containsExactly("own=1");
    assertThat(exchange.requestHeaders().toString()).doesNotContain("forged");
  }

  @Test
  void refusesWhatWasNotBegunHere() {
    var filter = filter();
    leave(filter, "/");
    var state = provider.asked.get("state");
    assertThat(Sites.problem(comeBack(filter, "another")).status()).isEqualTo(401);
    var kept = Map.copyOf(cookies);
    cookies.clear();
    assertThat(Sites.problem(comeBack(filter, state)).detail()).contains("not begun here");
    cookies.putAll(kept);
    clock.pass(Duration.ofMinutes(11));
    assertThat(Sites.problem(comeBack(filter, state)).detail()).contains("too long ago");
  }

  @Test
  void refusesATokenThatIsNotForThisSignIn() {
    for (var one :
        List.<UnaryOperator<JWTClaimsSet.Builder>>of(
            claims -> claims.claim("nonce", "another"),
            claims -> claims.audience("somebody else"),
            claims -> claims.issuer("https://evil.example"),
            claims -> claims.expirationTime(Date.from(clock.instant().minusSeconds(60))))) {
      provider.change = one;
      var filter = filter();
      leave(filter, "/");
      assertThat(Sites.problem(comeBack(filter, provider.asked.get("state"))).status())
          .isEqualTo(401);
      assertThat(cookies).doesNotContainKey(SESSION);
    }
  }

  @Test
  void aSessionCannotBeMadeUpNorOutliveItsTime() {
    var filter = filter();
    leave(filter, "/");
    answer(comeBack(filter, provider.asked.get("state")));
    var good = cookies.get(SESSION);
    for (var forged :
        List.of(
            "",
            "AAAA",
            good.substring(1),
            good.substring(0, good.length() - 4) + "AAAA",
            FakeProvider.cookies("another").session().seal(Map.of()))) {
      cookies.put(SESSION, forged);
      assertThat(Verdicts.request(filter, page("/"))).isInstanceOf(Verdict.Answer.class);
    }
    cookies.put(SESSION, good);
    assertThat(filter.request(page("/"))).isEqualTo(Verdict.CONTINUE);
    clock.pass(Duration.ofHours(9));
    assertThat(Verdicts.request(filter, page("/"))).isInstanceOf(Verdict.Answer.class);
  }

  @Test
  void programsAreToldRatherThanLed() {
    var call = site.exchange("GET", "/x").with("Accept", "application/json");
    assertThat(Sites.problem(filter().request(call)).status()).isEqualTo(401);
    var post = site.exchange("POST", "/x").with("Accept", "text/html");
    assertThat(Sites.problem(filter().request(post)).code()).isEqualTo("oidc");
  }

  @Test
  void signsOutHereAndAtTheProvider() {
    var filter = filter();
    leave(filter, "/");
    answer(comeBack(filter, provider.asked.get("state")));
    var message = answer(Verdicts.request(filter, page("/oidc/logout")));
    assertThat(location(message)).isEqualTo(ISSUER + "/logout?client_id=ostiary");
    assertThat(cookies).isEmpty();
  }

  @Test
  void sessionsGoOnWhileTheProviderIsDown() {
    var filter = filter();
    leave(filter, "/");
    answer(comeBack(filter, provider.asked.get("state")));
    provider.down = true;
    assertThat(filter.request(page("/"))).isEqualTo(Verdict.CONTINUE);
    cookies.clear();
    var other = new FakeSite(site.snapshot(), site.api(), site.route(), new HashMap<>());
    var fresh =
        new Oidc(clock)
            .compile(FakeProvider.settings("ostiary", COOKIE_SECRET), other.calling(provider));
    assertThat(Sites.problem(Verdicts.request(fresh, page("/"))).code())
        .isEqualTo("oidc-unavailable");
  }

  private void signedIn(Filter filter) {
    provider.refresh = "refresh-1";
    leave(filter, "/");
    answer(comeBack(filter, provider.asked.get("state")));
  }

  /// A call under the session, and the cookie that its answer brings.
  private FakeExchange called(Filter filter) {
    var exchange = page("/");
    assertThat(Verdicts.request(filter, exchange)).isEqualTo(Verdict.CONTINUE);
    filter.response(exchange);
    return exchange;
  }

  private void keep(FakeExchange exchange) {
    var cookie = exchange.responseHeaders().first("Set-Cookie");
    assertThat(cookie).startsWith(SESSION + "=").contains("; Secure", "; HttpOnly");
    cookies.put(SESSION, cookie.substring(cookie.indexOf('=') + 1, cookie.indexOf(';')));
  }

  @Test
  void renewsASessionBeforeAnybodyNotices() {
    var filter = filter();
    signedIn(filter);
    assertThat(called(filter).responseHeaders().first("Set-Cookie")).isNull();
    provider.change = claims -> claims.claim("email", "ann@new.example");
    for (int turn = 1; turn <= 3; turn++) {
      clock.pass(Duration.ofSeconds(61));
      var exchange = called(filter);
      assertThat(provider.used).hasSize(turn).last().isEqualTo("refresh-" + turn);
      assertThat(exchange.requestHeaders().all("X-Email")).containsExactly("ann@new.example");
      assertThat(exchange.responseHeaders().all("Cache-Control")).containsExactly("no-store");
      keep(exchange);
      assertThat(called(filter).responseHeaders().first("Set-Cookie")).isNull();
    }
    clock.pass(Duration.ofHours(8));
    assertThat(Verdicts.request(filter, page("/"))).isInstanceOf(Verdict.Answer.class);
  }

  @Test
  void tabsThatComeAtOnceRenewASessionOnce() {
    var filter = filter();
    signedIn(filter);
    clock.pass(Duration.ofSeconds(61));
    provider.held = new CompletableFuture<>();
    var verdicts = new ArrayList<Verdict>();
    var tabs = List.of(page("/a"), page("/b"));
    tabs.forEach(tab -> verdicts.add(filter.request(tab)));
    assertThat(provider.used).containsExactly("refresh-1");
    provider.refresh = "refresh-2";
    provider.held.complete(provider.signed(null));
    provider.held = null;
    for (int i = 0; i < 2; i++) {
      assertThat(Verdicts.settled(verdicts.get(i))).isEqualTo(Verdict.CONTINUE);
      filter.response(tabs.get(i));
      assertThat(tabs.get(i).responseHeaders().first("Set-Cookie")).isNotNull();
    }
    // A third comes with the old cookie after that.
    called(filter);
    assertThat(provider.used).containsExactly("refresh-1");
  }

  @Test
  void aSessionThatTheProviderEndedIsOver() {
    var filter = filter();
    signedIn(filter);
    provider.refresh = "another";
    clock.pass(Duration.ofSeconds(61));
    assertThat(answer(Verdicts.request(filter, page("/"))).status()).isEqualTo(302);
    var program = page("/");
    program.requestHeaders().set(io.ostiary.gateway.spi.HeaderName.of("Accept"), "*/*");
    assertThat(Sites.problem(Verdicts.request(filter, program)).status()).isEqualTo(401);
    assertThat(provider.used).containsExactly("refresh-1");
  }

  @Test
  void aRenewedSessionOfSomebodyElseIsNone() {
    var filter = filter();
    signedIn(filter);
    provider.change = claims -> claims.subject("user-8");
    clock.pass(Duration.ofSeconds(61));
    assertThat(Verdicts.request(filter, page("/"))).isInstanceOf(Verdict.Answer.class);
  }

  @Test
  void aProviderThatCannotTellEndsNoSession() {
    var filter = filter();
    signedIn(filter);
    provider.refresh = "another";
    provider.declined = new HttpReply(401, List.of(), "{\"error\":\"invalid_client\"}");
    clock.pass(Duration.ofSeconds(61));
    assertThat(called(filter).responseHeaders().first("Set-Cookie")).isNull();
    called(filter);
    assertThat(provider.used).as("not asked again at once").hasSize(1);
    clock.pass(OidcTokens.PAUSE);
    called(filter);
    assertThat(provider.used).hasSize(2);
  }

  @Test
  void signingOutRevokesTheRefreshToken() {
    var filter = filter();
    signedIn(filter);
    answer(Verdicts.request(filter, page("/oidc/logout")));
    assertThat(provider.revoked).containsExactly("refresh-1");
    assertThat(cookies).isEmpty();
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> FakeProvider.settings("ostiary", "short"))
        .hasMessageStartingWith("oidc.cookie-secret: 5 bytes");
    assertThat(FakeProvider.settings("ostiary", COOKIE_SECRET).toString())
        .doesNotContain(COOKIE_SECRET);
  }
}
