package io.ostiary.kernel.shield;

import java.util.Random;

/// Frames whose headers agree with each other, of every kind that the programs tell apart.
final class RandomFrames {
  private RandomFrames() {}

  static byte[] sound(Random random) {
    int port = random.nextBoolean() ? 77 : random.nextInt(65_536);
    int[] protocols = {Packets.TCP, Packets.UDP, Packets.ICMP, Packets.ICMPV6, 47};
    int protocol = protocols[random.nextInt(protocols.length)];
    var payload =
        switch (protocol) {
          case Packets.TCP -> flags(Packets.tcp(1 + random.nextInt(65_535), port), random);
          case Packets.UDP -> Packets.udp(1 + random.nextInt(65_535), port);
          default -> Packets.icmp(random.nextInt(140));
        };
    if (random.nextBoolean()) {
      var source = "%d.0.2.1".formatted(random.nextInt(256));
      int fragment = random.nextInt(6) == 0 ? 0x2000 | random.nextInt(3) : 0;
      return framed(
          random,
          Packets.IPV4,
          Packets.ip4(source, protocol, 4 * random.nextInt(11), fragment, payload));
    }
    int next = protocol;
    for (int headers = random.nextInt(10); headers > 0; headers--) {
      boolean fragment = random.nextInt(4) == 0;
      payload =
          fragment
              ? Packets.fragment6(next, random.nextInt(2), true, payload)
              : Packets.extension(next, random.nextInt(2), payload);
      next = fragment ? Packets.FRAGMENT : Packets.DESTINATION;
    }
    var source = "%x::1".formatted(random.nextInt(65_536));
    int hops = random.nextBoolean() ? 255 : 1;
    return framed(random, Packets.IPV6, Packets.ip6(source, next, hops, payload));
  }

  private static byte[] flags(byte[] tcp, Random random) {
    tcp[13] = (byte) random.nextInt(256);
    return tcp;
  }

  private static byte[] framed(Random random, int type, byte[] packet) {
    return switch (random.nextInt(4)) {
      case 0 -> Packets.tagged(new int[] {Packets.VLAN, random.nextInt(5)}, type, packet);
      case 1 ->
          Packets.tagged(
              new int[] {Packets.QINQ, random.nextInt(5), Packets.VLAN, random.nextInt(5)},
              type,
              packet);
      default -> Packets.ethernet(type, packet);
    };
  }
}
