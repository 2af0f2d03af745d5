package io.ostiary.policies;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.NamedParameterSpec;

/// Signatures that the JDK knows and our libraries do not.
final class Signing {
  private static final int ED25519_BYTES = 32;

  private Signing() {}

  /// @param encoded little-endian y with the sign of x in its highest bit (RFC 8032 section 5.1.2)
  static PublicKey ed25519Key(byte[] encoded) throws GeneralSecurityException {
    if (encoded.length != ED25519_BYTES) {
      throw new GeneralSecurityException(
          "ed25519 key: " + encoded.length + " bytes (expected: " + ED25519_BYTES + ")");
    }
    var bigEndian = new byte[ED25519_BYTES];
    for (int i = 0; i < ED25519_BYTES; i++) {
      bigEndian[i] = encoded[ED25519_BYTES - 1 - i];
    }
    boolean odd = (bigEndian[0] & 0x80) != 0;
    bigEndian[0] &= 0x7f;
    return KeyFactory.getInstance("Ed25519")
        .generatePublic(
            new EdECPublicKeySpec(
                NamedParameterSpec.ED25519, new EdECPoint(odd, new BigInteger(1, bigEndian))));
  }

  static boolean ed25519(PublicKey key, byte[] signed, byte[] signature)
      throws GeneralSecurityException {
    var verifier = Signature.getInstance("Ed25519");
    verifier.initVerify(key);
    verifier.update(signed);
    return verifier.verify(signature);
  }
}
