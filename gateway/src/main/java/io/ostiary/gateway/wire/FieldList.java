package io.ostiary.gateway.wire;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The field list of one HTTP/2 request or of its trailers, on its way from HPACK into a
/// [RequestHead].
///
/// It writes what a client would have sent over HTTP/1.1 and lets the parser of HTTP/1.1 read it:
/// there is one reader for both versions, and what goes upstream is what was read. Checked here is
/// only what the text could not show any more (RFC 9113 section 8): pseudo-fields, upper case,
/// bytes that end a line, fields of the connection. Two fields of one name stay two, but for
/// Cookie, whose crumbs become one again. Reused; confined to its event loop.
public final class FieldList extends DefaultHttp2Headers {
  /// What [#finish] says.
  public enum Outcome {
    COMPLETE,

    /// Well framed, but not a request that this gateway takes; the head knows why.
    REFUSED,

    /// Malformed: the stream is an error (RFC 9113 section 8.1.1).
    MALFORMED
  }

  private static final int METHOD = 1;
  private static final int SCHEME = 2;
  private static final int PATH = 4;
  private static final int AUTHORITY = 8;
  private static final int PROTOCOL = 16;
  private static final AsciiString GET = AsciiString.cached("GET");
  private static final AsciiString NONE = AsciiString.EMPTY_STRING;
  private static final byte[] LINE = Bytes.of(" HTTP/1.1\r\n");
  private static final byte[] HOST = Bytes.of("host");
  private static final byte[] KEY = Bytes.of("sec-websocket-key");

  /// As a client of HTTP/1.1 would ask for a WebSocket. The key proves to a client that its server
  /// understood; here the frame that opens the stream does, so it may always be the same.
  private static final byte[] UPGRADE =
      Bytes.of(
          """
          connection: Upgrade\r
          upgrade: websocket\r
          sec-websocket-key: b3N0aWFyeS1odHRwMi13cw==\r
          """);

  private static final byte[] COOKIE = Bytes.of("cookie");
  private static final byte[] TE = Bytes.of("te");
  private static final byte[] TRAILERS = Bytes.of("trailers");

  private @Nullable RequestHead request;
  private @Nullable Fields into;
  private AsciiString method = NONE;
  private AsciiString scheme = NONE;
  private AsciiString path = NONE;
  private AsciiString authority = NONE;
  private AsciiString protocol = NONE;
  private int seen;
  private int fields;
  private int bytesMax;
  private int fieldsMax;
  private boolean rendered;
  private boolean malformed;
  private boolean tooLarge;
  private boolean tooMany;
  private byte[] cookies = new byte[256];
  private int cookieLength;

  public FieldList() {
    super(false);
  }

  /// The fields that follow are a request's.
  ///
  /// @param of has been started with the same limits
  public void begin(RequestHead of, int mostBytes, int mostFields) {
    start(of.fields(), mostBytes, mostFields);
    request = of;
    rendered = false;
  }

  /// The fields that follow are trailers.
  public void beginTrailers(Fields trailers, int mostBytes, int mostFields) {
    start(trailers, mostBytes, mostFields);
    request = null;
    rendered = true;
  }

  /// The fields that follow are nobody's; they are only decoded, since they change the table.
  public void beginNothing() {
    start(null, 0, 0);
    request = null;
    rendered = true;
    malformed = true;
  }

  private void start(@Nullable Fields to, int mostBytes, int mostFields) {
    into = to;
    bytesMax = mostBytes;
    fieldsMax = mostFields;
    method = NONE;
    scheme = NONE;
    path = NONE;
    authority = NONE;
    protocol = NONE;
    seen = 0;
    fields = 0;
    cookieLength = 0;
    malformed = false;
    tooLarge = false;
    tooMany = false;
  }

  @Override
  public int size() {
    return fields;
  }

  @Override
  public Http2Headers add(CharSequence name, CharSequence value) {
    fields++;
    if (malformed || tooLarge || tooMany) {
      return this;
    }
    var key = AsciiString.of(name);
    var content = AsciiString.of(value);
    boolean named = !key.isEmpty() && key.byteAt(0) == ':';
    boolean sound = named ? pseudo(key, content) : regular(key, content);
    // What was found on the way stays found.
    malformed |= !sound;
    return this;
  }

