package io.ostiary.policies;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// A wall clock that stands until it is moved.
final class FakeClock implements InstantSource {
  private volatile Instant now = Instant.parse("2026-11-29T12:00:00Z");

  @Override
  public Instant instant() {
    return now;
  }

  void pass(Duration time) {
    now = now.plus(time);
  }
}
