package io.ostiary.kernel.capture;

import java.net.InetAddress;
import java.nio.ByteBuffer;

/// Frames as clients and servers send them, in IPv4 to or from 198.18.0.1.
final class Frames {
  private Frames() {}

  static byte[] tcp(String source, int from, int to, byte[] payload) {
    var frame = ByteBuffer.allocate(14 + 20 + 20 + payload.length);
    frame.put(new byte[] {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}).putShort((short) 0x0800);
    frame.put((byte) 0x45).put((byte) 0).putShort((short) (40 + payload.length)).putInt(0);
    frame.put((byte) 64).put((byte) 6).putShort((short) 0);
    frame.put(InetAddress.ofLiteral(source).getAddress());
    frame.put(InetAddress.ofLiteral("198.18.0.1").getAddress());
    frame.putShort((short) from).putShort((short) to).putInt(1).putInt(1);
    frame.put((byte) 0x50).put((byte) 0x18).putShort((short) 500).putInt(0);
    return frame.put(payload).array();
  }
}
