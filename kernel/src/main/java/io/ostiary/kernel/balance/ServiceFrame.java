package io.ostiary.kernel.balance;

import java.net.InetAddress;
import java.nio.ByteBuffer;

/// Frames between two ends, with true checksums: what test runs of the programs are given.
///
/// @param vlan 0: no tag
record ServiceFrame(
    InetAddress source, int sourcePort, InetAddress destination, int destinationPort, int vlan) {
  static final int FIN = 1;
  static final int SYN = 2;
  static final int RST = 4;
  static final int ACK = 16;
  private static final int TCP = 6;
  private static final int UDP = 17;

  ServiceFrame(String source, int sourcePort, String destination, int destinationPort) {
    this(
        InetAddress.ofLiteral(source),
        sourcePort,
        InetAddress.ofLiteral(destination),
        destinationPort,
        0);
  }

  ServiceFrame tagged(int tag) {
    return new ServiceFrame(source, sourcePort, destination, destinationPort, tag);
  }

  byte[] tcp(int flags, int sequence, int acknowledgement, int payload) {
    var bytes = new byte[20 + payload];
    var segment = ByteBuffer.wrap(bytes);
    segment.putShort((short) sourcePort).putShort((short) destinationPort);
    segment.putInt(sequence).putInt(acknowledgement);
    segment.put((byte) 0x50).put((byte) flags).putShort((short) 64_240);
    return frame(TCP, bytes, 16);
  }

  byte[] udp(int payload) {
    var bytes = new byte[8 + payload];
    var datagram = ByteBuffer.wrap(bytes);
    datagram.putShort((short) sourcePort).putShort((short) destinationPort);
    datagram.putShort((short) (8 + payload));
    return frame(UDP, bytes, 6);
  }

  private byte[] frame(int protocol, byte[] transport, int checkAt) {
    int length = transport.length;
    var from = source.getAddress();
    var to = destination.getAddress();
    var pseudo = ByteBuffer.allocate(2 * from.length + 8 + length);
    pseudo.put(from).put(to).putInt(length).putInt(protocol).put(transport);
    ByteBuffer.wrap(transport).putShort(checkAt, checksum(pseudo.array()));
    boolean four = from.length == 4;
    var frame = ByteBuffer.allocate(14 + (vlan > 0 ? 4 : 0) + (four ? 20 : 40) + length);
    frame.put(new byte[] {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2});
    if (vlan > 0) {
      frame.putShort((short) 0x8100).putShort((short) vlan);
    }
    frame.putShort((short) (four ? 0x0800 : 0x86dd));
    if (four) {
      var head = ByteBuffer.allocate(20);
      head.putShort((short) 0x4500).putShort((short) (20 + length)).putInt(0x4000);
      head.put((byte) 64).put((byte) protocol).putShort((short) 0).put(from).put(to);
      head.putShort(10, checksum(head.array()));
      frame.put(head.array());
    } else {
      frame.putInt(0x6000_0000).putShort((short) length).put((byte) protocol).put((byte) 64);
      frame.put(from).put(to);
    }
    return frame.put(transport).array();
  }

  /// RFC 1071.
  private static short checksum(byte[] bytes) {
    long sum = 0;
    for (int i = 0; i < bytes.length; i++) {
      sum += (bytes[i] & 0xffL) << (i % 2 == 0 ? 8 : 0);
    }
    while (sum > 0xffff) {
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return (short) ~sum;
  }
}
