package io.ostiary.bench;

import java.io.IOException;

/// Loads a candidate until its compilers have seen what is measured: in bursts as long as a
/// measurement, each over connections of its own.
///
/// A JVM leaves out of its machine code what never ran while it watched. The beginning and the end
/// of a connection run once for each connection, however long the load is; after one long burst
/// they came up in the measurements, each time threw a large piece of code away, and up to a third
/// of a measurement was compiling. The same holds for a configuration that is changed between two
/// measurements, and for the pause before one: where candidates are measured in rounds, a burst is
/// a round. Every candidate is warmed up alike.
final class WarmUp {
  private static final int SECONDS = Integer.getInteger("ostiary.warm-up", 30);
  private static final int BURST_SECONDS = 3;

  private WarmUp() {}

  /// One burst of a load.
  @FunctionalInterface
  interface Burst {
    void send(int seconds) throws IOException, InterruptedException;
  }

  static void of(String name, Burst burst) throws IOException, InterruptedException {
    Bench.say("warming up " + name);
    for (int left = SECONDS; left > 0; left -= BURST_SECONDS) {
      burst.send(Math.min(left, BURST_SECONDS));
    }
  }
}
