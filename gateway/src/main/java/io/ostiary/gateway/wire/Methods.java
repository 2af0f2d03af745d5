package io.ostiary.gateway.wire;

/// Request methods as shared strings, so that a call makes none.
public final class Methods {
  private static final String[] KNOWN = {
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "QUERY"
  };
  private static final byte[][] BYTES = new byte[KNOWN.length][];

  static {
    for (int i = 0; i < KNOWN.length; i++) {
      BYTES[i] = Bytes.of(KNOWN[i]);
    }
  }

  private Methods() {}

  static String of(byte[] bytes, int from, int to) {
    for (int i = 0; i < KNOWN.length; i++) {
      if (java.util.Arrays.equals(bytes, from, to, BYTES[i], 0, BYTES[i].length)) {
        return KNOWN[i];
      }
    }
    return Bytes.text(bytes, from, to);
  }

  /// Whether sending it twice means the same as sending it once (RFC 9110 section 9.2.2).
  public static boolean idempotent(String method) {
    return switch (method) {
      case "GET", "HEAD", "OPTIONS", "PUT", "DELETE" -> true;
      default -> false;
    };
  }
}
