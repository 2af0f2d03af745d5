package io.ostiary.gateway.wire;

import io.netty.util.NetUtil;
import org.jspecify.annotations.Nullable;

/// The request target (RFC 9112 section 3.2) and the one normalisation of its path.
///
/// Normalised, in place, once: escapes of unreserved characters are decoded, the others get
/// upper-case digits (RFC 3986 section 6.2.2), runs of slashes become one, `.` and `..` segments
/// are resolved. Refused: `%5C`, `%00`, broken escapes, `..` above the root, and dot segments with
/// parameters (`..;x`), because servers disagree on each of them. `%2F` stays a part of its segment
/// and is told, since not every API takes it; what would be a dot segment for a server that reads
/// it as a slash is refused for all.
final class TargetParser {
  private int pathStart;
  private int pathEnd;
  private int queryStart;
  private int queryEnd;
  private int authorityStart;
  private int authorityEnd;
  private int sentLength;
  private boolean absolute;
  private boolean asterisk;
  private boolean encodedSlash;

  void clear() {
    pathStart = 0;
    pathEnd = 0;
    queryStart = -1;
    queryEnd = -1;
    authorityStart = 0;
    authorityEnd = 0;
    sentLength = 0;
    absolute = false;
    asterisk = false;
    encodedSlash = false;
  }

  void copyFrom(TargetParser other) {
    pathStart = other.pathStart;
    pathEnd = other.pathEnd;
    queryStart = other.queryStart;
    queryEnd = other.queryEnd;
    authorityStart = other.authorityStart;
    authorityEnd = other.authorityEnd;
    sentLength = other.sentLength;
    absolute = other.absolute;
    asterisk = other.asterisk;
    encodedSlash = other.encodedSlash;
  }

  @Nullable HeadFault parse(byte[] bytes, int start, int end, String method) {
    sentLength = end - start;
    if (bytes[start] == '/') {
      return pathAndQuery(bytes, start, end);
    }
    if (bytes[start] == '*' && end - start == 1 && method.equals("OPTIONS")) {
      return asterisk(start);
    }
    int path = absolute(bytes, start, end);
    if (path < 0) {
      return HeadFault.TARGET;
    }
    absolute = true;
    if (path < end && bytes[path] == '/') {
      return pathAndQuery(bytes, path, end);
    }
    // No path: it is '/', which takes the place of the authority's last byte, copied aside before;
    // and the server as a whole for OPTIONS (RFC 9112 section 3.2.4).
    int size = authorityEnd - authorityStart;
    System.arraycopy(bytes, authorityStart, bytes, authorityStart - 1, size);
    authorityStart--;
    authorityEnd--;
    if (path == end && method.equals("OPTIONS")) {
      bytes[path - 1] = '*';
      return asterisk(path - 1);
    }
    bytes[path - 1] = '/';
    return pathAndQuery(bytes, path - 1, end);
  }

  private @Nullable HeadFault asterisk(int at) {
    asterisk = true;
    pathStart = at;
    pathEnd = at + 1;
    return null;
  }

  /// Reads `http://authority` and returns where the path begins, or -1.
  private int absolute(byte[] bytes, int start, int end) {
    int scheme = start;
    while (scheme < end && bytes[scheme] != ':') {
      scheme++;
    }
    boolean http =
        Bytes.equalsFolded(bytes, start, scheme, HTTP)
            || Bytes.equalsFolded(bytes, start, scheme, HTTPS);
    if (!http || end - scheme < 4 || bytes[scheme + 1] != '/' || bytes[scheme + 2] != '/') {
      return -1;
    }
    authorityStart = scheme + 3;
    int p = authorityStart;
    while (p < end && bytes[p] != '/' && bytes[p] != '?') {
      p++;
    }
    authorityEnd = p;
    return authorityValid(bytes, authorityStart, authorityEnd) ? p : -1;
  }

  private static final byte[] HTTP = Bytes.of("http");
  private static final byte[] HTTPS = Bytes.of("https");

  private @Nullable HeadFault pathAndQuery(byte[] bytes, int start, int end) {
    pathStart = start;
    boolean plain = true;
    byte before = 0;
    int p = start;
    for (; p < end; p++) {
      byte b = bytes[p];
      if (b == '?') {
        break;
      }
      if (!Bytes.PATH[b & 0xff]) {
        // The ledger keeps what could be read.
        pathEnd = p;
        return HeadFault.TARGET;
      }
      if (b == '%' || (before == '/' && (b == '/' || b == '.'))) {
        plain = false;
      }
      before = b;
    }
    pathEnd = p;
    if (p < end) {
      queryStart = p + 1;
      queryEnd = end;
      for (int i = end - 1; i >= queryStart; i--) {
        if (bytes[i] <= ' ' || bytes[i] == 0x7f) {
          query(-1, -1);
          return HeadFault.TARGET;
        }
        // A fragment is not for servers; what looks like one is cut off, so that nobody acts on it.
        queryEnd = bytes[i] == '#' ? i : queryEnd;
      }
    }
    return plain ? null : normalise(bytes);
  }

