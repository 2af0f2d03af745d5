package io.ostiary.control.access;

import io.javalin.http.Context;
import io.ostiary.control.http.ApiProblem;
import java.time.Clock;
import org.jspecify.annotations.Nullable;

/// Trades a one-time code or the token for a session, and slows down those who guess.
public final class SignIn {
  private final AdminToken token;
  private final SignInCodes codes;
  private final Sessions sessions;
  private final SessionCookie cookie;
  private final Clock clock;
  private final Throttle throttle = new Throttle();

  public SignIn(
      AdminToken token, SignInCodes codes, Sessions sessions, SessionCookie cookie, Clock clock) {
    this.token = token;
    this.codes = codes;
    this.sessions = sessions;
    this.cookie = cookie;
    this.clock = clock;
  }

  /// Exactly one of the two is given.
  public Sessions.Session signIn(Context context, @Nullable String code, @Nullable String secret) {
    Guard.checkSameOrigin(context);
    var address = Guard.address(context);
    long wait = throttle.waitSeconds(address, clock.millis());
    if (wait > 0) {
      context.header("Retry-After", Long.toString(wait));
      throw ApiProblem.of(
          429,
          "too-many-sign-ins",
          "Too many failed sign-ins",
          "too many failures within a minute. Try again in " + wait + " s.");
    }
    boolean good = code != null ? codes.use(code) : secret != null && token.matches(secret);
    if (!good) {
      throttle.failed(address, clock.millis());
      throw ApiProblem.of(
          401,
          "sign-in-failed",
          "Not signed in",
          "the code was used, has ended or is unknown, or the token is wrong (expected: a fresh"
              + " link, or the content of DATA/admin.token)");
    }
    var opened = sessions.open(Guard.admin(context));
    cookie.set(context, opened.secret());
    return opened.session();
  }

  public void signOut(Context context) {
    var principal = Guard.principal(context);
    if (principal.session() != null) {
      sessions.close(principal.session(), principal.actor());
    }
    cookie.clear(context);
  }
}
