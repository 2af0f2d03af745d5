package io.ostiary.kernel.shield;

import java.net.InetAddress;

/// Somebody who is signed in from afar: TCP from this address to this port is never dropped. Only
/// to that port, for whoever reaches it has a connection before he has signed in, and must not
/// become immune by it.
public record Operator(InetAddress address, int port) {
  /// As many as the kernel's list holds.
  public static final int LISTED_MAX = 1024;
}