  private @Nullable HeadFault normalise(byte[] bytes) {
    int out = pathStart + 1;
    int segment = out;
    int piece = out;
    int in = pathStart + 1;
    while (in < pathEnd) {
      byte b = bytes[in++];
      if (b == '/') {
        if (out == segment) {
          continue;
        }
        int after = endSegment(bytes, segment, piece, out);
        if (after < 0) {
          return HeadFault.PATH_DOTS;
        }
        if (after == out) {
          bytes[out++] = '/';
        } else {
          out = after;
        }
        segment = out;
        piece = out;
        continue;
      }
      if (b != '%') {
        bytes[out++] = b;
        continue;
      }
      int decoded = escape(bytes, in);
      if (decoded < 0) {
        return HeadFault.PATH_ENCODING;
      }
      if (decoded == '/') {
        if (dots(bytes, piece, out)) {
          return HeadFault.PATH_DOTS;
        }
        encodedSlash = true;
        piece = out + 3;
      }
      if (unreserved(decoded)) {
        bytes[out++] = (byte) decoded;
      } else {
        bytes[out++] = '%';
        bytes[out++] = upper(bytes[in]);
        bytes[out++] = upper(bytes[in + 1]);
      }
      in += 2;
    }
    int after = endSegment(bytes, segment, piece, out);
    if (after < 0) {
      return HeadFault.PATH_DOTS;
    }
    pathEnd = after;
    return null;
  }

  /// A segment ended at `out`: gives back where writing goes on, which is before the segment when
  /// it was a dot segment, or -1 when it may not stand.
  ///
  /// @param piece where it begins behind its last `%2F`
  private int endSegment(byte[] bytes, int segment, int piece, int out) {
    if (piece > segment && dots(bytes, piece, out)) {
      return -1;
    }
    int size = out - segment;
    if (size == 0 || bytes[segment] != '.') {
      return out;
    }
    if (size == 1) {
      return segment;
    }
    if (semicolon(bytes, segment + 1, out)) {
      return -1;
    }
    if (bytes[segment + 1] != '.') {
      return out;
    }
    if (size > 2) {
      return semicolon(bytes, segment + 2, out) ? -1 : out;
    }
    if (segment == pathStart + 1) {
      return -1;
    }
    int parent = segment - 1;
    while (bytes[parent - 1] != '/') {
      parent--;
    }
    return parent;
  }

  /// Whether this is `.` or `..`, also with parameters.
  private static boolean dots(byte[] bytes, int start, int end) {
    if (start >= end || bytes[start] != '.') {
      return false;
    }
    int p = start + 1 < end && bytes[start + 1] == '.' ? start + 2 : start + 1;
    return p == end || semicolon(bytes, p, end);
  }

  /// Whether parameters of a segment begin at `at`, escaped or not: some servers decode first.
  private static boolean semicolon(byte[] bytes, int at, int end) {
    return bytes[at] == ';'
        || (end - at >= 3 && bytes[at] == '%' && bytes[at + 1] == '3' && bytes[at + 2] == 'B');
  }

  /// The byte that the two digits at `at` stand for, or -1 where it is broken or ambiguous.
  private int escape(byte[] bytes, int at) {
    if (at + 2 > pathEnd) {
      return -1;
    }
    int high = Bytes.hex(bytes[at]);
    int low = Bytes.hex(bytes[at + 1]);
    int value = high << 4 | low;
    boolean refused = high < 0 || low < 0 || value == 0;
    return refused || value == '\\' ? -1 : value;
  }

  private static boolean unreserved(int b) {
    int lower = b | 0x20;
    return (lower >= 'a' && lower <= 'z' && b < 0x80)
        || (b >= '0' && b <= '9')
        || b == '-'
        || b == '.'
        || b == '_'
        || b == '~';
  }

  private static byte upper(byte b) {
    return b >= 'a' ? (byte) (b - 32) : b;
  }

  /// Whether the range is `host` or `host:port`: a name without empty labels, an IPv4 address, or
  /// an IPv6 address in brackets; a port of 1-65535 without sign or leading zero. No user, no list,
  /// no escape.
  static boolean authorityValid(byte[] bytes, int start, int end) {
    int p = start;
    if (p < end && bytes[p] == '[') {
      p++;
      while (p < end && (Bytes.hex(bytes[p]) >= 0 || bytes[p] == ':' || bytes[p] == '.')) {
        p++;
      }
      if (p == end
          || bytes[p] != ']'
          || !NetUtil.isValidIpV6Address(Bytes.text(bytes, start + 1, p))) {
        return false;
      }
      p++;
    } else {
      boolean label = false;
      while (p < end && Bytes.HOST[bytes[p] & 0xff]) {
        boolean named = bytes[p++] != '.';
        if (!label && !named) {
          return false;
        }
        label = named;
      }
      if (p == start) {
        return false;
      }
    }
    if (p == end) {
      return p - start <= 255;
    }
    if (bytes[p] != ':' || end - p > 6 || end - p < 2 || bytes[p + 1] == '0') {
      return false;
    }
    long port = Numbers.decimal(bytes, p + 1, end);
    return port > 0 && port <= 65_535 && p - start <= 255;
  }

  /// Another query, which stands behind a question mark in `[start, end)`; -1: none.
  void query(int start, int end) {
    queryStart = start;
    queryEnd = end;
  }

  void host(int start, int end) {
    if (!absolute) {
      authorityStart = start;
      authorityEnd = end;
    }
  }

  boolean asterisk() {
    return asterisk;
  }

  /// Whether `%2F` stood in the path.
  boolean encodedSlash() {
    return encodedSlash;
  }

  int pathStart() {
    return pathStart;
  }

  int pathEnd() {
    return pathEnd;
  }

  int queryStart() {
    return queryStart;
  }

  int queryEnd() {
    return queryEnd;
  }

  int authorityStart() {
    return authorityStart;
  }

  int authorityEnd() {
    return authorityEnd;
  }

  int sentLength() {
    return sentLength;
  }
}
