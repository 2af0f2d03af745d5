package io.ostiary.kernel.shield;

import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Protocol;
import java.util.Arrays;

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
    int protocol;
    int hops;
    boolean later;
    boolean hasPorts;
    int sourcePort;
    int destinationPort;
    int icmpType;
    int vlan;
  }

  DropReason judge(byte[] frame) {
    var packet = parse(frame);
    if (!packet.sound) {
      return DropReason.MALFORMED;
    }
    if (packet.family == 0
        || rules.management().stream().anyMatch(cidr -> cidr.contains(packet.source))
        || ofSession(packet)) {
      return DropReason.PASSED;
    }
    boolean essential = essential(packet);
    if (rules.bans().stream().anyMatch(ban -> ban.source().contains(packet.source))) {
      return essential ? DropReason.PASSED : DropReason.BANNED;
    }
    boolean allowed = false;
    boolean denied = false;
    for (var rule : rules.rules()) {
      allowed |= rule instanceof KernelRule.Allow && matches(rule.match(), packet);
      denied |= rule instanceof KernelRule.Deny && matches(rule.match(), packet);
    }
    return denied && !allowed && !essential ? DropReason.DENY_RULE : DropReason.PASSED;
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

  private static boolean matches(KernelRule.Match match, Parsed packet) {
    boolean from =
        match.from().isEmpty()
            || match.from().stream().anyMatch(cidr -> cidr.contains(packet.source));
    boolean protocol =
        match.protocols().isEmpty()
            || switch (packet.protocol) {
              case Packets.TCP -> match.protocols().contains(Protocol.TCP);
              case Packets.UDP -> match.protocols().contains(Protocol.UDP);
              case Packets.ICMP, Packets.ICMPV6 -> match.protocols().contains(Protocol.ICMP);
              default -> false;
            };
    boolean port =
        match.toPorts().isEmpty()
            || (packet.hasPorts
                && match.toPorts().stream()
                    .anyMatch(range ->
                        range.first() <= packet.destinationPort
                            && packet.destinationPort <= range.last()));
    return from && protocol && port;
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
      packet.vlan = packet.vlan == 0 ? u16(frame, at + 2) & 0xfff : packet.vlan;
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
    packet.protocol = u8(frame, at + 9);
    packet.hops = u8(frame, at + 8);
    packet.later = (u16(frame, at + 6) & 0x1fff) != 0;
    packet.sound = length >= head && length <= frame.length - at;
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
