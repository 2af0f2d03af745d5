package io.ostiary.policies;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.ParseException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// A cookie whose content only we can read and make: AES-256-GCM, bound to its name and its owner.
/// Immutable.
final class SealedCookie {
  /// What browsers keep of one cookie, its name included (RFC 6265 section 6.1).
  static final int CHARS_MAX = 4000;

  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final String name;
  private final SecretKeySpec key;

  /// @param whose something else that it is bound to: a cookie of somebody else is not opened
  SealedCookie(String name, byte[] secret, String whose) {
    this.name = name;
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      digest.update(name.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) 0);
      digest.update(whose.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) 0);
      key = new SecretKeySpec(digest.digest(secret), "AES");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  String name() {
    return name;
  }

  /// The value, for a Set-Cookie.
  String seal(Map<String, Object> content) {
    var nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    try {
      var cipher = cipher(Cipher.ENCRYPT_MODE, nonce);
      var text = JSONObjectUtils.toJSONString(content).getBytes(StandardCharsets.UTF_8);
      var sealed = cipher.doFinal(text);
      var all = Arrays.copyOf(nonce, NONCE_BYTES + sealed.length);
      System.arraycopy(sealed, 0, all, NONCE_BYTES, sealed.length);
      return Base64.getUrlEncoder().withoutPadding().encodeToString(all);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES-GCM", e);
    }
  }

  /// Null: not made by us, or changed.
  @Nullable Map<String, Object> open(String value) {
    if (value.length() > CHARS_MAX) {
      return null;
    }
    try {
      var all = Base64.getUrlDecoder().decode(value);
      if (all.length <= NONCE_BYTES) {
        return null;
      }
      var cipher = cipher(Cipher.DECRYPT_MODE, Arrays.copyOf(all, NONCE_BYTES));
      var text = cipher.doFinal(all, NONCE_BYTES, all.length - NONCE_BYTES);
      return JSONObjectUtils.parse(new String(text, StandardCharsets.UTF_8));
    } catch (GeneralSecurityException | ParseException | IllegalArgumentException e) {
      return null;
    }
  }

  private Cipher cipher(int mode, byte[] nonce) throws GeneralSecurityException {
    var cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(name.getBytes(StandardCharsets.UTF_8));
    return cipher;
  }

  /// A Set-Cookie that browsers send back to this host alone, over TLS, and not with other sites'
  /// forms.
  String set(String value, long seconds) {
    return set(name, value, seconds);
  }

  private static String set(String name, String value, long seconds) {
    return name + "=" + value + "; Path=/; Max-Age=" + seconds + "; Secure; HttpOnly; SameSite=Lax";
  }

  String clear() {
    return clear(name);
  }

  static String clear(String name) {
    return set(name, "", 0);
  }
}
