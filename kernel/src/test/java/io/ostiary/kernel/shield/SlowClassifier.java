package io.ostiary.kernel.shield;

import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// What the programs must decide, written to be read and not to be quick: one rule after the other,
/// one field after the other. Knows nothing of limits, which depend on time.
final class SlowClassifier {
  private final RuleSetSource rules;

  SlowClassifier(RuleSetSource rules) {
    this.rules = rules;
  }

  /// What can be known of a frame; `sound` is false where its headers contradict themselves.
  static final class Parsed {
    boolean sound = true;
    int family;
    byte[] source = {};
    byte[] destination = {};
    int protocol;
    int hops;
    boolean later;
    boolean hasPorts;
    int sourcePort;
    int destinationPort;
    int icmpType;
    int tcpFlags;
    int vlan;
    int innerVlan;
  }

  /// @param rule the one that decided, -1: none did
  record Verdict(DropReason reason, int rule) {}

  private static final Verdict PASSED = new Verdict(DropReason.PASSED, -1);

  DropReason judge(byte[] frame) {
    return verdict(frame).reason();
  }

  /// Of a packet that a limit is about it says that it passed, by that rule.
  Verdict verdict(byte[] frame) {
    var packet = parse(frame);
    if (!packet.sound) {
      return new Verdict(DropReason.MALFORMED, -1);
    }
    if (packet.family == 0
        || rules.management().stream().anyMatch(cidr -> cidr.contains(packet.source))
        || ofSession(packet)) {
      return PASSED;
    }
    boolean essential = essential(packet);
    if (rules.bans().stream().anyMatch(ban -> ban.source().contains(packet.source)) && !essential) {
      return new Verdict(DropReason.BANNED, -1);
    }
    int allow = first(packet, KernelRule.Allow.class);
    if (allow >= 0) {
      return new Verdict(DropReason.PASSED, allow);
    }
    if (essential) {
      return PASSED;
    }
    int deny = first(packet, KernelRule.Deny.class);
    return deny >= 0
        ? new Verdict(DropReason.DENY_RULE, deny)
        : new Verdict(DropReason.PASSED, first(packet, KernelRule.Limit.class));
  }

  private int first(Parsed packet, Class<? extends KernelRule> kind) {
    for (int i = 0; i < rules.rules().size(); i++) {
      var rule = rules.rules().get(i);
      if (kind.isInstance(rule) && matches(rule.match(), packet)) {
        return i;
      }
    }
    return -1;
  }

  private boolean ofSession(Parsed packet) {
    var sessions = rules.sessions();
    return packet.protocol == Packets.TCP
        && packet.hasPorts
        && sessions.ports().contains(packet.destinationPort)
        && sessions.peers().stream().anyMatch(peer -> peer.contains(packet.source));
  }

  private static boolean essential(Parsed packet) {
    if (packet.later) {
      return false;
    }
    int from = packet.family == 4 ? 67 : 547;
    int to = packet.family == 4 ? 68 : 546;
    if (packet.protocol == Packets.UDP) {
      return packet.sourcePort == from && packet.destinationPort == to;
    }
    int type = packet.icmpType;
    if (packet.family == 4) {
      return packet.protocol == Packets.ICMP && type == 3;
    }
    return packet.protocol == Packets.ICMPV6
        && (type == 2
            || (type == 130 && packet.hops == 1)
            || (type >= 133 && type <= 137 && packet.hops == 255));
  }

  private boolean matches(KernelRule.Match match, Parsed packet) {
    return in(match.from(), match.fromSets(), packet.source)
        && in(match.to(), match.toSets(), packet.destination)
        && (match.protocols().isEmpty()
            || match.protocols().stream().anyMatch(one -> one.is(packet.protocol)))
        && in(match.fromPorts(), packet.hasPorts, packet.sourcePort)
        && in(match.toPorts(), packet.hasPorts, packet.destinationPort)
        && flags(match, packet)
        && type(match, packet)
        && (match.interfaces().isEmpty() || match.interfaces().contains("lo"))
        && (match.vlans().isEmpty()
            || match.vlans().contains(packet.vlan)
            || match.vlans().contains(packet.innerVlan));
  }

  private boolean in(List<Cidr> blocks, List<String> sets, byte[] address) {
    var all =
        Stream.concat(
            blocks.stream(), sets.stream().flatMap(set -> rules.sets().get(set).stream()));
    return (blocks.isEmpty() && sets.isEmpty()) || all.anyMatch(cidr -> cidr.contains(address));
  }

  private static boolean in(List<KernelRule.PortRange> ports, boolean known, int port) {
    return ports.isEmpty()
        || (known
            && ports.stream().anyMatch(range -> range.first() <= port && port <= range.last()));
  }

  private static boolean flags(KernelRule.Match match, Parsed packet) {
    return match.tcpFlags().equals(KernelRule.TcpFlags.ANY)
        || (packet.protocol == Packets.TCP
            && packet.hasPorts
            && match.tcpFlags().match(packet.tcpFlags));
  }

  private static boolean type(KernelRule.Match match, Parsed packet) {
    if (match.icmpTypes().isEmpty()) {
      return true;
    }
    return !packet.later
        && match.icmpTypes().stream()
            .anyMatch(type ->
                switch (packet.protocol) {
                  case Packets.ICMP -> type.four() == packet.icmpType;
                  case Packets.ICMPV6 -> type.six() == packet.icmpType;
                  default -> false;
                });
  }

