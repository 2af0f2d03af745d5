package io.ostiary.gateway.wire;

import io.ostiary.gateway.spi.HeaderName;
import org.jspecify.annotations.Nullable;

/// What a trailer section may say (RFC 9110 section 6.5).
///
/// Many servers put trailers among the fields of the head, whatever the RFC says. So a trailer must
/// not say what was decided by the head: who asks, what of, how its content is to be read. Those
/// fields are not taken on here, and neither is what a filter took out of the head or wrote into
/// it, which would come back behind its back. What frames a message makes the section a fault.
public final class TrailerSection {
  /// Controls, conditions, authentication, and what content is (section 6.5.1).
  private static final NameTable HEAD_ONLY = new NameTable(128);

  static {
    for (var name :
        new String[] {
          "accept",
          "accept-charset",
          "accept-encoding",
          "accept-language",
          "accept-ranges",
          "age",
          "authorization",
          "cache-control",
          "content-disposition",
          "content-encoding",
          "content-language",
          "content-location",
          "content-range",
          "content-type",
          "cookie",
          "expires",
          "if-match",
          "if-modified-since",
          "if-none-match",
          "if-range",
          "if-unmodified-since",
          "location",
          "max-forwards",
          "origin",
          "pragma",
          "proxy-authenticate",
          "proxy-authorization",
          "range",
          "referer",
          "retry-after",
          "set-cookie",
          "trailer",
          "user-agent",
          "vary",
          "via",
          "warning",
          "www-authenticate",
          "x-real-ip",
          "x-forwarded-port",
          "x-original-url",
          "x-rewrite-url",
          "x-http-method-override"
        }) {
      HEAD_ONLY.put(name, 0);
    }
  }

  private TrailerSection() {}

  /// Reads the line in `[start, end)` of the bytes of `trailers`, CR LF excluded.
  static @Nullable HeadFault line(Fields trailers, int start, int end) {
    var wrong = trailers.line(start, end);
    if (wrong != null) {
      return wrong;
    }
    int last = trailers.count() - 1;
    int kind = trailers.kind(last);
    if (kind >= FieldKind.HOST && kind <= FieldKind.TRANSFER_ENCODING) {
      return HeadFault.TRAILER;
    }
    int nameEnd = trailers.nameEnd(last);
    if (HEAD_ONLY.of(trailers.bytes(), start, nameEnd, trailers.hash(last)) != NameTable.NONE) {
      trailers.removeLine(last);
    }
    return null;
  }

  /// Takes a field that came otherwise than in a line; null: it is sound.
  public static @Nullable HeadFault field(Fields to, CharSequence name, CharSequence value) {
    int start = to.length();
    to.room(name.length() + value.length() + 4);
    to.append(name).append(": ").append(value).append("\r\n");
    return line(to, start, to.length() - 2);
  }

  /// Takes out of a request's trailers what its head says in the same words, or was kept from
  /// saying.
  public static void withoutThoseOf(Fields trailers, Fields head) {
    for (int i = 0; i < trailers.count(); i++) {
      if (said(head, trailers, i)) {
        trailers.removeLine(i);
      }
    }
    withoutWithheld(trailers, head);
  }

  private static boolean said(Fields head, Fields trailers, int field) {
    int hash = trailers.hash(field);
    for (int i = 0; i < head.count(); i++) {
      if (head.hash(i) == hash && sameName(head, i, trailers, field)) {
        return true;
      }
    }
    return false;
  }

  private static boolean sameName(Fields a, int i, Fields b, int k) {
    int from = a.nameStart(i);
    int other = b.nameStart(k);
    int size = a.nameEnd(i) - from;
    if (b.nameEnd(k) - other != size) {
      return false;
    }
    for (int n = 0; n < size; n++) {
      if (Bytes.NAME[a.bytes()[from + n] & 0xff] != Bytes.NAME[b.bytes()[other + n] & 0xff]) {
        return false;
      }
    }
    return true;
  }

  /// Takes out what a filter took out of the head, or put in another's place.
  public static void withoutWithheld(Fields trailers, Fields head) {
    for (HeaderName name : head.withheld()) {
      trailers.removeSpellings(name);
    }
  }
}
