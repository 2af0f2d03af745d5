package io.ostiary.insight;

import java.util.List;

/// Calls that ended since the sample before, the newest first.
///
/// @param matched how many matched the filter
/// @param leftOut how many of these are not in `calls`, because there were more than fit
public record CallSample(List<CallLine> calls, long matched, long leftOut) {
  public CallSample {
    calls = List.copyOf(calls);
  }
}
