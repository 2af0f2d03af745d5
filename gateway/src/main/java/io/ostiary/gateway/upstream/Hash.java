package io.ostiary.gateway.upstream;

import java.nio.charset.StandardCharsets;

/// Numbers from texts that are the same on every machine and at every start: FNV-1a, and the
/// finaliser of MurmurHash3, which lets every bit of the input change every bit of the output.
public final class Hash {
  private static final long FNV_OFFSET = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;

  private Hash() {}

  public static long of(byte[] bytes) {
    return of(bytes, 0, bytes.length);
  }

  public static long of(byte[] bytes, int start, int end) {
    long hash = FNV_OFFSET;
    for (int i = start; i < end; i++) {
      hash = (hash ^ (bytes[i] & 0xff)) * FNV_PRIME;
    }
    return mix(hash);
  }

  public static long of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  static long mix(long hash) {
    long mixed = hash;
    mixed = (mixed ^ mixed >>> 33) * 0xff51afd7ed558ccdL;
    mixed = (mixed ^ mixed >>> 33) * 0xc4ceb9fe1a85ec53L;
    return mixed ^ mixed >>> 33;
  }

  /// 0-1.
  static double fraction(long hash) {
    return (hash >>> 11) * 0x1.0p-53;
  }
}
