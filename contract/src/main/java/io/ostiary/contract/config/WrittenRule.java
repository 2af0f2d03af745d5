package io.ostiary.contract.config;

import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.Elsewhere;
import io.ostiary.model.setting.OrOne;
import io.ostiary.model.setting.SomeIfGiven;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A rule of the shield as people write it, and what it means.
sealed interface WrittenRule {
  /// What others call the settings of a rule.
  final class Others {
    static final String FROM = "source sources src saddr source-ip src-ip ip ips cidr";
    static final String TO = "destination dest dst daddr destination-ip dst-ip";
    static final String FROM_PORT = "source-port src-port sport";
    static final String TO_PORT = "port ports destination-port dst-port dport";
    static final String PROTOCOL = "proto l4proto ip-protocol";
    static final String INTERFACES = "iif in-interface device dev";
    static final String VLAN = "vid vlan-id vlans";
    static final String TCP_FLAGS = "flags";
    static final String ICMP_TYPE = "icmp";

    private Others() {}
  }

  KernelRule meaning();

  /// Its name in the file.
  default String word() {
    return switch (this) {
      case Deny _ -> "deny";
      case Allow _ -> "allow";
      case Limit _ -> "limit";
    };
  }

  @About("Drops packets")
  record Deny(
      @Elsewhere(Others.FROM) @About("Source addresses and blocks") @OrOne @SomeIfGiven
          List<Cidr> from,
      @About("Names of sets of source addresses, beside from") @OrOne @SomeIfGiven
          List<String> fromSet,
      @Elsewhere(Others.TO) @About("Destination addresses and blocks") @OrOne @SomeIfGiven
          List<Cidr> to,
      @About("Names of sets of destination addresses, beside to") @OrOne @SomeIfGiven
          List<String> toSet,
      @Elsewhere(Others.FROM_PORT) @About("Source ports: 53, \"1-1023\" or a list") @OrOne
          List<Ports> fromPort,
      @Elsewhere(Others.TO_PORT) @About("Destination ports: 8080, \"8000-8100\" or a list") @OrOne
          List<Ports> toPort,
      @Elsewhere(Others.PROTOCOL) @About("tcp, udp, icmp, sctp, gre, esp or igmp") @OrOne
          Set<Protocol> protocol,
      @Elsewhere(Others.TCP_FLAGS)
          @About("Flags that are set, and with no- before them not set: [ syn, no-ack ]")
          @OrOne
          List<TcpFlag> tcpFlags,
      @Elsewhere(Others.ICMP_TYPE)
          @About("echo-request, another name, or a number such as 13 or v6/143")
          @OrOne
          List<IcmpName> icmpType,
      @Elsewhere(Others.INTERFACES) @About("Interfaces that packets come in by") @OrOne
          Set<String> interfaces,
      @Elsewhere(Others.VLAN) @About("VLAN ids 1-4094") @OrOne Set<Integer> vlan)
      implements WrittenRule {
    @Override
    public KernelRule meaning() {
      return new KernelRule.Deny(
          selective(
              "deny",
              WrittenRule.match(
                  from,
                  fromSet,
                  to,
                  toSet,
                  fromPort,
                  toPort,
                  protocol,
                  tcpFlags,
                  icmpType,
                  interfaces,
                  vlan)));
    }
  }

  @About("Lets packets in that a deny rule would drop")
  record Allow(
      @Elsewhere(Others.FROM) @About("Source addresses and blocks") @OrOne @SomeIfGiven
          List<Cidr> from,
      @About("Names of sets of source addresses, beside from") @OrOne @SomeIfGiven
          List<String> fromSet,
      @Elsewhere(Others.TO) @About("Destination addresses and blocks") @OrOne @SomeIfGiven
          List<Cidr> to,
      @About("Names of sets of destination addresses, beside to") @OrOne @SomeIfGiven
          List<String> toSet,
      @Elsewhere(Others.FROM_PORT) @About("Source ports: 53, \"1-1023\" or a list") @OrOne
          List<Ports> fromPort,
      @Elsewhere(Others.TO_PORT) @About("Destination ports: 8080, \"8000-8100\" or a list") @OrOne
          List<Ports> toPort,
      @Elsewhere(Others.PROTOCOL) @About("tcp, udp, icmp, sctp, gre, esp or igmp") @OrOne
          Set<Protocol> protocol,
      @Elsewhere(Others.TCP_FLAGS)
          @About("Flags that are set, and with no- before them not set: [ syn, no-ack ]")
          @OrOne
          List<TcpFlag> tcpFlags,
      @Elsewhere(Others.ICMP_TYPE)
          @About("echo-request, another name, or a number such as 13 or v6/143")
          @OrOne
          List<IcmpName> icmpType,
      @Elsewhere(Others.INTERFACES) @About("Interfaces that packets come in by") @OrOne
          Set<String> interfaces,
      @Elsewhere(Others.VLAN) @About("VLAN ids 1-4094") @OrOne Set<Integer> vlan)
      implements WrittenRule {
    @Override
    public KernelRule meaning() {
      return new KernelRule.Allow(
          selective(
              "allow",
              WrittenRule.match(
                  from,
                  fromSet,
                  to,
                  toSet,
                  fromPort,
                  toPort,
                  protocol,
                  tcpFlags,
                  icmpType,
                  interfaces,
                  vlan)));
    }
  }

