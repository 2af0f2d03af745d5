package io.ostiary.policies;

import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Verdict;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;

/// How sign-ins refuse.
final class Refusals {
  private static final Verdict BUSY =
      new Verdict.Reply(
          Problem.of(
                  503,
                  "sign-in-busy",
                  "Too many sign-ins at once",
                  "Too many credentials are being checked at the moment. Try again in a moment.")
              .withFields(Field.of("Retry-After", "1")));

  private Refusals() {}

  /// A credential that is not good; the message is for the caller.
  static final class Refused extends RuntimeException {
    Refused(String message) {
      super(message, null, false, false);
    }
  }

  /// A credential that cannot be checked now; the message is for the operator.
  static final class Unavailable extends RuntimeException {
    Unavailable(String message) {
      super(message, null, false, false);
    }
  }

  static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  /// 401 with a challenge (RFC 9110 section 11.6.1).
  ///
  /// @param parameters behind the realm, empty or beginning with a comma
  static Verdict unauthorized(
      String code, String title, String detail, String scheme, String realm, String parameters) {
    var challenge = scheme + " realm=\"" + realm + "\"" + parameters;
    return new Verdict.Reply(
        Problem.of(401, code, title, detail).withFields(Field.of("WWW-Authenticate", challenge)));
  }

  static Verdict busy() {
    return BUSY;
  }

  static boolean isBusy(Throwable failure) {
    return failure instanceof RejectedExecutionException;
  }
}
