package io.ostiary.kernel.capture;

/// Numbers by their names.
final class Protocols {
  private Protocols() {}

  static String ether(int type) {
    return switch (type) {
      case Headers.IPV4 -> "IPv4";
      case Headers.IPV6 -> "IPv6";
      case Headers.ARP -> "ARP";
      case Headers.VLAN, Headers.QINQ -> "VLAN";
      case 0x8847 -> "MPLS";
      case 0x8863, 0x8864 -> "PPPoE";
      case 0x88cc -> "LLDP";
      default -> "type 0x%04x".formatted(type);
    };
  }

  static String ip(int protocol) {
    return switch (protocol) {
      case Headers.HOP_BY_HOP -> "hop-by-hop options";
      case Headers.ICMP -> "ICMP";
      case 4 -> "IPv4";
      case Headers.TCP -> "TCP";
      case Headers.UDP -> "UDP";
      case 41 -> "IPv6";
      case Headers.ROUTING -> "routing";
      case Headers.FRAGMENT -> "fragment";
      case 47 -> "GRE";
      case 50 -> "ESP";
      case Headers.AUTHENTICATION -> "AH";
      case Headers.ICMPV6 -> "ICMPv6";
      case 59 -> "nothing follows";
      case Headers.DESTINATION -> "destination options";
      case 132 -> "SCTP";
      default -> "protocol " + protocol;
    };
  }

  static String icmp(int type) {
    return switch (type) {
      case 0 -> "echo reply";
      case 3 -> "destination unreachable";
      case 5 -> "redirect";
      case 8 -> "echo request";
      case 11 -> "time exceeded";
      default -> "";
    };
  }

  static String icmp6(int type) {
    return switch (type) {
      case 1 -> "destination unreachable";
      case 2 -> "packet too big";
      case 3 -> "time exceeded";
      case 4 -> "parameter problem";
      case 128 -> "echo request";
      case 129 -> "echo reply";
      case 130, 143 -> "multicast listener";
      case 133 -> "router solicitation";
      case 134 -> "router advertisement";
      case 135 -> "neighbour solicitation";
      case 136 -> "neighbour advertisement";
      default -> "";
    };
  }
}
