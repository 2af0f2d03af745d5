package io.ostiary.kernel.capture;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
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

  private static final byte[] VERSION = " HTTP/1.".getBytes(StandardCharsets.ISO_8859_1);
  private static final int METHOD_MAX = 32;

  /// As much of a head as is needed to tell that one begins.
  static final int START_MAX = 9;

  private HttpText() {}

  /// Where the next head begins in [at, end), of any method, or `end`. Bytes of a body can look
  /// like one. A request line that goes on behind `end` is one if its method is a usual one.
  static int nextHead(byte[] bytes, int at, int end) {
    for (int i = at; i < end; i++) {
      if (startsHead(bytes, i, end) && isLine(bytes, i, end)) {
        return i;
      }
      if (bytes[i] == ' ' && has(VERSION, bytes, i, end)) {
        int start = requestLine(bytes, at, i);
        if (start >= 0) {
          return start;
        }
      }
    }
    return end;
  }

  private static boolean has(byte[] wanted, byte[] bytes, int at, int end) {
    return at + wanted.length <= end
        && Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length);
  }

  private static boolean isLine(byte[] bytes, int at, int end) {
    if (bytes[at] == 'H' && bytes[at + 1] == 'T') {
      return true;
    }
    int target = find(bytes, ' ', at, end) + 1;
    int lineEnd = lineEnd(bytes, at, end);
    for (int i = target; i < lineEnd; i++) {
      if (bytes[i] == ' ' && has(VERSION, bytes, i, lineEnd)) {
        return true;
      }
    }
    return lineEnd == end && isTarget(bytes, target, end);
  }

  private static boolean isTarget(byte[] bytes, int at, int end) {
    return at < end && "/*hH".indexOf(bytes[at]) >= 0;
  }

  /// Whether the first words of a head can be those of one.
  static boolean hasTarget(byte[] bytes) {
    int target = find(bytes, ' ', 0, bytes.length) + 1;
    return (bytes[0] == 'H' && bytes[1] == 'T') || isTarget(bytes, target, bytes.length);
  }

  /// Where the request line begins whose target ends at `to`; -1: there is none.
  private static int requestLine(byte[] bytes, int from, int to) {
    int target = to;
    while (target > from && (bytes[target - 1] & 255) > ' ') {
      target--;
    }
    int method = target - 1;
    while (method > from && target - method <= METHOD_MAX && isToken(bytes[method - 1])) {
      method--;
    }
    boolean found = target < to && method >= from && method < target - 1;
    return found && bytes[target - 1] == ' ' ? method : -1;
  }

  private static boolean isToken(byte c) {
    return (c >= 'A' && c <= 'Z')
        || (c >= 'a' && c <= 'z')
        || (c >= '0' && c <= '9')
        || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
  }

  /// The end of some bytes, where a head may begin with it; else empty.
  static String begun(byte[] bytes, int from, int end) {
    for (int at = Math.max(from, end - START_MAX); at < end; at++) {
      for (var start : STARTS) {
        int length = end - at;
        if (length < start.length && Arrays.equals(bytes, at, end, start, 0, length)) {
          return new String(bytes, at, length, StandardCharsets.ISO_8859_1);
        }
      }
    }
    return "";
  }

  /// Whether a request line or a status line begins here.
  static boolean startsHead(byte[] bytes, int at, int end) {
    for (var start : STARTS) {
      if (at >= 0
          && at + start.length <= end
          && Arrays.equals(bytes, at, at + start.length, start, 0, start.length)) {
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
