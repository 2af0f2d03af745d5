package io.ostiary.kernel.shield;

import java.net.InetAddress;

/// A flow as the meter listed it, of one or several CPUs. Times are CLOCK_MONOTONIC nanoseconds, to
/// one kernel tick. `outgoing`: the packets left the host. `family` is 4, 6, or 0 for what is
/// neither, which is one flow for each VLAN.
public record MeteredFlow(
    InetAddress source,
    int sourcePort,
    InetAddress destination,
    int destinationPort,
    int family,
    int protocol,
    int vlan,
    boolean outgoing,
    int interfaceIndex,
    long packets,
    long bytes,
    long firstNanos,
    long lastNanos,
    int tcpFlags) {}