  private boolean pseudo(AsciiString name, AsciiString value) {
    if (rendered || !clean(value)) {
      return false;
    }
    int bit = bit(name);
    if (bit == 0 || (seen & bit) != 0) {
      return false;
    }
    seen |= bit;
    switch (bit) {
      case METHOD -> method = value;
      case SCHEME -> scheme = value;
      case PATH -> path = value;
      case AUTHORITY -> authority = value;
      default -> protocol = value;
    }
    return true;
  }

  private static int bit(AsciiString name) {
    return switch (name.toString()) {
      case ":method" -> METHOD;
      case ":scheme" -> SCHEME;
      case ":path" -> PATH;
      case ":authority" -> AUTHORITY;
      case ":protocol" -> PROTOCOL;
      default -> 0;
    };
  }

  private boolean regular(AsciiString name, AsciiString value) {
    if (!rendered && !requestLine()) {
      return false;
    }
    if (!token(name) || !clean(value) || ofConnection(name, value)) {
      return false;
    }
    var array = name.array();
    int at = name.arrayOffset();
    int end = at + name.length();
    if (request != null && Bytes.isToken(array, at, end, COOKIE)) {
      crumb(value);
      return true;
    }
    if ((seen & AUTHORITY) != 0 && Bytes.isToken(array, at, end, HOST)) {
      return sameHost(value);
    }
    if (tunnel() && Bytes.isToken(array, at, end, KEY)) {
      return true;
    }
    line(name, value);
    return true;
  }

  /// Whether Host names whom `:authority` names, the port of the scheme being that of who names
  /// none (RFC 9113 section 8.3.1, RFC 3986 section 6.2.3). It is not forwarded.
  private boolean sameHost(AsciiString host) {
    if (authority.contentEqualsIgnoreCase(host)) {
      return true;
    }
    int length = withoutPort(authority);
    return length > 0
        && length == withoutPort(host)
        && authority.regionMatches(true, 0, host, 0, length);
  }

  /// How long it is without a port that says nothing.
  private int withoutPort(AsciiString host) {
    int colon = host.lastIndexOf(":");
    if (colon < 0 || host.indexOf(']', colon) > 0) {
      return host.length();
    }
    var port = host.subSequence(colon + 1);
    boolean usual =
        port.isEmpty()
            || (scheme.contentEquals("https")
                ? port.contentEquals("443")
                : port.contentEquals("80"));
    return usual ? colon : host.length();
  }

  /// Lower case, and what a name may hold.
  private static boolean token(AsciiString name) {
    for (int i = 0; i < name.length(); i++) {
      byte b = name.byteAt(i);
      if (Bytes.TOKEN[b & 0xff] != b || b == 0) {
        return false;
      }
    }
    return !name.isEmpty();
  }

  private static boolean clean(AsciiString value) {
    for (int i = 0; i < value.length(); i++) {
      if (!Bytes.VALUE[value.byteAt(i) & 0xff]) {
        return false;
      }
    }
    return value.isEmpty() || (!blank(value.byteAt(0)) && !blank(value.byteAt(value.length() - 1)));
  }

  private static boolean blank(byte b) {
    return b == ' ' || b == '\t';
  }

  /// Fields that speak of a connection have no meaning here (RFC 9113 section 8.2.2).
  private static boolean ofConnection(AsciiString name, AsciiString value) {
    var array = name.array();
    int at = name.arrayOffset();
    if (Bytes.isToken(array, at, at + name.length(), TE)) {
      int from = value.arrayOffset();
      return !Bytes.equalsFolded(value.array(), from, from + value.length(), TRAILERS);
    }
    int end = at + name.length();
    return switch (FieldKind.of(array, at, end, Bytes.nameHash(array, at, end))) {
      case FieldKind.CONNECTION,
          FieldKind.TRANSFER_ENCODING,
          FieldKind.KEEP_ALIVE,
          FieldKind.UPGRADE ->
          true;
      case FieldKind.HOP -> name.contentEquals("proxy-connection");
      default -> false;
    };
  }

  private void crumb(AsciiString value) {
    int more = value.length() + 2;
    if (cookieLength + more > bytesMax) {
      tooLarge = true;
      return;
    }
    if (cookieLength + more > cookies.length) {
      cookies = Arrays.copyOf(cookies, Math.max(cookies.length * 2, cookieLength + more));
    }
    if (cookieLength > 0) {
      cookies[cookieLength++] = ';';
      cookies[cookieLength++] = ' ';
    }
    value.copy(0, cookies, cookieLength, value.length());
    cookieLength += value.length();
  }

