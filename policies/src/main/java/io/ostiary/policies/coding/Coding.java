package io.ostiary.policies.coding;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The content codings that the gateway can read and write, the better first where a client does
/// not care.
public enum Coding {
  ZSTD("zstd"),
  BR("br"),
  GZIP("gzip"),
  /// Only read: what servers mean by it differs.
  DEFLATE("deflate");

  private final String token;

  Coding(String token) {
    this.token = token;
  }

  /// As in Content-Encoding.
  public String token() {
    return token;
  }

  /// Null: not one of ours.
  public static @Nullable Coding of(String token) {
    return switch (token.strip().toLowerCase(Locale.ROOT)) {
      case "gzip", "x-gzip" -> GZIP;
      case "br" -> BR;
      case "zstd" -> ZSTD;
      case "deflate" -> DEFLATE;
      default -> null;
    };
  }

  /// Loads what it needs, so that no call waits for it.
  ///
  /// @throws IllegalStateException where this machine has no library for it
  public void load() {
    if (this == BR) {
      BrotliCoder.load();
    }
    decoder().close();
  }

  /// @param level 1 (fast) to 9 (small)
  public Encoder encoder(int level) {
    return switch (this) {
      case GZIP -> new ZlibEncoder(level);
      case BR -> new BrotliCoder.Encoding(level);
      case ZSTD -> new ZstdCoder.Encoding(level);
      case DEFLATE -> throw new IllegalStateException("deflate is only read");
    };
  }

  public Decoder decoder() {
    return switch (this) {
      case GZIP -> new ZlibDecoder(true);
      case DEFLATE -> new ZlibDecoder(false);
      case BR -> new BrotliCoder.Decoding();
      case ZSTD -> new ZstdCoder.Decoding();
    };
  }
}
