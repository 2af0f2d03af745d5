package io.ostiary.gateway.exchange;

import io.ostiary.model.CallLimits;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The limits of a route's calls as numbers; 0 or less: none of its own. Immutable.
///
/// @param requestBodyMax -1: the gateway's
/// @param responseBodyMax -1: none
record Bounds(
    long totalNanos, long answerNanos, long idleNanos, long requestBodyMax, long responseBodyMax) {
  private static final Bounds NONE = new Bounds(0, 0, 0, -1, -1);

  static Bounds of(CallLimits limits) {
    if (limits.equals(CallLimits.NONE)) {
      return NONE;
    }
    return new Bounds(
        nanos(limits.total()),
        nanos(limits.answer()),
        nanos(limits.idle()),
        bytes(limits.requestBody()),
        bytes(limits.responseBody()));
  }

  private static long nanos(@Nullable Duration time) {
    return time == null ? 0 : time.toNanos();
  }

  private static long bytes(@Nullable Long most) {
    return most == null ? -1 : most;
  }

  boolean responseTooLong(long bytes) {
    return responseBodyMax >= 0 && bytes > responseBodyMax;
  }
}
