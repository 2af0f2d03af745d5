package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HttpCallException;
import io.ostiary.gateway.spi.HttpReply;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Consumer;
import io.ostiary.model.Credential;
import io.ostiary.policies.JwtCheck.Algorithm;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Tokens made by the Nimbus library and by openssl, keys published by a service that fails and
/// changes at will.
class JwtTest {
  private static final String ISSUER = "https://id.example.com";
  private static final URI JWKS = URI.create("https://id.example.com/keys");
  private static final Consumer ALICE =
      new Consumer(
          "c-1",
          "alice",
          Set.of("gold"),
          Set.of(),
          List.of(new Credential(Credential.Kind.SUBJECT, ISSUER + " user-7", "")));
  private static final JWK RSA = rsa("r1");
  private static final JWK EC = ec("e1");
  private static final RSAKey STRANGER = rsa("r2").toRSAKey();

  private final FakeClock clock = new FakeClock();
  private final AtomicInteger fetches = new AtomicInteger();
  private volatile List<JWK> published = List.of(RSA, EC);
  private volatile boolean down;
  private final FakeSite site = site();

  @TempDir Path folder;

  private static JWK rsa(String id) {
    try {
      return new RSAKeyGenerator(2048).keyID(id).generate();
    } catch (com.nimbusds.jose.JOSEException e) {
      throw new AssertionError(e);
    }
  }

  private static JWK stranger(String id) {
    return new RSAKey.Builder(STRANGER).keyID(id).build();
  }

  private static JWK ec(String id) {
    try {
      return new ECKeyGenerator(Curve.P_256).keyID(id).generate();
    } catch (com.nimbusds.jose.JOSEException e) {
      throw new AssertionError(e);
    }
  }

  private FakeSite site() {
    var api = Sites.api(List.of(Sites.route("all", "/*")));
    return Sites.site(Sites.snapshot(api, List.of(ALICE), List.of()))
        .calling(ask -> {
          fetches.incrementAndGet();
          var text = new JWKSet(published).toString(true);
          return down
              ? CompletableFuture.failedFuture(new HttpCallException("refused"))
              : CompletableFuture.completedFuture(new HttpReply(200, List.of(), text));
        });
  }

  private static Jwt.Settings settings(String... headers) {
    return WrittenSettings.of(
        new Jwt(),
        "{ jwks-url: '%s', issuer: '%s', audience: orders, remember: 1000, headers: { %s } }"
            .formatted(JWKS, ISSUER, String.join(": ", headers)));
  }

  private static Jwt.Settings secret(String text) {
    return WrittenSettings.of(
        new Jwt(),
        "{ secret: '%s', leeway: 0s, consumer-claim: sub, require-consumer: true, forward-token: false }"
            .formatted(text));
  }

  private Filter filter(Jwt.Settings settings) {
    return new Jwt(clock).compile(settings, site);
  }

