package io.ostiary.control;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// How a target of an upstream is doing, as the data plane sees it.
///
/// @param target as [io.ostiary.model.Target#toString] writes it
/// @param why a sentence: the last check, or the failures that took it out; may be empty
/// @param since when it came into this state; null: unknown
/// @param inFlight calls it is working on; null: unknown
/// @param latencyMicros smoothed; null: unknown
public record TargetHealth(
    String upstream,
    String target,
    State state,
    String why,
    @Nullable Instant since,
    @Nullable Long inFlight,
    @Nullable Long latencyMicros) {
  /// Whether it gets calls. Unknown gets them too.
  public enum State {
    HEALTHY,
    UNHEALTHY,
    UNKNOWN
  }
}
