package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

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
import io.ostiary.gateway.spi.HttpAsk;
import io.ostiary.gateway.spi.HttpCallException;
import io.ostiary.gateway.spi.HttpCalls;
import io.ostiary.gateway.spi.HttpReply;
import io.ostiary.model.setting.Secret;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// An OpenID provider without a network, which checks what RFC 6749, RFC 7636 and OpenID Connect
/// ask of its clients. What it says can be changed.
final class FakeProvider implements HttpCalls {
  static final String ISSUER = "https://id.example.com";
  static final String COOKIE_SECRET = "0123456789abcdef0123456789abcdef";
  private static final ECKey KEY = key();

  private final FakeClock clock;

  /// The query with which the browser was led here.
  Map<String, String> asked = Map.of();

  UnaryOperator<JWTClaimsSet.Builder> change = claims -> claims;
  String audience = "ostiary";
  boolean down;

  /// What it takes once more; null: it gives none.
  @Nullable String refresh;

  /// Further members of its configuration, from a comma on.
  String says = "";

  /// What the token endpoint answers to anything; null: as it should.
  @Nullable HttpReply refused;

  HttpReply userinfo = new HttpReply(404, List.of(), "");
  @Nullable CompletableFuture<HttpReply> held;
  HttpReply declined = new HttpReply(400, List.of(), "{\"error\":\"invalid_grant\"}");
  final List<String> used = new ArrayList<>();
  final List<String> revoked = new ArrayList<>();
  final List<HttpAsk> tokenAsks = new ArrayList<>();
  final List<HttpAsk> userinfoAsks = new ArrayList<>();

  FakeProvider(FakeClock clock) {
    this.clock = clock;
  }

  private static ECKey key() {
    try {
      return new ECKeyGenerator(Curve.P_256).keyID("e1").generate();
    } catch (com.nimbusds.jose.JOSEException e) {
      throw new AssertionError(e);
    }
  }

  static OidcCookies cookies(String client) {
    return OidcCookies.of(ISSUER, client, new Secret(COOKIE_SECRET));
  }

  static Oidc.Settings settings(String client, String cookieSecret) {
    return WrittenSettings.of(
        new Oidc(),
        """
        issuer: %s
        client-id: %s
        client-secret: our secret
        cookie-secret: %s
        scopes: [ email ]
        base-url: https://api.example.com
        headers: { X-Email: email }
        """
            .formatted(ISSUER, client, cookieSecret));
  }

  @Override
  public CompletionStage<HttpReply> send(HttpAsk ask) {
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
                   "revocation_endpoint":"%1$s/revoke"%2$s}
                  """
                      .formatted(ISSUER, says));
          case "/keys" ->
              new HttpReply(200, List.of(), new JWKSet(KEY.toPublicJWK()).toString(true));
          case "/token" -> {
            tokenAsks.add(ask);
            yield refused == null ? token(ask) : refused;
          }
          case "/userinfo" -> {
            userinfoAsks.add(ask);
            yield userinfo;
          }
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
    return new HttpReply(
        200,
        List.of(),
        "{\"id_token\":\"" + idToken + "\",\"access_token\":\"an-access-token\"" + more + "}");
  }

  HttpReply signed(@Nullable String nonce) {
    try {
      var claims =
          new JWTClaimsSet.Builder()
              .issuer(ISSUER)
              .audience(audience)
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

  static Map<String, String> form(String text) {
    var form = new HashMap<String, String>();
    for (var pair : text.split("&")) {
      var parts = pair.split("=", 2);
      form.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }
    return form;
  }
}
