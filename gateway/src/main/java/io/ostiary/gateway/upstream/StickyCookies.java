package io.ostiary.gateway.upstream;

import io.ostiary.model.Spread.Sticky;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// The cookie by which a client meets the same target again. Its value is a keyed hash (HMAC) of
/// the target's address: it tells nothing of the network behind the gateway, and nobody can make
/// one for a target that they have not met. Immutable.
public final class StickyCookies {
  private static final int VALUE_BYTES = 16;
  private static final byte[] OF_THIS_START = random();

  private final String name;
  private final String attributes;
  private final Map<String, Endpoint> endpoints = new HashMap<>();
  private final Map<Endpoint, String> values = new HashMap<>();

  StickyCookies(String upstream, Sticky settings, List<Endpoint> all) {
    name = settings.cookie();
    long seconds = settings.lasts().toSeconds();
    attributes = "; Path=/; HttpOnly; SameSite=Lax" + (seconds > 0 ? "; Max-Age=" + seconds : "");
    var secret = settings.secret();
    var key = secret == null ? OF_THIS_START : secret.getBytes(StandardCharsets.UTF_8);
    for (var endpoint : all) {
      var value = value(key, upstream + " " + endpoint.target());
      endpoints.put(value, endpoint);
      values.put(endpoint, value);
    }
  }

  private static byte[] random() {
    var bytes = new byte[32];
    new SecureRandom().nextBytes(bytes);
    return bytes;
  }

  private static String value(byte[] key, String text) {
    try {
      var mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      var hash = mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(java.util.Arrays.copyOf(hash, VALUE_BYTES));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }

  /// Its name.
  public String name() {
    return name;
  }

  /// Null: a cookie of no target that is there.
  @Nullable Endpoint endpoint(@Nullable String value) {
    return value == null ? null : endpoints.get(value);
  }

  /// What the client is told to keep, or null where it has that already.
  ///
  /// @param sent what it sent
  public @Nullable String setCookie(Endpoint met, @Nullable String sent) {
    var value = values.get(met);
    return value == null || value.equals(sent) ? null : name + "=" + value + attributes;
  }
}
