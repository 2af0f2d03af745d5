package io.ostiary.model;

/// How one target of an upstream does at this moment, for the control room.
///
/// @param healthy whether new calls are sent to it
/// @param why one sentence; empty where it is healthy and nothing is to be said
/// @param inFlight calls it has not answered yet
/// @param latencyMicros peak-sensitive moving average of its time to the first byte; 0: none yet
/// @param idleConnections kept ready, over all event loops
public record UpstreamHealth(
    String upstream,
    Target target,
    boolean healthy,
    String why,
    int inFlight,
    long latencyMicros,
    int idleConnections) {}
