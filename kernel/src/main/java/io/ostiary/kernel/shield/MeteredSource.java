package io.ostiary.kernel.shield;

import java.net.InetAddress;

/// A source as the meter listed it.
public record MeteredSource(
    InetAddress address, long packets, long bytes, long droppedPackets, long lastNanos) {}
