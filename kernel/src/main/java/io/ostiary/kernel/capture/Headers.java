package io.ostiary.kernel.capture;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Where the headers of a frame stand and who talks to whom; the quick look that every packet of a
/// capture gets. Nothing is guessed: what cannot be read stays unknown.
///
/// @param type of what follows the VLAN tags
/// @param network offset of the IP header, or of what stands in its place
/// @param protocol of what follows the IP headers, -1: none or unknown
/// @param payload offset of the first byte behind the last header that is understood
/// @param end offset behind the last byte of the IP packet, at most the length captured
/// @param sourcePort and `destinationPort`: -1 where there are none
record Headers(
    int type,
    int network,
    int protocol,
    int payload,
    int end,
    @Nullable InetAddress source,
    @Nullable InetAddress destination,
    int sourcePort,
    int destinationPort) {
  static final int ETHERNET = 14;
  static final int IPV4 = 0x0800;
  static final int IPV6 = 0x86dd;
  static final int ARP = 0x0806;
  static final int VLAN = 0x8100;
  static final int QINQ = 0x88a8;
  static final int ICMP = 1;
  static final int TCP = 6;
  static final int UDP = 17;
  static final int ICMPV6 = 58;
  static final int HOP_BY_HOP = 0;
  static final int ROUTING = 43;
  static final int FRAGMENT = 44;
  static final int AUTHENTICATION = 51;
  static final int DESTINATION = 60;
  static final int TAGS_MAX = 3;
  static final int EXTENSIONS_MAX = 8;

  boolean is(int wanted) {
    return protocol == wanted && sourcePort >= 0;
  }

  static Headers of(byte[] frame) {
    if (frame.length < ETHERNET) {
      return without(-1, frame.length, frame.length);
    }
    int at = 12;
    int type = u16(frame, at);
    for (int tags = 0; tags < TAGS_MAX && isTag(type) && at + 6 <= frame.length; tags++) {
      at += 4;
      type = u16(frame, at);
    }
    at += 2;
    return switch (type) {
      case IPV4 -> ipv4(frame, at);
      case IPV6 -> ipv6(frame, at);
      default -> without(type, at, frame.length);
    };
  }

  static boolean isTag(int type) {
    return type == VLAN || type == QINQ || type == 0x9100;
  }

  static boolean isExtension(int next) {
    return next == HOP_BY_HOP
        || next == ROUTING
        || next == FRAGMENT
        || next == DESTINATION
        || next == AUTHENTICATION;
  }

  private static Headers without(int type, int at, int length) {
    return new Headers(type, at, -1, Math.min(at, length), length, null, null, -1, -1);
  }

  private static Headers ipv4(byte[] frame, int at) {
    if (at + 20 > frame.length || frame[at] >> 4 != 4 || (frame[at] & 15) < 5) {
      return without(IPV4, at, frame.length);
    }
    int length = u16(frame, at + 2);
    int end = length == 0 ? frame.length : Math.min(frame.length, at + length);
    boolean later = (u16(frame, at + 6) & 0x1fff) != 0;
    var from = address(frame, at + 12, 4);
    var to = address(frame, at + 16, 4);
    int next = at + (frame[at] & 15) * 4;
    return transport(frame, IPV4, at, later ? -1 : frame[at + 9] & 255, next, end, from, to);
  }

  private static Headers ipv6(byte[] frame, int at) {
    if (at + 40 > frame.length || (frame[at] & 255) >> 4 != 6) {
      return without(IPV6, at, frame.length);
    }
    int length = u16(frame, at + 4);
    int end = length == 0 ? frame.length : Math.min(frame.length, at + 40 + length);
    var from = address(frame, at + 8, 16);
    var to = address(frame, at + 24, 16);
    int next = frame[at + 6] & 255;
    int place = at + 40;
    for (int i = 0; i < EXTENSIONS_MAX && isExtension(next) && place + 8 <= end; i++) {
      int size = extension(frame, place, next);
      if (next == FRAGMENT && u16(frame, place + 2) >> 3 != 0) {
        return transport(frame, IPV6, at, -1, place + size, end, from, to);
      }
      next = frame[place] & 255;
      place += size;
    }
    return transport(frame, IPV6, at, isExtension(next) ? -1 : next, place, end, from, to);
  }

  /// How long an extension header says it is.
  static int extension(byte[] frame, int at, int kind) {
    int units = frame[at + 1] & 255;
    return switch (kind) {
      case FRAGMENT -> 8;
      case AUTHENTICATION -> (units + 2) * 4;
      default -> (units + 1) * 8;
    };
  }

  private static Headers transport(
      byte[] frame,
      int type,
      int network,
      int protocol,
      int at,
      int end,
      @Nullable InetAddress from,
      @Nullable InetAddress to) {
    int size =
        switch (protocol) {
          case TCP -> at + 13 <= end ? Math.max(20, (frame[at + 12] & 0xf0) >> 2) : end - at;
          case UDP, ICMP, ICMPV6 -> 8;
          default -> 0;
        };
    int payload = Math.clamp(at + (long) size, Math.min(at, end), end);
    boolean ports = (protocol == TCP || protocol == UDP) && at + 4 <= end;
    return new Headers(
        type,
        network,
        protocol,
        payload,
        end,
        from,
        to,
        ports ? u16(frame, at) : -1,
        ports ? u16(frame, at + 2) : -1);
  }

  private static InetAddress address(byte[] frame, int at, int length) {
    try {
      return InetAddress.getByAddress(Arrays.copyOfRange(frame, at, at + length));
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  static int u16(byte[] frame, int at) {
    return (frame[at] & 255) << 8 | (frame[at + 1] & 255);
  }
}
