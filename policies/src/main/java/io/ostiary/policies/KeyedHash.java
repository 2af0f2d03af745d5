package io.ostiary.policies;

import java.util.concurrent.ThreadLocalRandom;

/// SipHash-1-3 with a random key, never 0: nobody outside can choose two keys that meet in a table.
/// Immutable.
final class KeyedHash {
  private final long seed0 = ThreadLocalRandom.current().nextLong();
  private final long seed1 = ThreadLocalRandom.current().nextLong();

  /// Of a text's UTF-16.
  long of(CharSequence text) {
    var state = new Sip(seed0, seed1);
    long word = 0;
    int length = text.length();
    for (int i = 0; i < length; i++) {
      word |= (long) text.charAt(i) << ((i & 3) * 16);
      if ((i & 3) == 3) {
        state.add(word);
        word = 0;
      }
    }
    return state.end(word | (long) length << 56);
  }

  /// Of two numbers.
  long of(long high, long low) {
    var state = new Sip(seed0, seed1);
    state.add(high);
    state.add(low);
    return state.end(16L << 56);
  }

  /// Of an IPv4 address, or of the /64 of an IPv6 address: hosts choose their last 64 bits freely,
  /// so the network is what counts.
  long ofNetwork(byte[] address) {
    long word = 0;
    for (int i = 0; i < Math.min(8, address.length); i++) {
      word = word << 8 | (address[i] & 0xff);
    }
    return of(word, address.length);
  }

  /// Short-lived and never kept, so that the compiler keeps it in registers.
  private static final class Sip {
    private long v0;
    private long v1;
    private long v2;
    private long v3;

    Sip(long k0, long k1) {
      v0 = k0 ^ 0x736f6d6570736575L;
      v1 = k1 ^ 0x646f72616e646f6dL;
      v2 = k0 ^ 0x6c7967656e657261L;
      v3 = k1 ^ 0x7465646279746573L;
    }

    void add(long word) {
      v3 ^= word;
      round();
      v0 ^= word;
    }

    long end(long lastWord) {
      add(lastWord);
      v2 ^= 0xff;
      round();
      round();
      round();
      long hash = v0 ^ v1 ^ v2 ^ v3;
      return hash == 0 ? 1 : hash;
    }

    private void round() {
      v0 += v1;
      v1 = Long.rotateLeft(v1, 13) ^ v0;
      v0 = Long.rotateLeft(v0, 32);
      v2 += v3;
      v3 = Long.rotateLeft(v3, 16) ^ v2;
      v0 += v3;
      v3 = Long.rotateLeft(v3, 21) ^ v0;
      v2 += v1;
      v1 = Long.rotateLeft(v1, 17) ^ v2;
      v2 = Long.rotateLeft(v2, 32);
    }
  }
}
