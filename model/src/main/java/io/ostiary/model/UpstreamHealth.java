package io.ostiary.model;

/// How one target of an upstream does at this moment, for the control room.
///
/// @param healthy whether new calls are sent to it
/// @param why one sentence; empty where it is healthy and nothing is to be said
/// @param inFlight calls it has not answered yet
/// @param latencyMicros peak-sensitive moving average of its time to the first byte; 0: none yet
/// @param idleConnections kept ready, over all event loops
/// @param standing what the choice among targets knows of it
public record UpstreamHealth(
    String upstream,
    Target target,
    boolean healthy,
    String why,
    int inFlight,
    long latencyMicros,
    int idleConnections,
    Standing standing) {

  /// @param draining whether it gets no new calls because somebody wants it so
  /// @param share of all calls, 0-1, that is meant for it by level, health and weight, before
  ///   latency and load are looked at
  /// @param ramp how far its weight has grown after it came back, 0-1
  /// @param serverMicros of the latency, the server's own part; 0: the kernel did not tell
  /// @param roundTripMicros of its connections, as the kernel smoothed it; 0: the same
  /// @param loss share of segments, 0-1, that had to come again
  /// @param ejections how often in a row its calls took it out
  public record Standing(
      boolean draining,
      double share,
      double ramp,
      long serverMicros,
      long roundTripMicros,
      double loss,
      int ejections) {}
}
