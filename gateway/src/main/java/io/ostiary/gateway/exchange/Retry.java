package io.ostiary.gateway.exchange;

import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.upstream.UpstreamConnection;
import io.ostiary.gateway.upstream.UpstreamHandle;
import io.ostiary.gateway.upstream.UpstreamStream;
import io.ostiary.gateway.wire.Methods;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.Retries;
import io.ostiary.model.Retries.On;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Whether a failed attempt may be followed by another, and how soon.
///
/// Tried again is only what is safe: when no connection came about, so that nothing was sent; or
/// when the method is idempotent or allowed by the settings. In either case what has gone out of
/// the body must be at hand to be sent again ([KeptContent]), and nothing of an answer at the
/// client.
final class Retry {
  /// The answer: not again. Else nanoseconds to wait.
  static final long NO = -1;

  private static final HeaderName RETRY_AFTER = HeaderName.of("Retry-After");
  private static final HeaderName GRPC_STATUS = HeaderName.of("grpc-status");
  private static final int DIGITS_MAX = 6;

  private Retry() {}

  /// @param neverConnected whether nothing can have been sent
  static On kind(String reason, boolean neverConnected) {
    if (neverConnected) {
      return On.CONNECT;
    }
    return switch (reason) {
      case "closed-before-response",
          "reset",
          "truncated-response",
          "cancelled-response",
          "write-timeout" ->
          On.RESET;
      case "answer-timeout", "try-timeout" -> On.TIMEOUT;
      default -> On.MALFORMED;
    };
  }

  /// After an attempt that was not answered.
  ///
  /// @param count of the attempts so far
  static long afterFailure(
      Call call, UpstreamHandle upstream, String reason, boolean neverConnected, int count) {
    var settings = upstream.upstream().retries();
    var kind = kind(reason, neverConnected);
    if (reason.equals("internal")
        || count >= settings.attempts()
        || !settings.on().contains(kind)) {
      return NO;
    }
    if (kind == On.CONNECT) {
      // Another target may be there at once; the same one is not a moment later.
      return upstream.size() > 1 ? wait(settings, count - 1, call.loop().random()) : NO;
    }
    return repeatable(call, settings) ? wait(settings, count, call.loop().random()) : NO;
  }

  /// After an answer with a status of the list.
  ///
  /// @param others whether another target can be asked than the one that answered
  static long afterStatus(
      Call call, UpstreamHandle upstream, ResponseHead head, int count, boolean others) {
    var settings = upstream.upstream().retries();
    if (!settings.on().contains(On.STATUS)
        || count >= settings.attempts()
        || !(settings.statuses().contains(head.status()) || grpcFailed(settings, head))
        || !repeatable(call, settings)) {
      return NO;
    }
    long wait = wait(settings, count, call.loop().random());
    if (others) {
      return wait;
    }
    long asked = retryAfterNanos(head.fields().first(RETRY_AFTER));
    return asked > settings.retryAfterMax().toNanos() ? NO : Math.max(wait, asked);
  }

  private static boolean grpcFailed(Retries settings, ResponseHead head) {
    if (settings.grpc().isEmpty() || head.status() != 200) {
      return false;
    }
    var status = head.fields().first(GRPC_STATUS);
    return status != null && settings.grpc().stream().anyMatch(one -> status.equals("" + one));
  }

  /// Whether sending it twice means the same as once.
  static boolean repeatable(Call call, Retries settings) {
    var method = call.requestHead().method();
    return Methods.idempotent(method) || settings.methods().contains(method);
  }

  /// Whether what this attempt sends may be needed for another one. A stream of HTTP/2 may be given
  /// back unread, whatever its method.
  static boolean mayRepeat(Call call, UpstreamHandle upstream, UpstreamConnection by) {
    var settings = upstream.upstream().retries();
    return settings.attempts() > 1 && (by instanceof UpstreamStream || repeatable(call, settings));
  }

  /// Seconds are understood; a date, which nobody sends for short waits, counts as long.
  static long retryAfterNanos(@Nullable String value) {
    if (value == null) {
      return 0;
    }
    if (value.isEmpty()
        || value.length() > DIGITS_MAX
        || !value.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return Long.MAX_VALUE;
    }
    return Integer.parseInt(value) * 1_000_000_000L;
  }

  /// Twice as long each time, drawn from the upper half, so that those who failed together do not
  /// come back together. The first time after no connection: none.
  private static long wait(Retries settings, int count, SplittableRandom random) {
    if (count <= 0) {
      return 0;
    }
    long most =
        Math.min(
            settings.backOff().toNanos() << Math.min(count - 1, 20),
            settings.backOffMax().toNanos());
    return most == 0 ? 0 : most / 2 + random.nextLong(most / 2 + 1);
  }
}
