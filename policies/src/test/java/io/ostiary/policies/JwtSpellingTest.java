package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HttpReply;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeSite;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Tokens that are signed rightly, in every spelling of their header, against a set with keys of
/// several kinds.
class JwtSpellingTest {
  private static final String CLAIMS = "{\"sub\":\"u\",\"exp\":99999999999}";
  private static final RSAKey RSA = rsa();
  private static final ECKey EC = ec();
  private static final JWK EDWARDS =
      new OctetKeyPair.Builder(Curve.Ed25519, Base64URL.encode(new byte[32])).keyID("d").build();

  private final FakeSite site =
      Sites.site(Sites.snapshot(Sites.api(List.of(Sites.route("all", "/*"))), List.of(), List.of()))
          .calling(ask ->
              CompletableFuture.completedFuture(
                  new HttpReply(
                      200, List.of(), new JWKSet(List.of(EC, EDWARDS, RSA)).toString(true))));

  private final Filter filter =
      new Jwt()
          .compile(
              WrittenSettings.of(
                  new Jwt(), "{ jwks-url: 'https://id.example.com/keys', leeway: 0s }"),
              site);

  private static RSAKey rsa() {
    try {
      return new RSAKeyGenerator(2048).keyID("r").generate();
    } catch (JOSEException e) {
      throw new AssertionError(e);
    }
  }

  private static ECKey ec() {
    try {
      return new ECKeyGenerator(Curve.P_256).keyID("e").generate();
    } catch (JOSEException e) {
      throw new AssertionError(e);
    }
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static String signed(String header) throws JOSEException {
    boolean elliptic = header.contains("ES256");
    JWSSigner signer = elliptic ? new ECDSASigner(EC) : new RSASSASigner(RSA);
    var text =
        base64(header.getBytes(StandardCharsets.UTF_8))
            + "."
            + base64(CLAIMS.getBytes(StandardCharsets.UTF_8));
    var algorithm = elliptic ? JWSAlgorithm.ES256 : JWSAlgorithm.RS256;
    var signature =
        signer.sign(
            new com.nimbusds.jose.JWSHeader(algorithm), text.getBytes(StandardCharsets.UTF_8));
    return text + "." + signature;
  }

  private Verdict ask(String token) {
    return Verdicts.request(
        filter, site.exchange("GET", "/x").with("Authorization", "Bearer " + token));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"alg\":\"RS256\"}",
        "{\"alg\":\"RS256\",\"kid\":\"r\"}",
        "{\"alg\":\"ES256\"}",
        "{\"alg\":\"ES256\",\"kid\":\"e\"}"
      })
  void findsTheKeyAmongThoseOfOtherKinds(String header) throws JOSEException {
    assertThat(ask(signed(header))).isEqualTo(Verdict.CONTINUE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"alg\":\"RS256\",\"kid\":\"e\"}",
        "{\"alg\":\"RS256\",\"kid\":\"d\"}",
        "{\"alg\":\"ES256\",\"kid\":\"r\"}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[]}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[\"b64\"],\"b64\":false}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[\"x\"],\"x\":1}"
      })
  void refusesWhatTheHeaderForbids(String header) throws JOSEException {
    assertThat(Sites.problem(ask(signed(header))).status()).as(header).isEqualTo(401);
  }

  /// Others write the same bytes with padding, or in the other alphabet.
  @Test
  void takesOneSpellingOfAToken() throws JOSEException {
    var good = signed("{\"alg\":\"RS256\"}");
    assertThat(ask(good)).isEqualTo(Verdict.CONTINUE);
    for (var other : List.of(good + "==", good + "=", good.replaceFirst("\\.", "=."), good + "*")) {
      assertThat(Sites.problem(ask(other)).detail())
          .isEqualTo("The token is no signed JSON Web Token.");
    }
  }
}
