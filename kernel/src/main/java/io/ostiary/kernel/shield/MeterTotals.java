package io.ostiary.kernel.shield;

/// Everything the meter has seen, and what of it no longer stands in the list of flows.
///
/// @param evictedPackets what flows had counted when newer ones took their places
/// @param unlistedPackets what came while its place was held by a flow alive and proven
public record MeterTotals(
    long packets,
    long bytes,
    long evictedPackets,
    long evictedBytes,
    long unlistedPackets,
    long unlistedBytes) {}
