package io.ostiary.gateway.wire;

import org.jspecify.annotations.Nullable;

/// Path, query and host of one request as they go upstream: the very bytes that were routed, until
/// a policy puts others in their place, which are then normalised and checked as the client's were.
/// Part of its [RequestHead], in whose bytes it points; confined to its event loop.
public final class UpstreamTarget {
  /// A longer path is refused; most servers stop here as well.
  static final int PATH_BYTES_MAX = 8192;

  private final RequestHead head;
  private final TargetParser parser = new TargetParser();
  private int pathStart;
  private int pathEnd;
  private int queryStart;
  private int queryEnd;
  private int hostStart;
  private int hostEnd;
  private boolean rewritten;
  private boolean encodedSlashes;

  UpstreamTarget(RequestHead head) {
    this.head = head;
  }

  /// A route was found.
  ///
  /// @param stripBytes how much of the path is cut off
  /// @param slashes whether `%2F` may stand in a path that a policy puts in its place
  public void begin(int stripBytes, boolean slashes) {
    encodedSlashes = slashes;
    pathStart = head.pathStart() + stripBytes;
    pathEnd = head.pathEnd();
    if (pathStart == pathEnd) {
      // Nothing is left of it: the slash that every path begins with.
      pathStart = head.pathStart();
      pathEnd = pathStart + 1;
    }
    queryStart = head.queryStart();
    queryEnd = head.queryEnd();
    hostStart = head.authorityStart();
    hostEnd = head.authorityEnd();
    rewritten = false;
  }

  /// Becomes what `other` is now, whose bytes its head has, too.
  void copyFrom(UpstreamTarget other) {
    pathStart = other.pathStart;
    pathEnd = other.pathEnd;
    queryStart = other.queryStart;
    queryEnd = other.queryEnd;
    hostStart = other.hostStart;
    hostEnd = other.hostEnd;
    rewritten = other.rewritten;
    encodedSlashes = other.encodedSlashes;
  }

  public String path() {
    return Bytes.text(head.bytes(), pathStart, pathEnd);
  }

  /// Replaces the path. Returns false, and changes nothing, where it is none.
  public boolean path(String path) {
    if (!path.startsWith("/") || path.length() > PATH_BYTES_MAX || !plain(path)) {
      return false;
    }
    int start = head.appendBytes(path);
    parser.clear();
    if (parser.parse(head.bytes(), start, start + path.length(), head.method()) != null) {
      return false;
    }
    if (parser.encodedSlash() && !encodedSlashes) {
      return false;
    }
    pathStart = parser.pathStart();
    pathEnd = parser.pathEnd();
    rewritten = true;
    return true;
  }

  private static boolean plain(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c <= ' ' || c >= 0x7f || c == '?' || c == '#') {
        return false;
      }
    }
    return true;
  }

  public @Nullable String query() {
    return queryStart < 0 ? null : Bytes.text(head.bytes(), queryStart, queryEnd);
  }

  public void query(@Nullable String query) {
    queryStart = query == null ? -1 : head.append(query);
    queryEnd = query == null ? -1 : queryStart + query.length();
    rewritten = true;
  }

  /// A policy replaced the client's query, such as to take a credential out of it.
  void queryReplaced() {
    queryStart = head.queryStart();
    queryEnd = head.queryEnd();
  }

  /// Replaces the host; null: the target's own. Returns false, and changes nothing, where it is
  /// none.
  public boolean host(@Nullable String authority) {
    if (authority == null) {
      hostStart = 0;
      hostEnd = 0;
      return true;
    }
    if (!plain(authority)) {
      return false;
    }
    int start = head.appendBytes(authority);
    if (!TargetParser.authorityValid(head.bytes(), start, start + authority.length())) {
      return false;
    }
    hostStart = start;
    hostEnd = start + authority.length();
    return true;
  }

  /// Whether path or query are not what the client sent, an API's path that was cut off aside.
  public boolean rewritten() {
    return rewritten;
  }

  public void writeTarget(HeadText out) {
    out.put(head.bytes(), pathStart, pathEnd - pathStart);
    if (queryStart >= 0) {
      out.put('?');
      out.put(head.bytes(), queryStart, queryEnd - queryStart);
    }
  }

  /// Copies as much of path and query as there is room for. Returns how much.
  public int copyTarget(byte[] into) {
    int path = Math.min(pathEnd - pathStart, into.length);
    System.arraycopy(head.bytes(), pathStart, into, 0, path);
    int query = queryStart < 0 ? 0 : Math.min(queryEnd - queryStart + 1, into.length - path);
    if (query > 0) {
      into[path] = '?';
      System.arraycopy(head.bytes(), queryStart, into, path + 1, query - 1);
    }
    return path + query;
  }

  /// Whether the upstream is told a host that is not the target's own.
  public boolean hasHost() {
    return hostEnd > hostStart;
  }

  public void writeHost(HeadText out) {
    out.put(head.bytes(), hostStart, hostEnd - hostStart);
  }
}
