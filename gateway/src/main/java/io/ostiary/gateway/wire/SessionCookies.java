package io.ostiary.gateway.wire;

/// The session of the console. Cookies do not know ports: a browser that is signed in at the
/// console on this host sends its session to every other service of the host as well, and so to
/// whatever stands behind the gateway. No upstream should get it.
final class SessionCookies {
  private static final byte[][] NAMES = {
    Bytes.of("ostiary-session"), Bytes.of("__host-ostiary-session")
  };

  private SessionCookies() {}

  /// Takes every session out of a Cookie value (RFC 6265 section 4.2.1), in place.
  ///
  /// @return the end of what is left, equal to `end` where there was none
  static int remove(byte[] bytes, int start, int end) {
    int left = start;
    int pair = start;
    boolean removed = false;
    while (pair < end) {
      int next = pair;
      while (next < end && bytes[next] != ';') {
        next++;
      }
      if (session(bytes, pair, next)) {
        removed = true;
      } else {
        int length = next - pair;
        if (removed) {
          pair = left == start ? skipBlanks(bytes, pair, next) : pair;
          length = next - pair;
          if (left > start) {
            bytes[left++] = ';';
          }
          System.arraycopy(bytes, pair, bytes, left, length);
          left += length;
        } else {
          left = next;
        }
      }
      pair = next + 1;
    }
    return removed ? left : end;
  }

  private static boolean session(byte[] bytes, int from, int to) {
    int start = skipBlanks(bytes, from, to);
    int end = start;
    while (end < to && bytes[end] != '=' && bytes[end] != ' ' && bytes[end] != '\t') {
      end++;
    }
    for (var name : NAMES) {
      if (Bytes.isToken(bytes, start, end, name)) {
        return true;
      }
    }
    return false;
  }

  private static int skipBlanks(byte[] bytes, int from, int to) {
    int start = from;
    while (start < to && (bytes[start] == ' ' || bytes[start] == '\t')) {
      start++;
    }
    return start;
  }
}