  /// `METHOD SP path SP HTTP/1.1`, and Host.
  private boolean requestLine() {
    rendered = true;
    boolean tunnel = tunnel();
    boolean connect = method.contentEquals("CONNECT") && !tunnel;
    int wanted = connect ? METHOD | AUTHORITY : METHOD | SCHEME | PATH;
    int allowed = connect ? wanted : wanted | AUTHORITY | (tunnel ? PROTOCOL : 0);
    if ((seen & wanted) != wanted || (seen & ~allowed) != 0 || !methodToken()) {
      return false;
    }
    if (!connect) {
      boolean http =
          scheme.contentEqualsIgnoreCase("http") || scheme.contentEqualsIgnoreCase("https");
      if (!http || !pathForm()) {
        return false;
      }
    }
    append(tunnel ? GET : method);
    append((byte) ' ');
    append(connect ? authority : path);
    append(LINE);
    if ((seen & AUTHORITY) != 0) {
      append(HOST);
      append((byte) ':');
      append((byte) ' ');
      append(authority);
      lineEnd();
    }
    if (tunnel) {
      append(UPGRADE);
    }
    return true;
  }

  /// An extended CONNECT (RFC 8441): a tunnel within one stream.
  private boolean tunnel() {
    return (seen & PROTOCOL) != 0
        && method.contentEquals("CONNECT")
        && protocol.contentEqualsIgnoreCase("websocket");
  }

  private boolean methodToken() {
    for (int i = 0; i < method.length(); i++) {
      if (Bytes.TOKEN[method.byteAt(i) & 0xff] == 0) {
        return false;
      }
    }
    return !method.isEmpty();
  }

  /// An origin's form, or the asterisk of OPTIONS; no space, which would end it in the text.
  private boolean pathForm() {
    if (path.isEmpty() || path.indexOf(" ") >= 0) {
      return false;
    }
    return path.byteAt(0) == '/' || (path.contentEquals("*") && method.contentEquals("OPTIONS"));
  }

  private void line(AsciiString name, AsciiString value) {
    var to = into;
    if (to == null) {
      return;
    }
    int start = to.length();
    append(name);
    append((byte) ':');
    append((byte) ' ');
    append(value);
    lineEnd();
    if (request == null && !tooLarge) {
      trailer(to, start);
    }
  }

  private void trailer(Fields to, int start) {
    if (to.count() == fieldsMax) {
      tooMany = true;
      return;
    }
    malformed |= TrailerSection.line(to, start, to.length() - 2) != null;
  }

  private void lineEnd() {
    append((byte) '\r');
    append((byte) '\n');
  }

  private void append(AsciiString text) {
    append(text.array(), text.arrayOffset(), text.length());
  }

  private void append(byte[] text) {
    append(text, 0, text.length);
  }

  private void append(byte[] text, int from, int length) {
    var to = into;
    if (to == null || tooLarge || to.length() + length > bytesMax) {
      tooLarge = true;
      return;
    }
    to.room(length);
    System.arraycopy(text, from, to.bytes(), to.length(), length);
    to.length(to.length() + length);
  }

  private void append(byte b) {
    var to = into;
    if (to == null || tooLarge || to.length() == bytesMax) {
      tooLarge = true;
      return;
    }
    to.room(1);
    to.bytes()[to.length()] = b;
    to.length(to.length() + 1);
  }

  /// The list is complete.
  ///
  /// @param last whether nothing follows it, neither content nor trailers
  public Outcome finish(boolean last) {
    var of = request;
    if (malformed || (!rendered && !requestLine())) {
      return Outcome.MALFORMED;
    }
    if (of == null) {
      return tooLarge || tooMany ? Outcome.MALFORMED : Outcome.COMPLETE;
    }
    if (cookieLength > 0) {
      append(COOKIE);
      append((byte) ':');
      append((byte) ' ');
      append(cookies, 0, cookieLength);
      lineEnd();
    }
    lineEnd();
    if (tooLarge) {
      of.cutOff();
      return Outcome.REFUSED;
    }
    if (tunnel() && last) {
      return Outcome.MALFORMED;
    }
    if (!of.readWritten(last || tunnel())) {
      return malformedByLength(of) ? Outcome.MALFORMED : Outcome.REFUSED;
    }
    return last && of.contentLength() > 0 ? Outcome.MALFORMED : Outcome.COMPLETE;
  }

  /// A length that cannot be read or stands twice is a malformed message, not a refused one.
  private static boolean malformedByLength(RequestHead of) {
    return switch (of.fault()) {
      case LENGTH_VALUE, LENGTH_REPEATED -> true;
      default -> false;
    };
  }
}
