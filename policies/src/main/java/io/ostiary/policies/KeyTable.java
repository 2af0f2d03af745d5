package io.ostiary.policies;

import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import io.ostiary.model.ApiKey;
import io.ostiary.model.Consumer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Who belongs to which key, found by the key's SHA-256. Immutable once built; one table serves all
/// sites and all event loops.
///
/// Open addressing over four longs per key: no object per key, and a lookup allocates nothing. What
/// time a lookup takes depends on the hash only, from which nothing about other keys follows.
final class KeyTable {
  /// A longer text cannot be a key of ours and is not worth hashing.
  static final int KEY_CHARS_MAX = 512;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  private final List<ApiKey> keys;
  private final List<Consumer> consumers;
  private final long[] hashes;
  private final @Nullable Caller[] owners;
  private final int mask;

  /// What one thread needs to hash a key.
  private static final class Scratch {
    private final MessageDigest sha256;
    private final byte[] text = new byte[KEY_CHARS_MAX];
    private final byte[] hash = new byte[32];

    Scratch() {
      try {
        sha256 = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every JDK has SHA-256", e);
      }
    }

    boolean copy(String key) {
      for (int i = 0; i < key.length(); i++) {
        char c = key.charAt(i);
        if (c > 0xff) {
          return false;
        }
        text[i] = (byte) c;
      }
      return true;
    }

    void hash(int length) {
      sha256.update(text, 0, length);
      try {
        sha256.digest(hash, 0, hash.length);
      } catch (DigestException e) {
        throw new IllegalStateException("32 bytes hold a SHA-256", e);
      }
    }
  }

  KeyTable(List<ApiKey> keys, List<Consumer> consumers) {
    this.keys = keys;
    this.consumers = consumers;
    int capacity = Integer.highestOneBit(Math.max(8, keys.size() * 2) * 2 - 1);
    mask = capacity - 1;
    hashes = new long[capacity * 4];
    owners = new Caller[capacity];
    var byId = new HashMap<String, Caller>();
    consumers.forEach(consumer -> byId.put(consumer.id(), Caller.of(consumer)));
    for (var key : keys) {
      var owner = byId.get(key.consumer());
      if (owner == null) {
        throw new IllegalArgumentException(
            "key.consumer: " + key.consumer() + " (expected: the id of a consumer)");
      }
      put(HexFormat.of().parseHex(key.hash()), owner);
    }
  }

  /// Whether this table was built from these very lists; comparing ten thousand keys at each site
  /// would cost more than the table.
  @SuppressWarnings("ReferenceEquality")
  boolean isOf(List<ApiKey> otherKeys, List<Consumer> otherConsumers) {
    return keys == otherKeys && consumers == otherConsumers;
  }

  private void put(byte[] hash, Caller owner) {
    int slot = (int) word(hash, 0) & mask;
    while (owners[slot] != null && !same(slot, hash)) {
      slot = (slot + 1) & mask;
    }
    var before = owners[slot];
    if (before != null && !before.equals(owner)) {
      throw new IllegalArgumentException(
          "keys: one key for '"
              + before.consumer().name()
              + "' and '"
              + owner.consumer().name()
              + "' (expected: each"
              + " key belongs to one consumer)");
    }
    for (int i = 0; i < 4; i++) {
      hashes[slot * 4 + i] = word(hash, i);
    }
    owners[slot] = owner;
  }

  /// The owner of a key, or null.
  @Nullable Caller find(String key) {
    if (key.isEmpty() || key.length() > KEY_CHARS_MAX) {
      return null;
    }
    var scratch = SCRATCH.get();
    return scratch.copy(key) ? find(scratch, key.length()) : null;
  }

  /// The owner of the key in this field, or null.
  @Nullable Caller find(Headers headers, HeaderName field) {
    var scratch = SCRATCH.get();
    int length = headers.copyFirst(field, scratch.text);
    return length <= 0 || length > KEY_CHARS_MAX ? null : find(scratch, length);
  }

  private @Nullable Caller find(Scratch scratch, int length) {
    scratch.hash(length);
    int slot = (int) word(scratch.hash, 0) & mask;
    while (true) {
      var owner = owners[slot];
      if (owner == null || same(slot, scratch.hash)) {
        return owner;
      }
      slot = (slot + 1) & mask;
    }
  }

  private boolean same(int slot, byte[] hash) {
    int at = slot * 4;
    return ((hashes[at] ^ word(hash, 0))
            | (hashes[at + 1] ^ word(hash, 1))
            | (hashes[at + 2] ^ word(hash, 2))
            | (hashes[at + 3] ^ word(hash, 3)))
        == 0;
  }

  private static long word(byte[] hash, int index) {
    return (long) LONGS.get(hash, index * 8);
  }
}
