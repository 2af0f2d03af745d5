package io.ostiary.model;

import java.util.List;
import java.util.Set;

/// One rule of the shield. Everything that is left empty matches everything. The first matching
/// `Allow` wins over every `Deny`, and a packet that is not denied is counted against each `Limit`.
public sealed interface KernelRule {
  /// Which packets it is about.
  Match match();

  /// Lets packets in that a deny rule would drop.
  record Allow(Match match) implements KernelRule {}

  /// Drops packets.
  record Deny(Match match) implements KernelRule {}

  /// Drops what goes over `packetsPerSecond` from one source address.
  record Limit(Match match, long packetsPerSecond) implements KernelRule {
    public Limit {
      Require.between("limit.packets (per second)", packetsPerSecond, 1, 100_000_000);
    }
  }

  /// @param from source blocks, IPv4 and IPv6
  /// @param toPorts destination ports
  /// @param protocols of TCP, UDP, ICMP
  record Match(List<Cidr> from, List<PortRange> toPorts, Set<Protocol> protocols) {
    public Match {
      from = List.copyOf(from);
      toPorts = List.copyOf(toPorts);
      protocols = Set.copyOf(protocols);
    }
  }

  /// @param first and `last` are both included
  record PortRange(int first, int last) {
    public PortRange {
      Require.port("port", first);
      Require.port("port", last);
      if (first > last) {
        throw Require.invalid("to-port", first + "-" + last, "the smaller port first");
      }
    }
  }

  /// ICMP stands for ICMPv4 and ICMPv6.
  enum Protocol {
    TCP,
    UDP,
    ICMP
  }
}