  private JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder()
        .issuer(ISSUER)
        .audience("orders")
        .subject("user-7")
        .claim("email", "alice@example.com")
        .claim("groups", List.of("staff", "a,b"))
        .expirationTime(Date.from(clock.instant().plusSeconds(300)));
  }

  private String token(JWK key, UnaryOperator<JWTClaimsSet.Builder> change) throws Exception {
    boolean isRsa = key instanceof RSAKey;
    var algorithm = isRsa ? JWSAlgorithm.RS256 : JWSAlgorithm.ES256;
    JWSSigner signer = isRsa ? new RSASSASigner(key.toRSAKey()) : new ECDSASigner(key.toECKey());
    return token(new JWSHeader.Builder(algorithm).keyID(key.getKeyID()).build(), signer, change);
  }

  private String token(
      JWSHeader header, JWSSigner signer, UnaryOperator<JWTClaimsSet.Builder> change)
      throws Exception {
    var token = new SignedJWT(header, change.apply(claims()).build());
    token.sign(signer);
    return token.serialize();
  }

  private FakeExchange with(String token) {
    return site.exchange("GET", "/x").with("Authorization", "Bearer " + token);
  }

  private Problem refused(Filter filter, String token) {
    return Sites.problem(Verdicts.request(filter, with(token)));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void recognisesTheOwnerOfAToken(boolean byRsa) throws Exception {
    var exchange = with(token(byRsa ? RSA : EC, c -> c)).with("x.email", "forged");
    var filter = filter(settings("X-Email", "email"));
    assertThat(Verdicts.request(filter, exchange)).isEqualTo(Verdict.CONTINUE);
    assertThat(exchange.consumer()).isEqualTo(ALICE);
    assertThat(exchange.identity().subject()).isEqualTo("user-7");
    assertThat(exchange.identity().groups()).containsExactlyInAnyOrder("staff", "a,b");
    var headers = exchange.requestHeaders();
    assertThat(headers.first("Ostiary-Consumer")).isEqualTo("c-1");
    assertThat(headers.first("Ostiary-Groups")).isEqualTo("a%2Cb,gold,staff");
    assertThat(headers.first("X-Email")).isEqualTo("alice@example.com");
    assertThat(headers.toString()).doesNotContain("forged").contains("Bearer");
  }

  @Test
  void asksForAToken() {
    var problem = Sites.problem(filter(settings()).request(site.exchange("GET", "/x")));
    assertThat(problem.status()).isEqualTo(401);
    assertThat(Sites.fields(problem)).containsExactly("WWW-Authenticate: Bearer realm=\"orders\"");
  }

  @Test
  void takesOutForgedHeadersAlsoOfThoseWhoAreRefused() {
    var exchange = site.exchange("GET", "/x").with("X_EMAIL", "forged");
    filter(settings("X-Email", "email")).request(exchange);
    assertThat(exchange.requestHeaders().toString()).doesNotContain("forged");
  }

  @Test
  void refusesWhatDoesNotHold() throws Exception {
    var filter = filter(settings());
    var cases =
        Map.<String, UnaryOperator<JWTClaimsSet.Builder>>of(
            "expired", c -> c.expirationTime(Date.from(clock.instant().minusSeconds(31))),
            "not valid yet", c -> c.notBeforeTime(Date.from(clock.instant().plusSeconds(31))),
            "in the future", c -> c.issueTime(Date.from(clock.instant().plusSeconds(31))),
            "issuer", c -> c.issuer("https://other.example.com"),
            "somebody else", c -> c.audience("billing"),
            "no claim 'exp'", c -> c.expirationTime(null));
    for (var one : cases.entrySet()) {
      var problem = refused(filter, token(RSA, one.getValue()));
      assertThat(problem.status()).isEqualTo(401);
      assertThat(problem.detail()).contains(one.getKey());
      assertThat(Sites.fields(problem).toString()).contains("error=\"invalid_token\"");
    }
    var within = token(RSA, c -> c.expirationTime(Date.from(clock.instant().minusSeconds(29))));
    assertThat(Verdicts.request(filter, with(within))).isEqualTo(Verdict.CONTINUE);
    var several = token(RSA, c -> c.audience(List.of("billing", "orders")));
    assertThat(Verdicts.request(filter, with(several))).isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void refusesForgedSignatures() throws Exception {
    var filter = filter(settings());
    var good = token(RSA, c -> c);
    var parts = good.split("\\.");
    var other = token(RSA, c -> c.subject("root")).split("\\.");
    assertThat(refused(filter, parts[0] + "." + other[1] + "." + parts[2]).detail())
        .contains("signature is not good");
    var stranger = token(stranger("r1"), c -> c);
    assertThat(refused(filter, stranger).detail()).contains("signature is not good");
    var unknown = token(stranger("r9"), c -> c);
    assertThat(refused(filter, unknown).detail()).contains("key that is not known");
    for (var broken : List.of("a", "a.b", "a.b.c", parts[0] + "." + parts[1] + ".", "....")) {
      assertThat(refused(filter, broken).status()).isEqualTo(401);
    }
  }

  @Test
  void neverTakesAPublicKeyForASecretNorNoneForASignature() throws Exception {
    var filter = filter(settings());
    var pem = RSA.toRSAKey().toRSAPublicKey().getEncoded();
    var header = new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("r1").build();
    assertThat(refused(filter, token(header, new MACSigner(pem), c -> c)).detail())
        .contains("algorithm");
    var none =
        base64("{\"alg\":\"none\",\"kid\":\"r1\"}")
            + "."
            + base64(claims().build().toString())
            + ".";
    assertThat(refused(filter, none).status()).isEqualTo(401);
    var psHeader = new JWSHeader.Builder(JWSAlgorithm.PS256).keyID("r1").build();
    assertThat(refused(filter, token(psHeader, new RSASSASigner(RSA.toRSAKey()), c -> c)).detail())
        .contains("algorithm");
    assertThatThrownBy(() -> algorithms(new Algorithm("HS256")))
        .hasMessageStartingWith("jwt.algorithms: HS256");
    assertThatThrownBy(() -> Algorithm.parse("none")).hasMessageStartingWith("algorithm: none");
  }

  private static Jwt.Settings algorithms(Algorithm... algorithms) {
    return WrittenSettings.of(
        new Jwt(),
        "{ jwks-url: '%s', algorithms: %s, leeway: 0s, require: [] }"
            .formatted(JWKS, List.of(algorithms)));
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void verifiesEachTokenOnce() throws Exception {
    var filter = filter(settings());
    var token = token(EC, c -> c);
    assertThat(filter.request(with(token))).isInstanceOf(Verdict.Wait.class);
    Verdicts.request(filter, with(token));
    assertThat(filter.request(with(token))).isEqualTo(Verdict.CONTINUE);
    var again = new Jwt(clock).compile(settings(), site.after(site));
    assertThat(again.request(with(token))).isEqualTo(Verdict.CONTINUE);
    clock.pass(Duration.ofSeconds(61));
    assertThat(filter.request(with(token))).isInstanceOf(Verdict.Wait.class);
    Verdicts.request(filter, with(token));
    clock.pass(Duration.ofSeconds(300));
    assertThat(Sites.problem(filter.request(with(token))).detail()).contains("expired");
  }

  @Test
  void anUnknownKeyHasTheSetFetchedAnewButNotAtEveryCall() throws Exception {
    var filter = filter(settings());
    var next = stranger("r2");
    var token = token(next, c -> c);
    assertThat(refused(filter, token).detail()).contains("not known");
    int before = fetches.get();
    published = List.of(RSA, EC, next);
    for (int i = 0; i < 20; i++) {
      assertThat(refused(filter, token).status()).isEqualTo(401);
    }
    assertThat(fetches.get()).isEqualTo(before);
    clock.pass(KeySet.PAUSE);
    assertThat(Verdicts.request(filter, with(token))).isEqualTo(Verdict.CONTINUE);
    assertThat(fetches.get()).isEqualTo(before + 1);
  }

  @Test
  void aKeyThatIsTakenBackEndsItsTokensAtOnceWithTheNextSet() throws Exception {
    var filter = filter(settings());
    var token = token(RSA, c -> c);
    assertThat(Verdicts.request(filter, with(token))).isEqualTo(Verdict.CONTINUE);
    published = List.of(EC);
    clock.pass(KeySet.PAUSE);
    assertThat(refused(filter, token(stranger("r3"), c -> c)).status()).isEqualTo(401);
    assertThat(refused(filter, token).detail()).contains("not known");
  }

  @Test
  void knownKeysServeWhileTheIssuerDoesNotAnswer() throws Exception {
    var filter = filter(settings());
    assertThat(Verdicts.request(filter, with(token(RSA, c -> c)))).isEqualTo(Verdict.CONTINUE);
    down = true;
    for (int hours = 0; hours < 23; hours++) {
      clock.pass(Duration.ofHours(1));
      assertThat(Verdicts.request(filter, with(token(RSA, c -> c)))).isEqualTo(Verdict.CONTINUE);
    }
    clock.pass(Duration.ofHours(2));
    var problem = refused(filter, token(RSA, c -> c));
    assertThat(problem.status()).isEqualTo(503);
    assertThat(problem.code()).isEqualTo("keys-unavailable");
    down = false;
    clock.pass(KeySet.PAUSE);
    assertThat(Verdicts.request(filter, with(token(RSA, c -> c)))).isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void aServiceThatIsDownFromTheStartIsTriedAgain() throws Exception {
    down = true;
    var filter = filter(settings());
    assertThat(refused(filter, token(RSA, c -> c)).status()).isEqualTo(503);
    down = false;
    clock.pass(KeySet.PAUSE);
    assertThat(Verdicts.request(filter, with(token(RSA, c -> c)))).isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void takesASharedSecret() throws Exception {
    var text = "a-secret-of-thirty-two-characters";
    var filter = filter(secret(text));
    var header = new JWSHeader(JWSAlgorithm.HS256);
    var exchange = with(token(header, new MACSigner(text), c -> c.subject("alice")));
    assertThat(filter.request(exchange)).isEqualTo(Verdict.CONTINUE);
    assertThat(exchange.consumer()).isEqualTo(ALICE);
    assertThat(exchange.requestHeaders().first("Authorization")).isNull();
    var other = token(header, new MACSigner(text.toUpperCase(java.util.Locale.ROOT)), c -> c);
    assertThat(refused(filter, other).detail()).contains("signature");
    var nobody = token(header, new MACSigner(text), c -> c.subject("nobody"));
    assertThat(refused(filter, nobody).detail()).contains("owner is not known");
    assertThatThrownBy(() -> secret("short")).hasMessageStartingWith("jwt.secret: 5 bytes");
    assertThat(secret(text).toString()).doesNotContain(text);
  }

  @Test
  void takesEd25519() throws Exception {
    var pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    var encoded = pair.getPublic().getEncoded();
    assertThat(pair.getPublic()).isInstanceOf(EdECPublicKey.class);
    var x =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length));
    published = List.of(JWK.parse(Map.of("kty", "OKP", "crv", "Ed25519", "x", x, "kid", "o1")));
    var signed = base64("{\"alg\":\"EdDSA\",\"kid\":\"o1\"}") + "." + base64(claims().build() + "");
    var signer = Signature.getInstance("Ed25519");
    signer.initSign(pair.getPrivate());
    signer.update(signed.getBytes(StandardCharsets.US_ASCII));
    var signature = Base64.getUrlEncoder().withoutPadding().encodeToString(signer.sign());
    var filter = filter(algorithms(new Algorithm("EdDSA")));
    assertThat(Verdicts.request(filter, with(signed + "." + signature)))
        .isEqualTo(Verdict.CONTINUE);
    var forged = base64("{\"alg\":\"EdDSA\",\"kid\":\"o1\"}") + "." + base64("{\"sub\":\"x\"}");
    assertThat(refused(filter, forged + "." + signature).status()).isEqualTo(401);
  }

  @Test
  void takesATokenMadeByOpenssl() throws Exception {
    var key = folder.resolve("key.pem");
    Commands.run(
        "openssl",
        "genpkey",
        "-algorithm",
        "RSA",
        "-pkeyopt",
        "rsa_keygen_bits:2048",
        "-out",
        key.toString());
    var text = folder.resolve("signed");
    Files.writeString(
        text, base64("{\"alg\":\"RS256\",\"typ\":\"JWT\"}") + "." + base64(claims().build() + ""));
    var signature = folder.resolve("signature");
    Commands.run(
        "openssl",
        "dgst",
        "-sha256",
        "-sign",
        key.toString(),
        "-out",
        signature.toString(),
        text.toString());
    var der = folder.resolve("key.der");
    Commands.run(
        "openssl",
        "pkey",
        "-in",
        key.toString(),
        "-pubout",
        "-outform",
        "DER",
        "-out",
        der.toString());
    var spec = new X509EncodedKeySpec(Files.readAllBytes(der));
    var rsa = (RSAPublicKey) KeyFactory.getInstance("RSA").generatePublic(spec);
    published = List.of(new RSAKey.Builder(rsa).build());
    var token =
        Files.readString(text)
            + "."
            + Base64.getUrlEncoder().withoutPadding().encodeToString(Files.readAllBytes(signature));
    assertThat(Verdicts.request(filter(settings()), with(token))).isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void readsKeysFromAFile() throws Exception {
    var file = folder.resolve("keys.json");
    Files.writeString(file, new JWKSet(List.of(EC)).toString(true));
    var settings =
        WrittenSettings.of(
            new Jwt(), "{ jwks-file: '%s', leeway: 0s, require: [] }".formatted(file));
    assertThat(Verdicts.request(filter(settings), with(token(EC, c -> c))))
        .isEqualTo(Verdict.CONTINUE);
    assertThat(fetches.get()).isZero();
    Files.delete(file);
    assertThatThrownBy(() -> filter(settings)).hasMessageStartingWith("jwt.jwks-file: " + file);
  }

  @Test
  void refusesTwoTokens() throws Exception {
    var token = token(RSA, c -> c);
    var twice = with(token).with("authorization", "Bearer " + token);
    assertThat(Sites.problem(filter(settings()).request(twice)).detail()).contains("more than one");
  }
}
