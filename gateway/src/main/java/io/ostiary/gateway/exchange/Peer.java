package io.ostiary.gateway.exchange;

import io.ostiary.model.AddressText;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;

/// An address in the forms that calls need, made once for each connection. Immutable; the arrays
/// are not to be written.
///
/// @param text as text, in bytes
@SuppressWarnings("ArrayRecordComponent") // Never compared, and read by every call.
public record Peer(InetAddress address, byte[] bytes, byte[] text) {
  public static Peer of(InetAddress address) {
    return new Peer(
        address,
        address.getAddress(),
        AddressText.of(address).getBytes(StandardCharsets.ISO_8859_1));
  }
}
