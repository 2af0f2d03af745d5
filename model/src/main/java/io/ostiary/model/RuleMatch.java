package io.ostiary.model;

import io.ostiary.model.KernelRule.Match;
import io.ostiary.model.KernelRule.PortRange;
import io.ostiary.model.KernelRule.TcpFlags;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Which packets a rule is about, asked of what is remembered of them: addresses, destination port,
/// protocol, VLAN and interface. Immutable.
///
/// Where a rule asks for more, this says yes: what it finds is then at most what the rule would.
public final class RuleMatch {
  private final Match match;
  private final CidrSet from;
  private final CidrSet to;

  /// @param sets what the named sets hold
  public RuleMatch(Match match, Map<String, List<Cidr>> sets) {
    this.match = match;
    from = all(match.from(), match.fromSets(), sets);
    to = all(match.to(), match.toSets(), sets);
  }

  private static CidrSet all(List<Cidr> own, List<String> names, Map<String, List<Cidr>> sets) {
    var lists = new ArrayList<List<Cidr>>(List.of(own));
    names.forEach(name -> lists.add(sets.getOrDefault(name, List.of())));
    return new CidrSet(CidrBlocks.of(lists));
  }

  /// What it asks for and cannot be told here, in the words of the file.
  public List<String> untold() {
    var untold = new ArrayList<String>();
    if (!match.fromPorts().isEmpty()) {
      untold.add("from-port");
    }
    if (!match.tcpFlags().equals(TcpFlags.ANY)) {
      untold.add("tcp-flags");
    }
    if (!match.icmpTypes().isEmpty()) {
      untold.add("icmp-type");
    }
    return untold;
  }

  /// @param protocol as IP numbers them
  /// @param vlan 0: none
  public boolean packet(
      InetAddress source,
      InetAddress destination,
      int destinationPort,
      int protocol,
      int vlan,
      String interfaceName) {
    return source(source)
        && (match.toAnywhere() || to.contains(destination))
        && port(destinationPort, protocol)
        && (match.protocols().isEmpty()
            || match.protocols().stream().anyMatch(one -> one.is(protocol)))
        && (match.interfaces().isEmpty() || match.interfaces().contains(interfaceName))
        && (match.vlans().isEmpty() || match.vlans().contains(vlan));
  }

  /// Whether packets of this source to a TCP port of ours may be meant.
  public boolean connection(InetAddress source, int port) {
    return source(source)
        && port(port, 6)
        && (match.protocols().isEmpty() || match.protocols().contains(KernelRule.Protocol.TCP));
  }

  private boolean source(InetAddress source) {
    return match.fromAnywhere() || from.contains(source);
  }

  /// A rule that names a port is about TCP and UDP only.
  private boolean port(int port, int protocol) {
    boolean any = match.toPorts().isEmpty();
    boolean named = !any || !match.fromPorts().isEmpty();
    return (any || match.toPorts().stream().anyMatch(range -> holds(range, port)))
        && (!named || protocol == 6 || protocol == 17);
  }

  private static boolean holds(PortRange range, int port) {
    return range.first() <= port && port <= range.last();
  }
}
