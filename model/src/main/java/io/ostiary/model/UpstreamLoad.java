package io.ostiary.model;

/// What an upstream carries at this moment, and what was decided about its calls since the start.
///
/// @param active attempts in flight
/// @param bound how many may be; 0: nothing bounds them
/// @param waiting calls that wait for a place
/// @param repeats attempts in flight that are not the first of their call
/// @param budget how many of these may be
/// @param panic whether too few targets are healthy, so that all are asked
/// @param withoutQueueMicros what the adaptive limit takes for the latency without a queue; 0: it
///   does not run, or does not know
/// @param discovery what is known of targets that are asked for, one sentence; empty: none are
/// @param counts since the start
public record UpstreamLoad(
    String upstream,
    int active,
    int bound,
    int waiting,
    int repeats,
    int budget,
    boolean panic,
    long withoutQueueMicros,
    String discovery,
    Counts counts) {
  /// @param retriesRefused repeats that the budget did not allow
  /// @param hedgesWon hedges whose answer was the one that counted
  /// @param ejections targets taken out because of how their calls went
  public record Counts(
      long retries,
      long retriesRefused,
      long hedges,
      long hedgesWon,
      long ejections,
      long shedLow,
      long shedNormal,
      long shedHigh) {}
}
