package io.ostiary.kernel.flood;

/// So many packets, of so many bytes in all.
public record Volume(long packets, long bytes) {
  static final Volume NONE = new Volume(0, 0);

  Volume plus(Volume other) {
    return new Volume(packets + other.packets, bytes + other.bytes);
  }
}
