package io.ostiary.model;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/// One rule of the shield. Everything that is left empty matches everything. The first matching
/// `Allow` wins over every `Deny` and `Limit`, and a packet that neither decides is counted against
/// the first `Limit` that matches.
public sealed interface KernelRule {
  /// Which packets it is about.
  Match match();

  /// `allow`, `deny` or `limit`.
  default String action() {
    return switch (this) {
      case Allow _ -> "allow";
      case Deny _ -> "deny";
      case Limit _ -> "limit";
    };
  }

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

  /// All that is said must hold.
  ///
  /// @param from source blocks, IPv4 and IPv6
  /// @param fromSets names of [KernelSet]s, which add to `from`
  /// @param to destination blocks
  /// @param toSets names of sets, which add to `to`
  /// @param fromPorts source ports
  /// @param toPorts destination ports
  /// @param tcpFlags of TCP only
  /// @param icmpTypes of ICMP only
  /// @param interfaces names of the interfaces that packets come in by
  /// @param vlans ids; a packet with two tags has two
  record Match(
      List<Cidr> from,
      List<String> fromSets,
      List<Cidr> to,
      List<String> toSets,
      List<PortRange> fromPorts,
      List<PortRange> toPorts,
      Set<Protocol> protocols,
      TcpFlags tcpFlags,
      Set<IcmpType> icmpTypes,
      Set<String> interfaces,
      Set<Integer> vlans) {
    public Match {
      from = List.copyOf(from);
      fromSets = List.copyOf(fromSets);
      to = List.copyOf(to);
      toSets = List.copyOf(toSets);
      fromPorts = List.copyOf(fromPorts);
      toPorts = List.copyOf(toPorts);
      protocols = Set.copyOf(protocols);
      icmpTypes = Set.copyOf(icmpTypes);
      interfaces = Set.copyOf(interfaces);
      interfaces.forEach(name -> KernelSettings.Interfaces.check("interfaces", name));
      vlans = Set.copyOf(vlans);
      vlans.forEach(vlan -> Require.between("vlan", vlan, 1, 4094));
      boolean ports = !fromPorts.isEmpty() || !toPorts.isEmpty();
      boolean without =
          !protocols.isEmpty()
              && protocols.stream().noneMatch(one -> one == Protocol.TCP || one == Protocol.UDP);
      if (ports && without) {
        throw Require.invalid(
            toPorts.isEmpty() ? "from-port" : "to-port",
            "with " + words(protocols),
            "tcp or udp: " + words(protocols) + " has no ports");
      }
      if (!tcpFlags.equals(TcpFlags.ANY) && !protocols.equals(Set.of(Protocol.TCP))) {
        throw Require.invalid("tcp-flags", "without protocol: tcp", "protocol: tcp");
      }
      if (!icmpTypes.isEmpty() && !protocols.equals(Set.of(Protocol.ICMP))) {
        throw Require.invalid("icmp-type", "without protocol: icmp", "protocol: icmp");
      }
    }

    /// The same with other blocks and sets.
    public Match withBlocks(
        List<Cidr> from, List<String> fromSets, List<Cidr> to, List<String> toSets) {
      return new Match(
          from,
          fromSets,
          to,
          toSets,
          fromPorts,
          toPorts,
          protocols,
          tcpFlags,
          icmpTypes,
          interfaces,
          vlans);
    }

    private static String words(Set<Protocol> protocols) {
      return protocols.stream()
          .map(protocol -> protocol.name().toLowerCase(Locale.ROOT))
          .sorted()
          .collect(Collectors.joining(", "));
    }

    public Match(List<Cidr> from, List<PortRange> toPorts, Set<Protocol> protocols) {
      this(
          from,
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          toPorts,
          protocols,
          TcpFlags.ANY,
          Set.of(),
          Set.of(),
          Set.of());
    }

    public boolean fromAnywhere() {
      return from.isEmpty() && fromSets.isEmpty();
    }

    public boolean toAnywhere() {
      return to.isEmpty() && toSets.isEmpty();
    }

    /// Whether it asks for more than source, destination port, protocol and ICMP type.
    public boolean asksForMore() {
      return !toAnywhere()
          || !fromPorts.isEmpty()
          || !tcpFlags.equals(TcpFlags.ANY)
          || !interfaces.isEmpty()
          || !vlans.isEmpty();
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

    @Override
    public String toString() {
      return first == last ? Integer.toString(first) : first + "-" + last;
    }
  }

  /// ICMP stands for ICMPv4 and ICMPv6.
  enum Protocol {
    TCP(6),
    UDP(17),
    ICMP(1),
    SCTP(132),
    GRE(47),
    ESP(50),
    IGMP(2);

    private final int number;

    Protocol(int number) {
      this.number = number;
    }

    /// As IP numbers them.
    public boolean is(int other) {
      return number == other || (this == ICMP && other == 58);
    }
  }

  /// Bits as they stand in a TCP header: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR
  /// 128.
  ///
  /// @param set all of these
  /// @param unset none of these
  record TcpFlags(int set, int unset) {
    public static final TcpFlags ANY = new TcpFlags(0, 0);
    public static final List<String> NAMES =
        List.of("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr");

    public TcpFlags {
      Require.between("tcp-flags", set | unset, 0, 255);
      if ((set & unset) != 0) {
        throw Require.invalid("tcp-flags", "a flag both set and unset", "one of them");
      }
    }

    public boolean match(int flags) {
      return (flags & set) == set && (flags & unset) == 0;
    }
  }

  /// @param four the type in ICMPv4, -1: it has none
  /// @param six the type in ICMPv6, -1: it has none
  record IcmpType(int four, int six) {
    public IcmpType {
      Require.between("icmp-type", four, -1, 255);
      Require.between("icmp-type", six, -1, 255);
    }
  }
}
