package io.ostiary.kernel.shield;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.ByteBuffer;

/// Frames, layer by layer, with right lengths and no checksums, which the programs do not look at.
final class Packets {
  static final int TCP = 6;
  static final int UDP = 17;
  static final int ICMP = 1;
  static final int ICMPV6 = 58;
  static final int HOP_BY_HOP = 0;
  static final int ROUTING = 43;
  static final int FRAGMENT = 44;
  static final int AUTHENTICATION = 51;
  static final int DESTINATION = 60;

  static final int IPV4 = 0x0800;
  static final int IPV6 = 0x86dd;
  static final int VLAN = 0x8100;
  static final int QINQ = 0x88a8;

  private static final String HOST_4 = "198.18.0.1";
  private static final String HOST_6 = "2001:db8:ffff::1";

  private Packets() {}

  static byte[] join(byte[]... parts) {
    var all = new ByteArrayOutputStream();
    for (var part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static byte[] shorts(int... values) {
    var bytes = ByteBuffer.allocate(2 * values.length);
    for (int value : values) {
      bytes.putShort((short) value);
    }
    return bytes.array();
  }

  static byte[] address(String text) {
    return InetAddress.ofLiteral(text).getAddress();
  }

  static byte[] ethernet(int type, byte[] payload) {
    return join(new byte[] {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}, shorts(type), payload);
  }

  /// @param tags tag type and id in turn, the outer one first
  static byte[] tagged(int[] tags, int type, byte[] payload) {
    var inner = join(shorts(type), payload);
    for (int i = tags.length - 2; i > 0; i -= 2) {
      inner = join(shorts(tags[i], tags[i + 1]), inner);
    }
    return ethernet(tags[0], join(shorts(tags[1]), inner));
  }

  /// @param options a multiple of four
  /// @param fragment flags and offset as they stand in the header
  static byte[] ip4(String source, int protocol, int options, int fragment, byte[] payload) {
    var head = ByteBuffer.allocate(20 + options);
    head.put((byte) (0x45 + options / 4)).put((byte) 0);
    head.putShort((short) (20 + options + payload.length)).putShort((short) 7);
    head.putShort((short) fragment).put((byte) 64).put((byte) protocol).putShort((short) 0);
    head.put(address(source)).put(address(HOST_4));
    return join(head.array(), payload);
  }

  static byte[] ip4(String source, int protocol, byte[] payload) {
    return ip4(source, protocol, 0, 0, payload);
  }

  static byte[] ip6(String source, int next, int hops, byte[] payload) {
    var head = ByteBuffer.allocate(40).putInt(0x6000_0000);
    head.putShort((short) payload.length).put((byte) next).put((byte) hops);
    head.put(address(source)).put(address(HOST_6));
    return join(head.array(), payload);
  }

  static byte[] tcp(int from, int to) {
    return tcp(from, to, 2);
  }

  /// @param flags as in the header: 2 is SYN, 16 is ACK
  static byte[] tcp(int from, int to, int flags) {
    return join(shorts(from, to, 0, 1, 0, 0, 0x5000 | flags, 8192, 0, 0));
  }

  static byte[] udp(int from, int to) {
    return join(shorts(from, to, 12, 0), new byte[4]);
  }

  static byte[] icmp(int type) {
    return new byte[] {(byte) type, 0, 0, 0, 0, 0, 0, 0};
  }

  /// @param eights its length, in units of eight bytes beyond the first
  static byte[] extension(int next, int eights, byte[] payload) {
    var head = new byte[8 + 8 * eights];
    head[0] = (byte) next;
    head[1] = (byte) eights;
    return join(head, payload);
  }

  static byte[] fragment6(int next, int offset, boolean more, byte[] payload) {
    return join(
        new byte[] {(byte) next, 0}, shorts(offset << 3 | (more ? 1 : 0)), new byte[4], payload);
  }

  /// A SYN in its frame.
  static byte[] syn4(String source, int port) {
    return ethernet(IPV4, ip4(source, TCP, tcp(40_000, port)));
  }

  static byte[] syn6(String source, int port) {
    return ethernet(IPV6, ip6(source, TCP, 64, tcp(40_000, port)));
  }
}
