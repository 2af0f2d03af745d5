package io.ostiary.gateway;

import java.time.Instant;

/// What is held against a policy that kept an event loop from everything else.
///
/// @param count how often, since the start
/// @param longestMillis at most once in a tick of the watch exact
/// @param lastCall the call in which it did so last
public record Stall(
    String policy, long count, long longestMillis, String lastCall, Instant lastAt) {}
