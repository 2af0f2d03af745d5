package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HttpAsk;
import io.ostiary.gateway.spi.HttpCallException;
import io.ostiary.gateway.spi.HttpReply;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Consumer;
import io.ostiary.model.Credential;
import io.ostiary.model.setting.Secret;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// A browser on one side and a provider on the other, which checks what RFC 6749, RFC 7636 and
/// OpenID Connect ask of us.
class OidcTest {
  private static final String ISSUER = "https://id.example.com";
  private static final String COOKIE_SECRET = "0123456789abcdef0123456789abcdef";
  private static final ECKey KEY = key();

  private final FakeClock clock = new FakeClock();
  private final Map<String, String> cookies = new HashMap<>();
  private final FakeSite site = site();
  private Map<String, String> asked = Map.of();
  private UnaryOperator<JWTClaimsSet.Builder> change = claims -> claims;
  private boolean down;

  /// What the provider takes once more; null: it gives none.
  private @Nullable String refresh;

  private final List<String> used = new ArrayList<>();
  private final List<String> revoked = new ArrayList<>();
  private @Nullable CompletableFuture<HttpReply> held;
  private HttpReply declined = new HttpReply(400, List.of(), "{\"error\":\"invalid_grant\"}");

  private static ECKey key() {
    try {
      return new ECKeyGenerator(Curve.P_256).keyID("e1").generate();
    } catch (com.nimbusds.jose.JOSEException e) {
      throw new AssertionError(e);
    }
  }

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
        .calling(this::provider);
  }

  private CompletionStage<HttpReply> provider(HttpAsk ask) {
    if (held != null && ask.body().contains("refresh_token")) {
      used.add(form(ask.body()).get("refresh_token"));
      return held;
    }
    if (down) {
      return CompletableFuture.failedFuture(new HttpCallException("no answer"));
    }
    return CompletableFuture.completedFuture(
        switch (ask.uri().getPath()) {
          case "/.well-known/openid-configuration" ->
              new HttpReply(
                  200,
                  List.of(),
                  """
                  {"issuer":"%1$s","authorization_endpoint":"%1$s/auth",
                   "token_endpoint":"%1$s/token","jwks_uri":"%1$s/keys",
                   "end_session_endpoint":"%1$s/logout",
                   "revocation_endpoint":"%1$s/revoke"}
                  """
                      .formatted(ISSUER));
          case "/keys" ->
              new HttpReply(200, List.of(), new JWKSet(KEY.toPublicJWK()).toString(true));
          case "/token" -> token(ask);
          case "/revoke" -> {
            revoked.add(form(ask.body()).get("token"));
            yield new HttpReply(200, List.of(), "");
          }
          default -> new HttpReply(404, List.of(), "");
        });
  }

  /// Gives an ID token for the code, once, to whoever knows the verifier.
  private HttpReply token(HttpAsk ask) {
    var form = form(ask.body());
    if ("refresh_token".equals(form.get("grant_type"))) {
      return renewed(ask, form.get("refresh_token"));
    }
    boolean good =
        form.get("code").equals("the-code")
            && challenge(form.get("code_verifier")).equals(asked.get("code_challenge"))
            && form.get("redirect_uri").equals(asked.get("redirect_uri"))
            && !ask.repeatable();
    if (!good) {
      return new HttpReply(400, List.of(), "{\"error\":\"invalid_grant\"}");
    }
    return signed(asked.get("nonce"));
  }

  /// As providers do that change their refresh tokens: the old one is good once.
  private HttpReply renewed(HttpAsk ask, String token) {
    assertThat(ask.repeatable()).isFalse();
    used.add(token);
    if (!token.equals(refresh)) {
      return declined;
    }
    refresh = "refresh-" + (used.size() + 1);
    return signed(null);
  }

  private HttpReply given(String idToken) {
    var more = refresh == null ? "" : ",\"expires_in\":60,\"refresh_token\":\"" + refresh + "\"";
    return new HttpReply(200, List.of(), "{\"id_token\":\"" + idToken + "\"" + more + "}");
  }

  private HttpReply signed(@Nullable String nonce) {
    try {
      var claims =
          new JWTClaimsSet.Builder()
              .issuer(ISSUER)
              .audience("ostiary")
              .subject("user-7")
              .claim("nonce", nonce)
              .claim("email", "ann@example.com")
              .claim("groups", List.of("staff"))
              .claim("huge", "x".repeat(10_000))
              .expirationTime(Date.from(clock.instant().plusSeconds(60)));
      var token =
          new SignedJWT(
              new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("e1").build(),
              change.apply(claims).build());
      token.sign(new ECDSASigner(KEY));
      return given(token.serialize());
    } catch (com.nimbusds.jose.JOSEException e) {
      throw new AssertionError(e);
    }
  }

  private static String challenge(String verifier) {
    try {
      var hash = MessageDigest.getInstance("SHA-256");
      return Base64URL.encode(hash.digest(verifier.getBytes(StandardCharsets.US_ASCII))).toString();
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static Map<String, String> form(String text) {
    var form = new HashMap<String, String>();
    for (var pair : text.split("&")) {
      var parts = pair.split("=", 2);
      form.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }
    return form;
  }

  private Filter filter() {
    return new Oidc(clock).compile(settings(COOKIE_SECRET), site);
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
    asked = form(location.substring(location.indexOf('?') + 1));
  }

  private Verdict comeBack(Filter filter, String state) {
    return Verdicts.request(filter, page("/oidc/callback?code=the-code&state=" + state));
  }

  @Test
  void leadsToTheProviderAndBackAndKnowsWhoItIs() {
    var filter = filter();
    leave(filter, "/orders?a=1");
    assertThat(asked)
        .containsEntry("response_type", "code")
        .containsEntry("client_id", "ostiary")
        .containsEntry("redirect_uri", "https://api.example.com/oidc/callback")
        .containsEntry("scope", "email openid")
        .containsEntry("code_challenge_method", "S256");
    var message = answer(comeBack(filter, asked.get("state")));
    assertThat(location(message)).isEqualTo("/orders?a=1");
    assertThat(cookies).containsOnlyKeys("__Host-ostiary-oidc");
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
    var state = asked.get("state");
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
      change = one;
      var filter = filter();
      leave(filter, "/");
      assertThat(Sites.problem(comeBack(filter, asked.get("state"))).status()).isEqualTo(401);
      assertThat(cookies).doesNotContainKey("__Host-ostiary-oidc");
    }
  }

  @Test
  void aSessionCannotBeMadeUpNorOutliveItsTime() {
    var filter = filter();
    leave(filter, "/");
    answer(comeBack(filter, asked.get("state")));
    var good = cookies.get("__Host-ostiary-oidc");
    for (var forged :
        List.of(
            "",
            "AAAA",
            good.substring(1),
            good.substring(0, good.length() - 4) + "AAAA",
            new SealedCookie("__Host-ostiary-login", COOKIE_SECRET.getBytes()).seal(Map.of()))) {
      cookies.put("__Host-ostiary-oidc", forged);
      assertThat(Verdicts.request(filter, page("/"))).isInstanceOf(Verdict.Answer.class);
    }
    cookies.put("__Host-ostiary-oidc", good);
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
    answer(comeBack(filter, asked.get("state")));
    var message = answer(Verdicts.request(filter, page("/oidc/logout")));
    assertThat(location(message)).isEqualTo(ISSUER + "/logout?client_id=ostiary");
    assertThat(cookies).isEmpty();
  }

  @Test
  void sessionsGoOnWhileTheProviderIsDown() {
    var filter = filter();
    leave(filter, "/");
    answer(comeBack(filter, asked.get("state")));
    down = true;
    assertThat(filter.request(page("/"))).isEqualTo(Verdict.CONTINUE);
    cookies.clear();
    var other = new FakeSite(site.snapshot(), site.api(), site.route(), new HashMap<>());
    var fresh = new Oidc(clock).compile(settings(COOKIE_SECRET), other.calling(this::provider));
    assertThat(Sites.problem(Verdicts.request(fresh, page("/"))).code())
        .isEqualTo("oidc-unavailable");
  }

  private void signedIn(Filter filter) {
    refresh = "refresh-1";
    leave(filter, "/");
    answer(comeBack(filter, asked.get("state")));
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
    assertThat(cookie).startsWith("__Host-ostiary-oidc=").contains("; Secure", "; HttpOnly");
    cookies.put(
        "__Host-ostiary-oidc", cookie.substring(cookie.indexOf('=') + 1, cookie.indexOf(';')));
  }

  @Test
  void renewsASessionBeforeAnybodyNotices() {
    var filter = filter();
    signedIn(filter);
    assertThat(called(filter).responseHeaders().first("Set-Cookie")).isNull();
    change = claims -> claims.claim("email", "ann@new.example");
    for (int turn = 1; turn <= 3; turn++) {
      clock.pass(Duration.ofSeconds(61));
      var exchange = called(filter);
      assertThat(used).hasSize(turn).last().isEqualTo("refresh-" + turn);
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
    held = new CompletableFuture<>();
    var verdicts = new ArrayList<Verdict>();
    var tabs = List.of(page("/a"), page("/b"));
    tabs.forEach(tab -> verdicts.add(filter.request(tab)));
    assertThat(used).containsExactly("refresh-1");
    refresh = "refresh-2";
    held.complete(signed(null));
    held = null;
    for (int i = 0; i < 2; i++) {
      assertThat(Verdicts.settled(verdicts.get(i))).isEqualTo(Verdict.CONTINUE);
      filter.response(tabs.get(i));
      assertThat(tabs.get(i).responseHeaders().first("Set-Cookie")).isNotNull();
    }
    // A third comes with the old cookie after that.
    called(filter);
    assertThat(used).containsExactly("refresh-1");
  }

  @Test
  void aSessionThatTheProviderEndedIsOver() {
    var filter = filter();
    signedIn(filter);
    refresh = "another";
    clock.pass(Duration.ofSeconds(61));
    assertThat(answer(Verdicts.request(filter, page("/"))).status()).isEqualTo(302);
    var program = page("/");
    program.requestHeaders().set(io.ostiary.gateway.spi.HeaderName.of("Accept"), "*/*");
    assertThat(Sites.problem(Verdicts.request(filter, program)).status()).isEqualTo(401);
    assertThat(used).containsExactly("refresh-1");
  }

  @Test
  void aRenewedSessionOfSomebodyElseIsNone() {
    var filter = filter();
    signedIn(filter);
    change = claims -> claims.subject("user-8");
    clock.pass(Duration.ofSeconds(61));
    assertThat(Verdicts.request(filter, page("/"))).isInstanceOf(Verdict.Answer.class);
  }

  @Test
  void aProviderThatCannotTellEndsNoSession() {
    var filter = filter();
    signedIn(filter);
    refresh = "another";
    declined = new HttpReply(401, List.of(), "{\"error\":\"invalid_client\"}");
    clock.pass(Duration.ofSeconds(61));
    assertThat(called(filter).responseHeaders().first("Set-Cookie")).isNull();
    called(filter);
    assertThat(used).as("not asked again at once").hasSize(1);
    clock.pass(OidcTokens.PAUSE);
    called(filter);
    assertThat(used).hasSize(2);
  }

  @Test
  void signingOutRevokesTheRefreshToken() {
    var filter = filter();
    signedIn(filter);
    answer(Verdicts.request(filter, page("/oidc/logout")));
    assertThat(revoked).containsExactly("refresh-1");
    assertThat(cookies).isEmpty();
  }

  private static Oidc.Settings settings(String cookieSecret) {
    return new Oidc.Settings(
        URI.create(ISSUER),
        "ostiary",
        new Secret("our secret"),
        new Secret(cookieSecret),
        Set.of("email"),
        URI.create("https://api.example.com"),
        "/oidc/callback",
        "/oidc/logout",
        null,
        Duration.ofHours(8),
        true,
        null,
        false,
        "groups",
        Map.of("X-Email", "email"));
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> settings("short"))
        .hasMessageStartingWith("oidc.cookie-secret: 5 bytes");
    assertThat(settings(COOKIE_SECRET).toString()).doesNotContain(COOKIE_SECRET);
  }
}
