package io.ostiary.insight;

import java.time.Duration;
import java.util.List;

/// The last seconds, minutes and hours, from memory: it works without the store.
public interface LiveView {
  /// How many feeds of both kinds may be open at once.
  int FEEDS_MAX = 64;

  /// How many calls one sample holds at most.
  int SAMPLE_MAX = 500;

  /// The last full second with the lists beside it.
  LiveTick latest();

  /// Points of 1 s for spans up to 15 minutes, of 10 s for longer ones up to 6 hours; the oldest
  /// first. Seconds before the start have no point; seconds without calls have an empty one.
  List<Point> series(Duration span);

  /// One tick a second. A slow reader misses ticks and gets the newest.
  ///
  /// @throws IllegalStateException when [#FEEDS_MAX] feeds are open
  Feed<LiveTick> ticks();

  /// The newest calls that match, up to four samples a second. Says how many it left out.
  ///
  /// @param limit lines in one sample, 1-500
  /// @throws IllegalStateException when [#FEEDS_MAX] feeds are open
  Feed<CallSample> calls(CallFilter filter, int limit);
}
