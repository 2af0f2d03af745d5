package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.model.setting.Secret;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The cookies of one client of one provider. Neither opens what another client or another provider
/// sealed, even with the same secret: who may enter one API may not enter another by that alone. So
/// they have names of their own too, or two such APIs on one host would push each other's sessions
/// out. Immutable.
final class OidcCookies {
  /// Of all cookies that are ours, and of no use to an upstream.
  private static final String OURS = "__Host-ostiary-";

  /// Of a state: what its cookie is named by.
  private static final Pattern PART = Pattern.compile("[0-9A-Za-z_-]{14}");

  private static final int PART_CHARS = 14;
  private static final HeaderName COOKIE = HeaderName.of("Cookie");

  private final byte[] secret;
  private final String whose;
  private final String login;
  private final SealedCookie session;

  private OidcCookies(byte[] secret, String whose, String sign) {
    this.secret = secret;
    this.whose = whose;
    login = OURS + "login-" + sign + "-";
    session = new SealedCookie(OURS + "oidc-" + sign, secret, whose);
  }

  static OidcCookies of(String issuer, String client, Secret secret) {
    var whose = issuer + "\n" + client;
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      var hash = digest.digest(whose.getBytes(StandardCharsets.UTF_8));
      return new OidcCookies(secret.bytes(), whose, HexFormat.of().formatHex(hash, 0, 4));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  SealedCookie session() {
    return session;
  }

  /// The one of a sign-in on its way; each has its own, so that several tabs can be led at once.
  ///
  /// @param state as it came back, which may be anything
  /// @return where no sign-in can have it, a cookie that nobody has
  SealedCookie login(String state) {
    var part = state.substring(0, Math.min(state.length(), PART_CHARS));
    return new SealedCookie(login + (isPart(part) ? part : "none"), secret, whose);
  }

  /// The names of those sign-ins of this browser that are on their way, the oldest first.
  List<String> logins(Exchange exchange) {
    return exchange.requestHeaders().all(COOKIE).stream()
        .flatMap(field -> Arrays.stream(field.split(";", -1)))
        .map(pair -> pair.substring(0, Math.max(0, pair.indexOf('='))).strip())
        .filter(name -> name.startsWith(login) && isPart(name.substring(login.length())))
        .sorted()
        .toList();
  }

  private static boolean isPart(String text) {
    return PART.matcher(text).matches();
  }

  /// The upstream has no use for ours.
  static void hide(Exchange exchange) {
    var fields = exchange.requestHeaders();
    var rest =
        fields.all(COOKIE).stream()
            .flatMap(field -> Arrays.stream(field.split(";", -1)))
            .map(String::strip)
            .filter(pair -> !pair.startsWith(OURS) && !pair.isEmpty())
            .collect(Collectors.joining("; "));
    fields.remove(COOKIE);
    if (!rest.isEmpty()) {
      fields.set(COOKIE, rest);
    }
  }
}
