package io.ostiary.model;

import java.net.InetAddress;

/// How clients are named that have no address: those that came over a Unix socket.
///
/// Everything that counts, limits and keeps by a client's address goes on doing so: such a client
/// has the address 0.0.0.0, "this host on this network" (RFC 1122 section 3.2.1.3), which no packet
/// can come from. People are told what it is.
public final class Peers {
  /// What people read, and write where proxies are trusted.
  public static final String UNIX = "unix:";

  /// The address of all of them.
  public static final InetAddress LOCAL = InetAddress.ofLiteral("0.0.0.0");

  /// The block of that address alone.
  public static final Cidr LOCAL_BLOCK = new Cidr(LOCAL, 32);

  private Peers() {}

  /// Whether it stands for a Unix socket.
  public static boolean local(InetAddress address) {
    return address.equals(LOCAL);
  }

  /// For people: an address, or what stands in its place.
  public static String text(InetAddress address) {
    return local(address) ? UNIX : AddressText.of(address);
  }

  /// The same with a port where there is one.
  public static String text(InetAddress address, int port) {
    return local(address) ? UNIX : AddressText.of(address, port);
  }
}
