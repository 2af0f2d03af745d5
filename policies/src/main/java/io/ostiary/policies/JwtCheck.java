package io.ostiary.policies;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Secret;
import io.ostiary.policies.Refusals.Refused;
import java.security.GeneralSecurityException;
import java.text.ParseException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads and checks signed tokens (RFC 7515, RFC 7519, RFC 8725). Immutable.
///
/// Which algorithms are taken is the operator's word, never the token's; a secret is only ever used
/// with HS algorithms and a public key never with them, so that a published key cannot be passed
/// off as a secret. `none` is no algorithm here.
final class JwtCheck {
  static final int TOKEN_CHARS_MAX = 16 * 1024;

  /// An algorithm that can be allowed.
  @About(
      "RS256, ES256, PS256 or one of their 384 and 512, EdDSA; with a secret HS256, HS384, HS512")
  record Algorithm(String written) {
    private static final Pattern KNOWN = Pattern.compile("(HS|RS|PS|ES)(256|384|512)|EdDSA");

    Algorithm {
      if (!KNOWN.matcher(written).matches()) {
        throw Require.invalid(
            "algorithm", written, "RS256, RS384, RS512, PS..., ES..., HS... or EdDSA");
      }
    }

    static Algorithm parse(String written) {
      return new Algorithm(written);
    }

    boolean symmetric() {
      return written.startsWith("HS");
    }

    /// The least number of bytes of a secret (RFC 7518 section 3.2).
    int secretBytesMin() {
      return symmetric() ? Integer.parseInt(written.substring(2)) / 8 : 0;
    }

    @Override
    public String toString() {
      return written;
    }
  }

  private final Set<String> algorithms;
  private final List<String> issuers;
  private final List<String> audiences;
  private final Set<String> required;
  private final long leewayMillis;

  JwtCheck(
      Collection<Algorithm> algorithms,
      List<String> issuers,
      List<String> audiences,
      Collection<String> required,
      Duration leeway) {
    this.algorithms = Set.copyOf(algorithms.stream().map(Algorithm::written).toList());
    this.issuers = List.copyOf(issuers);
    this.audiences = List.copyOf(audiences);
    this.required = Set.copyOf(required);
    leewayMillis = leeway.toMillis();
  }

  /// A token whose claims hold, and whose signature nobody has looked at.
  record Unverified(JWSObject token, Map<String, Object> claims, long expiresMillis) {
    JWSAlgorithm algorithm() {
      return token.getHeader().getAlgorithm();
    }
  }

  /// Everything but the signature: it costs little, and spares the rest for what cannot be good.
  ///
  /// @throws Refused with what is wrong
  Unverified read(String token, long nowMillis) {
    if (token.length() > TOKEN_CHARS_MAX) {
      throw new Refused("The token is too long.");
    }
    if (!written(token)) {
      throw new Refused("The token is no signed JSON Web Token.");
    }
    JWSObject parsed;
    Map<String, Object> claims;
    try {
      parsed = JWSObject.parse(token);
      claims = parsed.getPayload().toJSONObject();
    } catch (ParseException | IllegalArgumentException e) {
      throw new Refused("The token is no signed JSON Web Token.");
    }
    if (claims == null) {
      throw new Refused("The token has no claims.");
    }
    var critical = parsed.getHeader().getCriticalParams();
    if (critical != null && critical.isEmpty()) {
      throw new Refused("The token says that nothing of its header is critical.");
    }
    if (!algorithms.contains(parsed.getHeader().getAlgorithm().getName())) {
      throw new Refused("The token is signed by an algorithm that is not accepted here.");
    }
    long expires = times(claims, nowMillis);
    names(claims);
    return new Unverified(parsed, claims, expires);
  }

  /// Three parts in base64url without padding (RFC 7515 sections 2 and 7.1): the library takes
  /// other spellings of the same, and a token should have one.
  private static boolean written(String token) {
    int dots = 0;
    for (int i = 0; i < token.length(); i++) {
      char c = token.charAt(i);
      if (c == '.') {
        dots++;
      } else if (!(c >= 'a' && c <= 'z')
          && !(c >= 'A' && c <= 'Z')
          && !(c >= '0' && c <= '9')
          && c != '-'
          && c != '_') {
        return false;
      }
    }
    return dots == 2;
  }

