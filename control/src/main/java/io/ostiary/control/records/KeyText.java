package io.ostiary.control.records;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.zip.CRC32;

/// The written form of secrets we make: a prefix that scanners for leaked secrets can look for, 30
/// random characters of base 62 (178 bits), and 6 characters of checksum over both (CRC-32), so
/// that a mistyped key is told from an unknown one without asking anybody.
public final class KeyText {
  /// Of a consumer's key.
  public static final String KEY = "ost_";

  /// Of the administrator's token.
  public static final String TOKEN = "osa_";

  private static final String DIGITS =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final int RANDOM_CHARS = 30;
  private static final int CHECK_CHARS = 6;
  private static final SecureRandom RANDOM = new SecureRandom();

  private KeyText() {}

  public static String make(String prefix) {
    var text = new StringBuilder(prefix.length() + RANDOM_CHARS + CHECK_CHARS).append(prefix);
    var bytes = new byte[RANDOM_CHARS * 2];
    while (text.length() < prefix.length() + RANDOM_CHARS) {
      RANDOM.nextBytes(bytes);
      for (int i = 0; i < bytes.length && text.length() < prefix.length() + RANDOM_CHARS; i++) {
        int value = bytes[i] & 0xff;
        // 248 = 4 * 62: without the rest every digit is equally likely.
        if (value < 248) {
          text.append(DIGITS.charAt(value % 62));
        }
      }
    }
    return text.append(check(text.toString())).toString();
  }

  /// Whether the checksum fits.
  public static boolean wellFormed(String prefix, String text) {
    int body = prefix.length() + RANDOM_CHARS;
    return text.length() == body + CHECK_CHARS
        && text.startsWith(prefix)
        && check(text.substring(0, body)).equals(text.substring(body));
  }

  public static String lastFour(String text) {
    return text.substring(text.length() - 4);
  }

  /// SHA-256 as 64 hexadecimal digits in lower case.
  public static String hash(String text) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static String check(String text) {
    var crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.ISO_8859_1));
    long value = crc.getValue();
    var digits = new char[CHECK_CHARS];
    for (int i = CHECK_CHARS - 1; i >= 0; i--) {
      digits[i] = DIGITS.charAt((int) (value % 62));
      value /= 62;
    }
    return new String(digits);
  }
}
