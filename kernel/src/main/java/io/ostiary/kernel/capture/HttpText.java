package io.ostiary.kernel.capture;

import java.nio.charset.StandardCharsets;
import java.util.List;

/// The text of an HTTP/1 head within bytes (RFC 9112), as far as captures need it.
final class HttpText {
  private static final List<byte[]> STARTS =
      List.of(
              "GET ",
              "POST ",
              "PUT ",
              "HEAD ",
              "DELETE ",
              "PATCH ",
              "OPTIONS ",
              "TRACE ",
              "CONNECT ",
              "HTTP/1.0 ",
              "HTTP/1.1 ")
          .stream()
          .map(start -> start.getBytes(StandardCharsets.ISO_8859_1))
          .toList();

  private HttpText() {}

  /// Whether a request line or a status line begins here.
  static boolean startsHead(byte[] bytes, int at, int end) {
    for (var start : STARTS) {
      if (at >= 0
          && at + start.length <= end
          && java.util.Arrays.equals(bytes, at, at + start.length, start, 0, start.length)) {
        return true;
      }
    }
    return false;
  }

  /// Where the line ends, before its CR LF or LF; `end` where it goes on.
  static int lineEnd(byte[] bytes, int at, int end) {
    int feed = find(bytes, '\n', at, end);
    return feed < end && feed > at && bytes[feed - 1] == '\r' ? feed - 1 : feed;
  }

  /// The beginning of the line behind one that ends at `lineEnd`.
  static int behindLine(byte[] bytes, int lineEnd, int end) {
    int at = lineEnd;
    if (at < end && bytes[at] == '\r') {
      at++;
    }
    return Math.min(end, at + 1);
  }

  /// The first place of a character in [at, end), or `end`.
  static int find(byte[] bytes, char wanted, int at, int end) {
    for (int i = Math.max(0, at); i < end; i++) {
      if (bytes[i] == wanted) {
        return i;
      }
    }
    return end;
  }
}