  /// When it ends, in milliseconds of the wall clock.
  private long times(Map<String, Object> claims, long nowMillis) {
    var expires = millis(claims, "exp");
    if (expires != null && expires + leewayMillis <= nowMillis) {
      throw new Refused("The token has expired.");
    }
    var notBefore = millis(claims, "nbf");
    if (notBefore != null && notBefore - leewayMillis > nowMillis) {
      throw new Refused("The token is not valid yet.");
    }
    var issued = millis(claims, "iat");
    if (issued != null && issued - leewayMillis > nowMillis) {
      throw new Refused("The token was issued in the future.");
    }
    return expires == null ? Long.MAX_VALUE : expires + leewayMillis;
  }

  private static @Nullable Long millis(Map<String, Object> claims, String name) {
    var claim = claims.get(name);
    if (claim == null) {
      return null;
    }
    // Beyond this no date is meant, and nothing below can overflow.
    if (claim instanceof Number seconds
        && seconds.doubleValue() >= 0
        && seconds.doubleValue() < 1e12) {
      return (long) (seconds.doubleValue() * 1000);
    }
    throw new Refused("The token's claim '" + name + "' is no date.");
  }

  private void names(Map<String, Object> claims) {
    for (var name : required) {
      if (Claims.find(claims, name) == null) {
        throw new Refused("The token has no claim '" + name + "'.");
      }
    }
    if (!issuers.isEmpty()
        && !(claims.get("iss") instanceof String issuer && issuers.contains(issuer))) {
      throw new Refused("The token comes from an issuer that is not accepted here.");
    }
    if (!audiences.isEmpty() && !meantForUs(claims.get("aud"))) {
      throw new Refused("The token is meant for somebody else.");
    }
  }

  private boolean meantForUs(@Nullable Object audience) {
    return audience instanceof Collection<?> several
        ? several.stream().anyMatch(audiences::contains)
        : audience instanceof String one && audiences.contains(one);
  }

  /// Keys that may have signed it; none: the signer is not known.
  static List<JWK> candidates(Unverified token, List<JWK> keys) {
    var header = token.token.getHeader();
    return keys.stream()
        .filter(key -> header.getKeyID() == null || header.getKeyID().equals(key.getKeyID()))
        .filter(
            key -> key.getAlgorithm() == null || key.getAlgorithm().equals(header.getAlgorithm()))
        .filter(key -> fits(header.getAlgorithm(), key))
        .toList();
  }

  private static boolean fits(JWSAlgorithm algorithm, JWK key) {
    return switch (key) {
      case RSAKey _ -> JWSAlgorithm.Family.RSA.contains(algorithm);
      case ECKey ec ->
          JWSAlgorithm.Family.EC.contains(algorithm)
              && Curve.forJWSAlgorithm(algorithm).contains(ec.getCurve());
      case OctetKeyPair _ -> algorithm.getName().equals("EdDSA");
      default -> false;
    };
  }

  /// @throws Refused where none of the keys signed it
  static void verify(Unverified token, List<JWK> keys) {
    for (var key : keys) {
      if (signed(token, key)) {
        return;
      }
    }
    throw new Refused("The token's signature is not good.");
  }

  static void verify(Unverified token, Secret secret) {
    try {
      if (!token.token.verify(new MACVerifier(secret.bytes()))) {
        throw new Refused("The token's signature is not good.");
      }
    } catch (JOSEException e) {
      throw new Refused("The token's signature is not good.");
    }
  }

  private static boolean signed(Unverified token, JWK key) {
    try {
      if (key instanceof OctetKeyPair pair) {
        return ed25519(token, pair);
      }
      JWSVerifier verifier =
          switch (key) {
            case RSAKey rsa -> new RSASSAVerifier(rsa);
            case ECKey ec -> new ECDSAVerifier(ec);
            default -> throw new JOSEException("a key of another kind");
          };
      return token.token.verify(verifier);
    } catch (JOSEException | GeneralSecurityException e) {
      // A key that cannot be used has not signed it; the next one may have.
      return false;
    }
  }

  /// By the JDK: the library would want another one for it. As there, a header that is critical
  /// (RFC 7515 section 4.1.11) is one we do not know.
  private static boolean ed25519(Unverified token, OctetKeyPair key)
      throws GeneralSecurityException {
    var critical = token.token.getHeader().getCriticalParams();
    return (critical == null || critical.isEmpty())
        && Signing.ed25519(
            Signing.ed25519Key(key.getDecodedX()),
            token.token.getSigningInput(),
            token.token.getSignature().decode());
  }
}
