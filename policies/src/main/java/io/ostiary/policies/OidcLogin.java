package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Message;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// A sign-in on its way to the provider and back. What we must know of it when it comes back stands
/// in a cookie of its own, for ten minutes: so any node can take it, what comes back in another
/// browser is not believed, and several tabs can be on their way at once. Immutable.
final class OidcLogin {
  private static final Duration LIMIT = Duration.ofMinutes(10);
  private static final int TARGET_CHARS_MAX = 2000;

  /// Of one browser: more would make heads that nobody takes, so the oldest are given up.
  private static final int AT_ONCE = 4;

  private final OidcCookies cookies;
  private final String client;
  private final Set<String> scopes;
  private final InstantSource clock;

  OidcLogin(OidcCookies cookies, String client, Set<String> scopes, InstantSource clock) {
    this.cookies = cookies;
    this.client = client;
    this.scopes = new TreeSet<>(scopes);
    this.scopes.add("openid");
    this.clock = clock;
  }

  /// Where to, and how it comes back.
  ///
  /// @param target the page that was asked for
  /// @param back where the provider leads to
  /// @param others the names of those of this browser that are on their way
  record Trip(String target, String back, List<String> others) {}

  /// One that came back.
  ///
  /// @param over takes its cookie back
  record Begun(String target, String back, String nonce, String verifier, String over) {}

  Message leave(Provider.Endpoints found, Trip trip) {
    var state = part() + Pkce.random();
    var nonce = Pkce.random();
    var verifier = Pkce.random() + Pkce.random();
    Map<String, Object> kept = new LinkedHashMap<>();
    kept.put("state", state);
    kept.put("nonce", nonce);
    kept.put("verifier", verifier);
    kept.put("target", trip.target.length() > TARGET_CHARS_MAX ? "/" : trip.target);
    kept.put("back", trip.back);
    kept.put("until", clock.millis() + LIMIT.toMillis());
    var parameters = new LinkedHashMap<String, String>();
    parameters.put("response_type", "code");
    parameters.put("client_id", client);
    parameters.put("redirect_uri", trip.back);
    parameters.put("scope", String.join(" ", scopes));
    parameters.put("state", state);
    parameters.put("nonce", nonce);
    parameters.put("code_challenge", Pkce.challenge(verifier));
    parameters.put("code_challenge_method", "S256");
    var place = found.authorization().toString();
    var location = place + (place.indexOf('?') < 0 ? "?" : "&") + OauthClient.form(parameters);
    var set = new ArrayList<String>();
    for (var old : trip.others.subList(0, Math.max(0, trip.others.size() - AT_ONCE + 1))) {
      set.add(SealedCookie.clear(old));
    }
    var cookie = cookies.login(state);
    set.add(cookie.set(cookie.seal(kept), LIMIT.toSeconds()));
    return redirect(location, set);
  }

  /// In order of time, and with so much by chance that two at once differ.
  private String part() {
    var seconds = Long.toString(clock.millis() / 1000, 36);
    return "0".repeat(Math.max(0, 8 - seconds.length())) + seconds + Pkce.random().substring(0, 6);
  }

  /// Null: it was not begun in this browser, or too long ago.
  @Nullable Begun cameBack(Exchange exchange, String state) {
    var cookie = cookies.login(state);
    var value = When.cookie(exchange, cookie.name());
    var kept = value == null ? null : cookie.open(value);
    if (kept == null
        || !(kept.get("until") instanceof Number until)
        || until.longValue() <= clock.millis()
        || !same(state, String.valueOf(kept.get("state")))) {
      return null;
    }
    return new Begun(
        String.valueOf(kept.get("target")),
        String.valueOf(kept.get("back")),
        String.valueOf(kept.get("nonce")),
        String.valueOf(kept.get("verifier")),
        cookie.clear());
  }

  static Message redirect(String location, List<String> cookies) {
    var fields = new ArrayList<Field>();
    fields.add(Field.of("Location", location));
    fields.add(Field.of("Cache-Control", "no-store"));
    cookies.forEach(cookie -> fields.add(Field.of("Set-Cookie", cookie)));
    return new Message(302, fields, "");
  }

  static boolean same(String one, String other) {
    return MessageDigest.isEqual(
        one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
  }
}
