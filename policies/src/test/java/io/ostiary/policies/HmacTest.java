package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Consumer;
import io.ostiary.model.Credential;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The request, keys and signatures of RFC 9421 appendix B, and signatures of the JDK.
class HmacTest {
  private static final String SECRET =
      "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
  private static final String RSA_PSS =
      "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2"
          + "+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+"
          + "oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq"
          + "gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W"
          + "Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4"
          + "aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI"
          + "2wIDAQAB";
  private static final String ED25519 =
      "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
  private static final KeyPair P256 = p256();
  private static final String DIGEST =
      "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+Ab"
          + "wAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
  private static final String BODY = "{\"hello\": \"world\"}";
  private static final long CREATED = 1_618_884_473;
  private static final String FULL = "(\"@method\" \"@authority\" \"@path\" \"@query\")";

  private volatile Instant now = Instant.ofEpochSecond(CREATED + 60);
  private final InstantSource clock = () -> now;
  private final FakeSite site = site();

  private static KeyPair p256() {
    try {
      var generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (java.security.GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static Credential key(String id, String secret) {
    return new Credential(Credential.Kind.SIGNATURE, id, secret);
  }

  private static FakeSite site() {
    var p256 = Base64.getEncoder().encodeToString(P256.getPublic().getEncoded());
    var acme =
        new Consumer(
            "c-1",
            "acme",
            Set.of(),
            Set.of(),
            List.of(
                key("test-shared-secret", "hmac-sha256:" + SECRET),
                key("test-key-rsa-pss", "rsa-pss-sha512:" + RSA_PSS),
                key("test-key-ed25519", "ed25519:" + ED25519),
                key("p256", "ecdsa-p256-sha256:" + p256)));
    return Sites.site(
        Sites.snapshot(Sites.api(List.of(Sites.route("all", "/*"))), List.of(acme), List.of()));
  }

  private Filter filter(boolean coverBody, String... cover) {
    return new Hmac(clock)
        .compile(
            new Hmac.Settings(
                List.of(cover),
                coverBody,
                Set.of("hmac-sha256", "ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512"),
                Duration.ofMinutes(5),
                null,
                false,
                1000,
                1024),
            site);
  }

  private Filter strict() {
    return filter(true, "@method", "@authority", "@path", "@query");
  }

  /// The test-request of appendix B.2.
  private FakeExchange request(String input, String signature) {
    return site.exchange("POST", "/foo?param=Value&Pet=dog")
        .with("Host", "example.com")
        .with("Date", "Tue, 20 Apr 2021 02:07:55 GMT")
        .with("Content-Type", "application/json")
        .with("Content-Digest", DIGEST)
        .with("Content-Length", "18")
        .with("Signature-Input", input)
        .with("Signature", signature);
  }

  private String refused(Filter filter, FakeExchange exchange) {
    var problem = Sites.problem(Verdicts.request(filter, exchange));
    assertThat(problem.status()).isEqualTo(401);
    assertThat(problem.code()).isEqualTo("hmac");
    assertThat(exchange.consumer()).isNull();
    return problem.detail();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // B.2.1
        "sig-b21=();created=1618884473;keyid=\"test-key-rsa-pss\";nonce=\"b3k2pp5k7z-50gnwp.yemd\""
            + "#sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq"
            + "786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xx"
            + "bR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmA"
            + "vtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLh"
            + "dxO5Nyt8C8ssinQ98Xw9Q==:",
        // B.2.2
        "sig-b22=(\"@authority\" \"content-digest\" \"@query-param\";name=\"Pet\");created=1618884473"
            + ";keyid=\"test-key-rsa-pss\";tag=\"header-example\""
            + "#sig-b22=:LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJj"
            + "tq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXE"
            + "u4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiK"
            + "Yd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQ"
            + "l3/XaVe4bXTugEjHSw==:",
        // B.2.5
        "sig-b25=(\"date\" \"@authority\" \"content-type\");created=1618884473"
            + ";keyid=\"test-shared-secret\""
            + "#sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:",
        // B.2.6
        "sig-b26=(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\""
            + " \"content-length\");created=1618884473;keyid=\"test-key-ed25519\""
            + "#sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1"
            + "u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:"
      })
  void takesTheSignaturesOfTheRfc(String vector) {
    var parts = vector.split("#");
    var exchange = request(parts[0], parts[1]);
    assertThat(Verdicts.request(filter(false), exchange)).isEqualTo(Verdict.CONTINUE);
    assertThat(exchange.consumer().name()).isEqualTo("acme");
    var changed = request(parts[0].replace("1618884473", "1618884474"), parts[1]);
    assertThat(refused(filter(false), changed)).contains("not good");
    if (vector.contains("authority")) {
      var elsewhere =
          site.exchange("POST", "/foo?Pet=dog")
              .with("Host", "evil.example")
              .with("Date", "Tue, 20 Apr 2021 02:07:55 GMT")
              .with("Content-Type", "application/json")
              .with("Content-Digest", DIGEST)
              .with("Content-Length", "18")
              .with("Signature-Input", parts[0])
              .with("Signature", parts[1]);
      assertThat(refused(filter(false), elsewhere)).contains("not good");
    }
  }

  private static String hmac(String base) throws Exception {
    var mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(Base64.getDecoder().decode(SECRET), "HmacSHA256"));
    return Base64.getEncoder().encodeToString(mac.doFinal(base.getBytes(StandardCharsets.UTF_8)));
  }

  /// Signed over everything, by the shared secret.
  private FakeExchange signed(String covered, String lines, String more) throws Exception {
    var params = covered + ";created=" + CREATED + more + ";keyid=\"test-shared-secret\"";
    var base = lines + "\"@signature-params\": " + params;
    return request("s=" + params, "s=:" + hmac(base) + ":");
  }

  private static final String LINES =
      "\"@method\": POST\n\"@authority\": example.com\n\"@path\": /foo\n"
          + "\"@query\": ?param=Value&Pet=dog\n\"content-digest\": "
          + DIGEST
          + "\n";
  private static final String WHOLE = FULL.replace(")", " \"content-digest\")");

  @Test
  void theBodyMustBeTheOneThatWasSigned() throws Exception {
    var exchange = signed(WHOLE, LINES, "");
    var filter = strict();
    assertThat(Verdicts.request(filter, exchange)).isEqualTo(Verdict.CONTINUE);
    var body = ByteBuffer.wrap(BODY.getBytes(StandardCharsets.UTF_8));
    assertThat(filter.requestBody(exchange, body, true)).isEqualTo(Verdict.CONTINUE);
    var other = ByteBuffer.wrap("{\"hello\": \"thief\"}".getBytes(StandardCharsets.UTF_8));
    assertThat(Sites.problem(filter.requestBody(exchange, other, true)).detail())
        .contains("Content-Digest");
    var without = signed(FULL, LINES.substring(0, LINES.indexOf("\"content-digest")), "");
    assertThat(refused(filter, without)).contains("content-digest");
  }

  @Test
  void asksForWhatMustBeCovered() throws Exception {
    var little = signed("(\"@method\")", "\"@method\": POST\n", "");
    assertThat(refused(strict(), little)).contains("does not cover \"@authority\"");
    var uri =
        "\"@method\": POST\n\"@target-uri\": http://example.com/foo?param=Value&Pet=dog\n"
            + "\"content-digest\": "
            + DIGEST
            + "\n";
    var whole = signed("(\"@method\" \"@target-uri\" \"content-digest\")", uri, "");
    assertThat(Verdicts.request(strict(), whole)).isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void refusesOldAndFutureAndExpired() throws Exception {
    now = Instant.ofEpochSecond(CREATED + 331);
    assertThat(refused(strict(), signed(WHOLE, LINES, ""))).contains("too old");
    now = Instant.ofEpochSecond(CREATED - 31);
    assertThat(refused(strict(), signed(WHOLE, LINES, ""))).contains("future");
    now = Instant.ofEpochSecond(CREATED + 60);
    assertThat(refused(strict(), signed(WHOLE, LINES, ";expires=" + (CREATED + 59))))
        .contains("expired");
  }

  @Test
  void refusesTheSameSignatureTwiceAlsoUnderAnotherPlan() throws Exception {
    var filter = strict();
    assertThat(Verdicts.request(filter, signed(WHOLE, LINES, ""))).isEqualTo(Verdict.CONTINUE);
    assertThat(refused(filter, signed(WHOLE, LINES, ""))).contains("came before");
    assertThat(refused(strict(), signed(WHOLE, LINES, ""))).contains("came before");
    assertThat(Verdicts.request(filter, signed(WHOLE, LINES, ";nonce=\"2\"")))
        .isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void takesEcdsaInTheFormOfTheRfc() throws Exception {
    var params = FULL + ";created=" + CREATED + ";keyid=\"p256\";alg=\"ecdsa-p256-sha256\"";
    var base =
        LINES.substring(0, LINES.indexOf("\"content-digest")) + "\"@signature-params\": " + params;
    var signer = Signature.getInstance("SHA256withECDSAinP1363Format");
    signer.initSign(P256.getPrivate());
    signer.update(base.getBytes(StandardCharsets.UTF_8));
    var signature = Base64.getEncoder().encodeToString(signer.sign());
    var filter = filter(false, "@method");
    assertThat(Verdicts.request(filter, request("s=" + params, "s=:" + signature + ":")))
        .isEqualTo(Verdict.CONTINUE);
    var confused = params.replace("ecdsa-p256-sha256", "hmac-sha256");
    assertThat(refused(filter, request("s=" + confused, "s=:" + signature + ":")))
        .contains("algorithm");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "s",
        "s=",
        "s=(",
        "s=(\"@method\"",
        "s=(\"@method\");created",
        "s=(\"@method\" )x",
        "s=(@method);created=1;keyid=\"a\"",
        "s=(\"a\"\"b\")",
        "s=1.5",
        "s=(\"\u00e9\")",
        "s=();keyid=\"test-shared-secret\"",
        "s=();created=\"x\";keyid=\"test-shared-secret\"",
        "s=(\"@method\" \"@method\");created=1618884473;keyid=\"test-shared-secret\"",
        "s=(\"@nothing\");created=1618884473;keyid=\"test-shared-secret\"",
        "s=(\"x-absent\");created=1618884473;keyid=\"test-shared-secret\"",
        "s=(\"@method\";req);created=1618884473;keyid=\"test-shared-secret\"",
        "s=();created=1618884473;keyid=\"nobody\""
      })
  void refusesWhatIsMalformed(String input) {
    refused(filter(false), request(input, "s=:AAAA:"));
    refused(filter(false), request(input, "s=:???:"));
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> filter(false, "@Method")).hasMessageStartingWith("hmac.cover");
    assertThatThrownBy(() -> filter(false, "method"))
        .hasMessageStartingWith("hmac.cover: method (expected: @method; without");
    assertThatThrownBy(() ->
            new Hmac.Settings(
                List.of(), true, Set.of("md5"), Duration.ofMinutes(5), null, false, 1000, 1))
        .hasMessageStartingWith("hmac.algorithms");
  }
}