  static Parsed parse(byte[] frame) {
    var packet = new Parsed();
    try {
      ethernet(frame, packet);
    } catch (ArrayIndexOutOfBoundsException e) {
      // It ends before a header does.
      packet.sound = false;
    }
    return packet;
  }

  private static void ethernet(byte[] frame, Parsed packet) {
    int at = 12;
    for (int tags = 0; tags < 2 && isTag(u16(frame, at)); tags++, at += 4) {
      u16(frame, at + 4);
      int id = u16(frame, at + 2) & 0xfff;
      if (packet.vlan == 0) {
        packet.vlan = id;
      } else {
        packet.innerVlan = id;
      }
    }
    switch (u16(frame, at)) {
      case Packets.IPV4 -> ip4(frame, at + 2, packet);
      case Packets.IPV6 -> ip6(frame, at + 2, packet);
      default -> packet.family = 0;
    }
  }

  private static boolean isTag(int type) {
    return type == Packets.VLAN || type == Packets.QINQ;
  }

  private static void ip4(byte[] frame, int at, Parsed packet) {
    need(frame, at + 20);
    int head = (frame[at] & 15) * 4;
    int length = u16(frame, at + 2);
    if (u8(frame, at) >> 4 != 4 || head < 20) {
      packet.sound = false;
      return;
    }
    packet.family = 4;
    packet.source = Arrays.copyOfRange(frame, at + 12, at + 16);
    packet.destination = Arrays.copyOfRange(frame, at + 16, at + 20);
    packet.protocol = u8(frame, at + 9);
    packet.hops = u8(frame, at + 8);
    packet.later = (u16(frame, at + 6) & 0x1fff) != 0;
    boolean overlaps = packet.protocol == Packets.TCP && (u16(frame, at + 6) & 0x1fff) == 1;
    packet.sound = length >= head && length <= frame.length - at && !overlaps;
    if (packet.sound) {
      transport(frame, at + head, at + length, packet);
    }
  }

  private static void ip6(byte[] frame, int at, Parsed packet) {
    need(frame, at + 40);
    int length = u16(frame, at + 4);
    if (u8(frame, at) >> 4 != 6) {
      packet.sound = false;
      return;
    }
    packet.family = 6;
    packet.source = Arrays.copyOfRange(frame, at + 8, at + 24);
    packet.destination = Arrays.copyOfRange(frame, at + 24, at + 40);
    packet.hops = u8(frame, at + 7);
    int next = u8(frame, at + 6);
    boolean jumbo = length == 0 && next == Packets.HOP_BY_HOP;
    int end = jumbo ? frame.length : at + 40 + length;
    at += 40;
    for (int headers = 0; isExtension(next); headers++) {
      if (headers == 8) {
        packet.sound = false;
        return;
      }
      int size =
          switch (next) {
            case Packets.FRAGMENT -> 8;
            case Packets.AUTHENTICATION -> (u8(frame, at + 1) + 2) * 4;
            default -> (u8(frame, at + 1) + 1) * 8;
          };
      boolean fragment = next == Packets.FRAGMENT;
      next = u8(frame, at);
      need(frame, at + size);
      if (fragment && u16(frame, at + 2) >> 3 != 0) {
        if (next == Packets.TCP && u16(frame, at + 2) >> 3 == 1) {
          packet.sound = false;
          return;
        }
        packet.later = true;
        at += size;
        break;
      }
      at += size;
    }
    packet.protocol = next;
    packet.sound = at <= end && end <= frame.length;
    if (packet.sound) {
      transport(frame, at, end, packet);
    }
  }

  private static boolean isExtension(int next) {
    return next == Packets.HOP_BY_HOP
        || next == Packets.ROUTING
        || next == Packets.FRAGMENT
        || next == Packets.AUTHENTICATION
        || next == Packets.DESTINATION;
  }

  private static void transport(byte[] frame, int at, int end, Parsed packet) {
    if (packet.later) {
      return;
    }
    int head =
        switch (packet.protocol) {
          case Packets.TCP -> Math.max(14, (u8(frame, at + 12) >> 4) * 4);
          case Packets.UDP -> 8;
          case Packets.ICMP, Packets.ICMPV6 -> 4;
          default -> 0;
        };
    if (packet.protocol == Packets.TCP && u8(frame, at + 12) >> 4 < 5) {
      packet.sound = false;
    }
    if (at + head > end) {
      packet.sound = false;
    }
    if (!packet.sound || head == 0) {
      return;
    }
    packet.icmpType = head == 4 ? u8(frame, at) : 0;
    packet.hasPorts = head >= 8;
    packet.tcpFlags = packet.protocol == Packets.TCP ? u8(frame, at + 13) : 0;
    if (packet.hasPorts) {
      packet.sourcePort = u16(frame, at);
      packet.destinationPort = u16(frame, at + 2);
    }
  }

  private static void need(byte[] frame, int end) {
    if (end > frame.length) {
      throw new ArrayIndexOutOfBoundsException(end);
    }
  }

  private static int u8(byte[] frame, int at) {
    return frame[at] & 255;
  }

  private static int u16(byte[] frame, int at) {
    return u8(frame, at) << 8 | u8(frame, at + 1);
  }
}
