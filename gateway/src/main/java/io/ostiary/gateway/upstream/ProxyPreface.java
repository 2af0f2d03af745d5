package io.ostiary.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.model.AddressText;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// The header of the PROXY protocol, as HAProxy's `proxy-protocol.txt` describes it, that tells a
/// target for whom a connection is. Where nobody is, as in our own health checks, or where the two
/// addresses are not of one family, it says so: UNKNOWN in version 1, LOCAL in version 2.
final class ProxyPreface {
  private static final byte[] SIGNATURE = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a
  };
  private static final int PROXY = 0x21;
  private static final int LOCAL = 0x20;
  private static final int TCP4 = 0x11;
  private static final int TCP6 = 0x21;

  private ProxyPreface() {}

  static ByteBuf text(@Nullable InetSocketAddress from, @Nullable InetSocketAddress to) {
    if (from == null || to == null || !sameFamily(from, to)) {
      return Unpooled.wrappedBuffer(Bytes.of("PROXY UNKNOWN\r\n"));
    }
    var line =
        "PROXY %s %s %s %d %d\r\n"
            .formatted(
                size(from) == 4 ? "TCP4" : "TCP6",
                AddressText.of(from.getAddress()),
                AddressText.of(to.getAddress()),
                from.getPort(),
                to.getPort());
    return Unpooled.wrappedBuffer(Bytes.of(line));
  }

  static ByteBuf binary(@Nullable InetSocketAddress from, @Nullable InetSocketAddress to) {
    var out = Unpooled.buffer(64).writeBytes(SIGNATURE);
    if (from == null || to == null || !sameFamily(from, to)) {
      return out.writeByte(LOCAL).writeByte(0).writeShort(0);
    }
    int size = size(from);
    out.writeByte(PROXY).writeByte(size == 4 ? TCP4 : TCP6).writeShort(2 * size + 4);
    out.writeBytes(from.getAddress().getAddress()).writeBytes(to.getAddress().getAddress());
    return out.writeShort(from.getPort()).writeShort(to.getPort());
  }

  private static int size(InetSocketAddress of) {
    return of.getAddress().getAddress().length;
  }

  private static boolean sameFamily(InetSocketAddress one, InetSocketAddress other) {
    return size(one) == size(other);
  }
}
