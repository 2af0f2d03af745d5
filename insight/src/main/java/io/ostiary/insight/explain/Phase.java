package io.ostiary.insight.explain;

import io.ostiary.model.Require;

/// One bar of the waterfall. Offsets are nanoseconds relative to the entry's start.
///
/// @param name such as `handshake`, `request`, `wait in socket`, `connect`, or a policy's name
/// @param counted whether it is part of the call's total; an earlier handshake of a reused
///   connection is drawn, but not counted
public record Phase(Lane lane, String name, long start, long end, boolean counted) {
  public Phase {
    if (end < start) {
      throw Require.invalid("phase.end", end, "not before its start, " + start);
    }
  }

  public long nanos() {
    return end - start;
  }
}
