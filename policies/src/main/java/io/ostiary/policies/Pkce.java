package io.ostiary.policies;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;

/// Words that nobody can guess, and the proof that whoever brings a code is who asked for it (RFC
/// 7636).
final class Pkce {
  private static final SecureRandom RANDOM = new SecureRandom();

  private Pkce() {}

  static String random() {
    var bytes = new byte[24];
    RANDOM.nextBytes(bytes);
    return text(bytes);
  }

  /// What is shown of the verifier at first.
  static String challenge(String verifier) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      return text(digest.digest(verifier.getBytes(StandardCharsets.US_ASCII)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static String text(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
