package io.ostiary.gateway.exchange;

import io.ostiary.model.AddressText;
import io.ostiary.model.Peers;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;

/// An address in the forms that calls need, made once for each connection. Immutable; the arrays
/// are not to be written.
///
/// @param text for upstreams, in bytes: the address, or `unknown` (RFC 7239 section 6.2)
@SuppressWarnings("ArrayRecordComponent") // Never compared, and read by every call.
public record Peer(InetAddress address, byte[] bytes, byte[] text) {
  /// Who came over a Unix socket.
  public static final Peer LOCAL =
      new Peer(
          Peers.LOCAL, Peers.LOCAL.getAddress(), "unknown".getBytes(StandardCharsets.ISO_8859_1));

  public static Peer of(InetAddress address) {
    return new Peer(
        address,
        address.getAddress(),
        AddressText.of(address).getBytes(StandardCharsets.ISO_8859_1));
  }
}
