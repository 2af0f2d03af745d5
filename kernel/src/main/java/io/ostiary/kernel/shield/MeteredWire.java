package io.ostiary.kernel.shield;

/// What left an interface, and how many packets were merged before they were counted: the device's
/// own counters (`ip -s link`) may have counted each aggregate as one.
public record MeteredWire(long sentPackets, long sentBytes, long sentMerged, long receivedMerged) {}
