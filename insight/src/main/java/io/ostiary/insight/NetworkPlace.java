package io.ostiary.insight;

/// Where a packet came in and what the shield said there; given by whoever wires the rooms, since
/// only the kernel side knows its interfaces.
///
/// @param name of the interface
/// @param verdict such as `passed (xdp-native)`
public record NetworkPlace(String name, String verdict) {}
