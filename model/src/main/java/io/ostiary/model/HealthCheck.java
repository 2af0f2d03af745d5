package io.ostiary.model;

import java.time.Duration;

/// An active check: a GET on `path`; any status in 200-399 within `timeout` counts as healthy.
///
/// @param unhealthyAfter consecutive failures that take a target out
/// @param healthyAfter consecutive successes that bring it back
public record HealthCheck(
    String path, Duration every, Duration timeout, int unhealthyAfter, int healthyAfter) {
  public HealthCheck {
    if (!path.startsWith("/")) {
      throw Require.invalid("health.path", path, "a path that starts with '/'");
    }
    Require.between("health.every (ms)", every.toMillis(), 100, 3_600_000);
    Require.between("health.timeout (ms)", timeout.toMillis(), 10, 60_000);
    Require.between("health.unhealthy-after", unhealthyAfter, 1, 100);
    Require.between("health.healthy-after", healthyAfter, 1, 100);
  }
}
