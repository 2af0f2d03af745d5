package io.ostiary.control.access;

import java.security.SecureRandom;
import java.util.Base64;

/// Opaque random texts of 256 bits: sessions and sign-in codes.
final class Secret {
  private static final SecureRandom RANDOM = new SecureRandom();

  private Secret() {}

  static String make() {
    var bytes = new byte[32];
    RANDOM.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
