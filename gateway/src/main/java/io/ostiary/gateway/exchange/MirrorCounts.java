package io.ostiary.gateway.exchange;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/// What became of the copies for one upstream, over all plans. Shared by all event loops.
public final class MirrorCounts {
  final AtomicInteger underWay = new AtomicInteger();
  final LongAdder answered = new LongAdder();
  final LongAdder failed = new LongAdder();
  final LongAdder tooLong = new LongAdder();
  final LongAdder tooMany = new LongAdder();
  final LongAdder dropped = new LongAdder();
  private final String upstream;

  MirrorCounts(String upstream) {
    this.upstream = upstream;
  }

  /// As it is at this moment.
  public Reading read() {
    return new Reading(
        upstream,
        answered.sum(),
        failed.sum(),
        tooLong.sum(),
        tooMany.sum(),
        dropped.sum(),
        underWay.get());
  }

  /// @param answered copies that got an answer, whatever its status
  /// @param failed copies that got none
  /// @param tooLong calls not copied because their body was too long
  /// @param tooMany calls not copied because too many copies were under way
  /// @param dropped copies given up because their call ended before its body was complete
  public record Reading(
      String upstream,
      long answered,
      long failed,
      long tooLong,
      long tooMany,
      long dropped,
      int underWay) {}
}
