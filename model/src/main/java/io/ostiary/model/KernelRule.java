package io.ostiary.model;

import java.util.List;
import java.util.Locale;
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

  /// Drops what goes over `perSecond` from one source, or from one block of sources.
  ///
  /// @param bits how many leading bits of an IPv4 source share one rate; of IPv6 it is 32 more
  record Limit(Match match, Counted counted, long perSecond, int bits) implements KernelRule {
    /// A whole IPv4 address, or an IPv6 /64, since one host may use all of it.
    public static final int SOURCE = 32;

    public Limit {
      Require.between("limit." + counted.word() + " (per second)", perSecond, 1, 100_000_000);
      Require.between("limit.per (bits)", bits, 8, SOURCE);
      if (counted == Counted.CONNECTIONS
          && !match.protocols().isEmpty()
          && !match.protocols().contains(Protocol.TCP)) {
        throw Require.invalid("limit.protocol", "without tcp", "tcp: only it has connections");
      }
    }

    /// So many packets from each source.
    public Limit(Match match, long packetsPerSecond) {
      this(match, Counted.PACKETS, packetsPerSecond, SOURCE);
    }
  }

  /// What a limit counts.
  enum Counted {
    PACKETS,
    /// New TCP connections: their SYNs; while SYN cookies are answered, their handshakes.
    CONNECTIONS;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
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
