package io.ostiary.model;

import java.util.HexFormat;

/// A consumer's key as we keep it: never the key, only its SHA-256. Keys carry at least 160 random
/// bits, so a plain hash is enough (no dictionary can reach them).
///
/// @param hash SHA-256 of the key's bytes, 64 hexadecimal digits in lower case
/// @param consumer the id of a consumer of the same snapshot
public record ApiKey(String hash, String consumer) {
  public ApiKey {
    if (hash.length() != 64) {
      throw Require.invalid("key.hash (length)", hash.length(), "64 hexadecimal digits");
    }
    HexFormat.of().parseHex(hash);
  }
}
