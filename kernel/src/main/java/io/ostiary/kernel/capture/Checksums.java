package io.ostiary.kernel.capture;

/// The sum of RFC 1071, and what it says of a header.
final class Checksums {
  private Checksums() {}

  /// Of bytes that must add up with their own checksum to nothing.
  static String header(byte[] frame, int at, int size) {
    if (at + size > frame.length) {
      return "cut";
    }
    return fold(sum(frame, at, size)) == 0xffff ? "right" : "wrong";
  }

  /// With the pseudo-header of IPv4 or IPv6. A packet that leaves often has none yet: the device
  /// puts it in.
  static String transport(
      byte[] frame, int network, int protocol, int at, int length, boolean whole) {
    if (!whole || at + length > frame.length) {
      return "not checked: the packet was cut";
    }
    boolean four = frame[network] >> 4 == 4;
    long sum = four ? sum(frame, network + 12, 8) : sum(frame, network + 8, 32);
    sum += protocol + length + sum(frame, at, length);
    return fold(sum) == 0xffff ? "right" : "wrong, or left to the device";
  }

  private static long sum(byte[] frame, int at, int size) {
    long sum = 0;
    for (int i = 0; i < size; i++) {
      sum += (i & 1) == 0 ? (frame[at + i] & 255) << 8 : frame[at + i] & 255;
    }
    return sum;
  }

  private static int fold(long sum) {
    while (sum >> 16 != 0) {
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return (int) sum;
  }
}
