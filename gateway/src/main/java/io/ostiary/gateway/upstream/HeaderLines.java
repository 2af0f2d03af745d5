package io.ostiary.gateway.upstream;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import io.ostiary.gateway.wire.HeadFault;
import io.ostiary.gateway.wire.HeadText;
import io.ostiary.gateway.wire.ResponseHead;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Heads between the text of HTTP/1.1 and the field lists of HTTP/2 (RFC 9113 section 8). What goes
/// to an upstream is written once, as text, and taken apart here: two ways of writing could differ.
/// What comes back is put together as lines and read as strictly as those of HTTP/1.1.
final class HeaderLines {
  private static final AsciiString HOST = AsciiString.cached("host");
  private static final AsciiString CONNECTION = AsciiString.cached("connection");
  private static final AsciiString TRANSFER_ENCODING = AsciiString.cached("transfer-encoding");
  private static final AsciiString CONNECT = AsciiString.cached("CONNECT");
  private static final AsciiString WEBSOCKET_KEY = AsciiString.cached("sec-websocket-key");
  private static final AsciiString TE = AsciiString.cached("te");
  private static final AsciiString TRAILERS = AsciiString.cached("trailers");
  private static final AsciiString HTTP = AsciiString.cached("http");
  private static final AsciiString HTTPS = AsciiString.cached("https");

  private HeaderLines() {}

  /// The head of a request. We pass trailers on, so we say so (gRPC asks for it).
  static Http2Headers request(HeadText text, boolean secure) {
    var headers = new DefaultHttp2Headers(false, 24);
    var bytes = text.bytes();
    int end = find(bytes, 0, text.length(), '\r');
    int first = find(bytes, 0, end, ' ');
    int second = find(bytes, first + 1, end, ' ');
    headers.method(ascii(bytes, 0, first));
    headers.scheme(secure ? HTTPS : HTTP);
    headers.path(ascii(bytes, first + 1, second));
    lines(text, end + 2, headers);
    headers.set(TE, TRAILERS);
    return headers;
  }

  /// The head of an extended CONNECT (RFC 8441 section 5), which neither names its protocol in
  /// Upgrade nor asks for a proof.
  static Http2Headers connect(HeadText text, boolean secure, byte[] protocol) {
    var headers = request(text, secure);
    headers.method(CONNECT);
    headers.set(Http2Headers.PseudoHeaderName.PROTOCOL.value(), new AsciiString(protocol, false));
    headers.remove(WEBSOCKET_KEY);
    headers.remove(TE);
    return headers;
  }

  /// Trailer fields.
  static Http2Headers trailers(HeadText text) {
    var headers = new DefaultHttp2Headers(false, 8);
    lines(text, 0, headers);
    return headers;
  }

  /// Lines up to an empty one or the end. Fields of one hop stay behind.
  private static void lines(HeadText text, int from, Http2Headers into) {
    var bytes = text.bytes();
    int start = from;
    while (start < text.length()) {
      int end = find(bytes, start, text.length(), '\r');
      if (end == start) {
        return;
      }
      int colon = find(bytes, start, end, ':');
      var name = ascii(bytes, start, colon).toLowerCase();
      var value = ascii(bytes, colon + 1, end).trim();
      if (name.contentEquals(HOST)) {
        into.authority(value);
      } else if (!name.contentEquals(CONNECTION) && !name.contentEquals(TRANSFER_ENCODING)) {
        into.add(name, value);
      }
      start = end + 2;
    }
  }

  /// Where the character is first, or `to`.
  private static int find(byte[] bytes, int from, int to, char c) {
    int at = from;
    while (at < to && bytes[at] != c) {
      at++;
    }
    return at;
  }

  private static AsciiString ascii(byte[] bytes, int from, int to) {
    return new AsciiString(bytes, from, to - from, true);
  }

  /// Reads a response's fields into its head, which has been started.
  static @Nullable HeadFault response(Http2Headers headers, ResponseHead into) {
    var status = headers.status();
    if (status == null || status.length() != 3) {
      return HeadFault.STATUS_LINE;
    }
    var wrong = into.status(status);
    for (var field : headers) {
      if (wrong != null) {
        return wrong;
      }
      wrong = pseudo(field) ? null : into.field(field.getKey(), field.getValue());
    }
    return wrong == null ? into.complete() : wrong;
  }

  private static boolean pseudo(Map.Entry<CharSequence, CharSequence> field) {
    return field.getKey().length() > 0 && field.getKey().charAt(0) == ':';
  }
}
