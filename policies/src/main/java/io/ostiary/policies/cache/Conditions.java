package io.ostiary.policies.cache;

import io.ostiary.gateway.spi.Headers;

/// Whether a client already has what is kept (RFC 9110 section 13).
final class Conditions {
  private Conditions() {}

  /// `If-None-Match` counts before `If-Modified-Since`.
  static boolean hold(Headers request, Stored stored) {
    if (request.has(Names.IF_NONE_MATCH)) {
      var tag = stored.value(Names.ETAG);
      for (var value : request.all(Names.IF_NONE_MATCH)) {
        if (value.strip().equals("*") || (tag != null && lists(value, opaque(tag)))) {
          return true;
        }
      }
      return false;
    }
    long since = HttpDate.millis(request.first(Names.IF_MODIFIED_SINCE));
    if (since < 0) {
      return false;
    }
    var modified = stored.value(Names.LAST_MODIFIED);
    long last = HttpDate.millis(modified == null ? stored.value(Names.DATE) : modified);
    return last >= 0 && last <= since;
  }

  private static String opaque(String tag) {
    return tag.startsWith("W/") ? tag.substring(2) : tag;
  }

  /// By weak comparison (RFC 9110 section 8.8.3.2).
  private static boolean lists(String value, String opaque) {
    int at = 0;
    while (at < value.length()) {
      int open = value.indexOf('"', at);
      int close = open < 0 ? -1 : value.indexOf('"', open + 1);
      if (close < 0) {
        return value.substring(at).replace(",", "").strip().equals(opaque);
      }
      if (value.substring(open, close + 1).equals(opaque)) {
        return true;
      }
      at = close + 1;
    }
    return false;
  }
}
