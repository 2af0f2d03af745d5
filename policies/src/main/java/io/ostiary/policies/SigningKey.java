package io.ostiary.policies;

import io.ostiary.model.Credential;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// The key of a consumer's signatures (RFC 9421 section 3.3). Immutable.
///
/// @param secret of hmac-sha256, else null
/// @param key of the other algorithms, else null
record SigningKey(String algorithm, @Nullable SecretKeySpec secret, @Nullable PublicKey key) {
  private static final PSSParameterSpec PSS =
      new PSSParameterSpec("SHA-512", "MGF1", MGF1ParameterSpec.SHA512, 64, 1);

  /// @throws IllegalArgumentException where the record is no such key
  static SigningKey of(Credential credential) {
    var text = credential.secret();
    int colon = text.indexOf(':');
    var algorithm = colon < 0 ? "" : text.substring(0, colon);
    try {
      var bytes = Base64.getDecoder().decode(text.substring(colon + 1));
      return algorithm.equals("hmac-sha256")
          ? new SigningKey(algorithm, new SecretKeySpec(bytes, "HmacSHA256"), null)
          : new SigningKey(
              algorithm,
              null,
              KeyFactory.getInstance(type(algorithm))
                  .generatePublic(new X509EncodedKeySpec(bytes)));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          credential + ": its key is not understood (" + e.getMessage() + ")", e);
    }
  }

  private static String type(String algorithm) throws GeneralSecurityException {
    return switch (algorithm) {
      case "ed25519" -> "Ed25519";
      case "ecdsa-p256-sha256" -> "EC";
      case "rsa-pss-sha512", "rsa-v1_5-sha256" -> "RSA";
      default -> throw new GeneralSecurityException("algorithm " + algorithm);
    };
  }

  /// Whether a check takes microseconds and may run on an event loop.
  boolean quick() {
    return secret != null;
  }

  boolean signed(byte[] base, byte[] signature) {
    try {
      if (secret != null) {
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(secret);
        return MessageDigest.isEqual(mac.doFinal(base), signature);
      }
      var verifier = verifier();
      verifier.initVerify(key);
      verifier.update(base);
      return verifier.verify(signature);
    } catch (GeneralSecurityException e) {
      // Such as a signature of another length: it is not good.
      return false;
    }
  }

  private Signature verifier() throws GeneralSecurityException {
    return switch (algorithm) {
      case "ed25519" -> Signature.getInstance("Ed25519");
      case "ecdsa-p256-sha256" -> Signature.getInstance("SHA256withECDSAinP1363Format");
      case "rsa-v1_5-sha256" -> Signature.getInstance("SHA256withRSA");
      default -> {
        var pss = Signature.getInstance("RSASSA-PSS");
        pss.setParameter(PSS);
        yield pss;
      }
    };
  }

  @Override
  public String toString() {
    return algorithm;
  }
}