  @About("Drops what goes over a rate")
  record Limit(
      @Elsewhere(Others.FROM) @About("Source addresses and blocks") @OrOne @SomeIfGiven
          List<Cidr> from,
      @About("Names of sets of source addresses, beside from") @OrOne @SomeIfGiven
          List<String> fromSet,
      @Elsewhere(Others.TO) @About("Destination addresses and blocks") @OrOne @SomeIfGiven
          List<Cidr> to,
      @About("Names of sets of destination addresses, beside to") @OrOne @SomeIfGiven
          List<String> toSet,
      @Elsewhere(Others.FROM_PORT) @About("Source ports: 53, \"1-1023\" or a list") @OrOne
          List<Ports> fromPort,
      @Elsewhere(Others.TO_PORT) @About("Destination ports: 8080, \"8000-8100\" or a list") @OrOne
          List<Ports> toPort,
      @Elsewhere(Others.PROTOCOL) @About("tcp, udp, icmp, sctp, gre, esp or igmp") @OrOne
          Set<Protocol> protocol,
      @Elsewhere(Others.TCP_FLAGS)
          @About("Flags that are set, and with no- before them not set: [ syn, no-ack ]")
          @OrOne
          List<TcpFlag> tcpFlags,
      @Elsewhere(Others.ICMP_TYPE)
          @About("echo-request, another name, or a number such as 13 or v6/143")
          @OrOne
          List<IcmpName> icmpType,
      @Elsewhere(Others.INTERFACES) @About("Interfaces that packets come in by") @OrOne
          Set<String> interfaces,
      @Elsewhere(Others.VLAN) @About("VLAN ids 1-4094") @OrOne Set<Integer> vlan,
      @About("How many packets, such as 20000/s") @Nullable Rate packets,
      @About("How many new TCP connections, such as 50/s") @Nullable Rate connections,
      @About("What has a rate of its own: source, or a block of sources such as /24")
          @Default("source")
          Per per)
      implements WrittenRule {
    public Limit {
      if ((packets == null) == (connections == null)) {
        throw Require.invalid(
            "limit",
            packets == null ? "no rate" : "two rates",
            "packets or connections: a rate such as 20000/s");
      }
    }

    @Override
    public KernelRule meaning() {
      var match =
          WrittenRule.match(
              from,
              fromSet,
              to,
              toSet,
              fromPort,
              toPort,
              protocol,
              tcpFlags,
              icmpType,
              interfaces,
              vlan);
      if (connections != null) {
        return new KernelRule.Limit(
            match, KernelRule.Counted.CONNECTIONS, connections.perSecond(), per.bits());
      }
      long perSecond = packets == null ? 0 : packets.perSecond();
      return new KernelRule.Limit(match, KernelRule.Counted.PACKETS, perSecond, per.bits());
    }
  }

  private static KernelRule.Match match(
      List<Cidr> from,
      List<String> fromSet,
      List<Cidr> to,
      List<String> toSet,
      List<Ports> fromPort,
      List<Ports> toPort,
      Set<Protocol> protocol,
      List<TcpFlag> tcpFlags,
      List<IcmpName> icmpType,
      Set<String> interfaces,
      Set<Integer> vlan) {
    return new KernelRule.Match(
        from,
        fromSet,
        to,
        toSet,
        ranges(fromPort),
        ranges(toPort),
        protocol.stream()
            .map(one -> KernelRule.Protocol.valueOf(one.name()))
            .collect(Collectors.toSet()),
        TcpFlag.all(tcpFlags),
        icmpType.stream().map(IcmpName::type).collect(Collectors.toSet()),
        interfaces,
        vlan);
  }

  private static List<KernelRule.PortRange> ranges(List<Ports> ports) {
    return ports.stream()
        .map(range -> new KernelRule.PortRange(range.first(), range.last()))
        .toList();
  }

  private static KernelRule.Match selective(String name, KernelRule.Match match) {
    var everything = new KernelRule.Match(List.of(), List.of(), Set.of());
    if (match.equals(everything)) {
      throw Require.invalid(name, "every packet", "from, to-port, protocol or another condition");
    }
    return match;
  }

  enum Protocol {
    TCP,
    UDP,
    ICMP,
    SCTP,
    GRE,
    ESP,
    IGMP
  }
}
