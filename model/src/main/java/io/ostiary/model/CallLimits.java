package io.ostiary.model;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How long calls of one API or route may take and how much they may carry, where it differs from
/// what holds for all. What is null is left to whoever is asked next: a route asks its API, an API
/// its upstream and the gateway's settings.
///
/// @param total from the first byte of the request to the last of the answer
/// @param answer from the last request byte sent to the first response byte
/// @param idle between two reads of one response
/// @param requestBody bytes of one request body
/// @param responseBody bytes of one response body
public record CallLimits(
    @Nullable Duration total,
    @Nullable Duration answer,
    @Nullable Duration idle,
    @Nullable Long requestBody,
    @Nullable Long responseBody) {
  public static final CallLimits NONE = new CallLimits(null, null, null, null, null);

  public CallLimits {
    time("limits.total (ms)", total, 86_400_000);
    time("limits.answer (ms)", answer, 3_600_000);
    time("limits.idle (ms)", idle, 3_600_000);
    size("limits.request-body (bytes)", requestBody);
    size("limits.response-body (bytes)", responseBody);
  }

  private static void time(String name, @Nullable Duration time, long maxMillis) {
    if (time != null) {
      Require.between(name, time.toMillis(), 1, maxMillis);
    }
  }

  private static void size(String name, @Nullable Long bytes) {
    if (bytes != null) {
      Require.between(name, bytes, 0, Long.MAX_VALUE);
    }
  }

  /// These limits, and for what they leave open those of whoever stands around.
  public CallLimits within(CallLimits outer) {
    if (equals(NONE)) {
      return outer;
    }
    return new CallLimits(
        total == null ? outer.total : total,
        answer == null ? outer.answer : answer,
        idle == null ? outer.idle : idle,
        requestBody == null ? outer.requestBody : requestBody,
        responseBody == null ? outer.responseBody : responseBody);
  }
}
