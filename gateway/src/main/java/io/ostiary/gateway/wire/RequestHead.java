package io.ostiary.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.ostiary.gateway.spi.HeaderName;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/// The head of one request, read line by line as its bytes come (RFC 9112 sections 2 to 6).
///
/// The bytes are copied once into an array and parsed in place; a line is looked at when its LF is
/// there, and no byte is searched twice, so a client that sends single bytes costs no more than
/// another. The path is normalised in place: routing, filters and the upstream see the same bytes.
/// Reused from request to request; confined to its event loop.
public final class RequestHead {
  /// What [#read] says.
  public enum Progress {
    MORE,
    COMPLETE,
    FAULTY
  }

  private static final int LEADING_LINES_MAX = 2;
  private static final byte[] CHUNKED = Bytes.of("chunked");
  private static final byte[] H2C = Bytes.of("h2c");
  private static final byte[] CONTINUE = Bytes.of("100-continue");
  private static final HeaderName MAX_FORWARDS = HeaderName.of("Max-Forwards");

  /// The first line of what a client of HTTP/2 begins with (RFC 9113 section 3.4). It was chosen so
  /// that no request is like it.
  private static final byte[] PREFACE = Bytes.of("PRI * HTTP/2.0");

  private final Fields fields = new Fields();
  private final ConnectionOptions options = new ConnectionOptions();
  private final TargetParser target = new TargetParser();
  private final UpstreamTarget upstream = new UpstreamTarget(this);
  private int bytesMax;
  private int fieldsMax;
  private int lineStart;
  private int searched;
  private int leadingLines;
  private boolean startLineDone;
  private @Nullable HeadFault fault;
  private String method = "";
  private boolean version11;
  private long contentLength;
  private boolean chunked;
  private boolean streamed;
  private boolean preface;
  private boolean expectsContinue;
  private long hopsLeft;

  public void start(int bytesMax, int fieldsMax) {
    this.bytesMax = bytesMax;
    this.fieldsMax = fieldsMax;
    fields.clear();
    options.clear();
    target.clear();
    lineStart = 0;
    searched = 0;
    leadingLines = 0;
    startLineDone = false;
    fault = null;
    method = "";
    version11 = true;
    contentLength = -1;
    chunked = false;
    streamed = false;
    preface = false;
    expectsContinue = false;
    hopsLeft = -1;
  }

  /// Becomes what `other` is now, fields that were changed and the target that goes upstream
  /// included, as a request without content that offers no other protocol.
  public void copyFrom(RequestHead other) {
    fields.copyFrom(other.fields);
    target.copyFrom(other.target);
    upstream.copyFrom(other.upstream);
    startLineDone = true;
    lineStart = other.lineStart;
    method = other.method;
    version11 = other.version11;
  }

  /// Takes bytes from `in`, at most up to the end of the head.
  public Progress read(ByteBuf in) {
    int had = fields.length();
    int take = Math.min(in.readableBytes(), bytesMax + 1 - had);
    fields.room(take);
    in.getBytes(in.readerIndex(), fields.bytes(), had, take);
    fields.length(had + take);
    var progress = parse();
    if (progress == Progress.COMPLETE) {
      in.skipBytes(lineStart - had);
      fields.length(lineStart);
      return progress;
    }
    in.skipBytes(take);
    if (progress == Progress.MORE && fields.length() > bytesMax) {
      return fail(startLineDone ? HeadFault.HEAD_TOO_LARGE : HeadFault.TARGET_TOO_LONG);
    }
    return progress;
  }

  /// Reads what a [FieldList] has written in place of a client: the head of a request over HTTP/2.
  ///
  /// @param last whether no content follows
  /// @return false: refused, see [#fault]
  boolean readWritten(boolean last) {
    if (parse() != Progress.COMPLETE || lineStart != fields.length()) {
      fault = fault == null ? HeadFault.REQUEST_LINE : fault;
      return false;
    }
    streamed = !last && contentLength < 0;
    chunked = streamed;
    return true;
  }

  /// The rest of the head is left out, because it is longer than the limit.
  void cutOff() {
    parse();
    fault = HeadFault.HEAD_TOO_LARGE;
  }

  private Progress parse() {
    var bytes = fields.bytes();
    int end = fields.length();
    int lf = searched;
    while (true) {
      lf = Bytes.lineFeed(bytes, lf, end);
      searched = lf;
      if (lf == end) {
        return foreign(end) ? fail(HeadFault.REQUEST_LINE) : Progress.MORE;
      }
      if (lf == lineStart || bytes[lf - 1] != '\r') {
        return fail(foreign(end) ? HeadFault.REQUEST_LINE : HeadFault.LINE_END);
      }
      int start = lineStart;
      lineStart = ++lf;
      if (start == lf - 2) {
        if (startLineDone) {
          return finish();
        }
        if (++leadingLines > LEADING_LINES_MAX) {
          return fail(HeadFault.LEADING_LINES);
        }
        continue;
      }
      var wrong = startLineDone ? field(start, lf - 2) : startLine(start, lf - 2);
      if (wrong != null) {
        return fail(wrong);
      }
    }
  }

  /// Whether something else than a request begins: who says hello for TLS here waits for an answer,
  /// and sends no line that could be refused.
  private boolean foreign(int end) {
    if (startLineDone || lineStart == end) {
      return false;
    }
    byte first = fields.bytes()[lineStart];
    return first < ' ' && first != '\r' && first != '\n';
  }

  private Progress fail(HeadFault wrong) {
    fault = wrong;
    return Progress.FAULTY;
  }

  private @Nullable HeadFault field(int start, int end) {
    if (fields.count() == fieldsMax) {
      return HeadFault.FIELDS_TOO_MANY;
    }
    return fields.line(start, end);
  }

  private @Nullable HeadFault startLine(int start, int end) {
    startLineDone = true;
    var bytes = fields.bytes();
    if (leadingLines == 0 && Bytes.isExactly(bytes, start, end, PREFACE)) {
      preface = true;
      method = "PRI";
      return null;
    }
    int p = start;
    while (p < end && bytes[p] != ' ') {
      byte b = bytes[p++];
      if (!(b >= 'A' && b <= 'Z') && !(b >= '0' && b <= '9') && b != '-' && b != '_') {
        return Bytes.TOKEN[b & 0xff] == 0 ? HeadFault.REQUEST_LINE : HeadFault.METHOD;
      }
    }
    if (p == start || p - start > 32) {
      return HeadFault.METHOD;
    }
    method = Methods.of(bytes, start, p);
    int targetStart = p + 1;
    p = targetStart;
    while (p < end && bytes[p] != ' ') {
      p++;
    }
    if (p == targetStart || p >= end) {
      return HeadFault.REQUEST_LINE;
    }
    var wrong = version(p + 1, end);
    if (wrong != null) {
      return wrong;
    }
    if (method.equals("CONNECT") || method.equals("TRACE")) {
      return HeadFault.METHOD_REFUSED;
    }
    return target.parse(bytes, targetStart, p, method);
  }

  private @Nullable HeadFault version(int start, int end) {
    var bytes = fields.bytes();
    if (end - start != 8
        || bytes[start] != 'H'
        || bytes[start + 1] != 'T'
        || bytes[start + 2] != 'T'
        || bytes[start + 3] != 'P'
        || bytes[start + 4] != '/'
        || bytes[start + 6] != '.') {
      return HeadFault.REQUEST_LINE;
    }
    int major = bytes[start + 5] - '0';
    int minor = bytes[start + 7] - '0';
    if (major < 0 || major > 9 || minor < 0 || minor > 9) {
      return HeadFault.REQUEST_LINE;
    }
    if (major != 1 || minor > 1) {
      return HeadFault.VERSION;
    }
    version11 = minor == 1;
    return null;
  }

  /// All lines are there: what they say together.
  private Progress finish() {
    if (preface) {
      return fields.count() == 0 ? Progress.COMPLETE : fail(HeadFault.VERSION);
    }
    int host = -1;
    boolean coding = false;
    HeadFault wrong = null;
    for (int i = 0; i < fields.count() && wrong == null; i++) {
      switch (fields.kind(i)) {
        case FieldKind.HOST -> {
          wrong = host >= 0 ? HeadFault.HOST_REPEATED : hostValue(i);
          host = i;
        }
        case FieldKind.CONTENT_LENGTH -> wrong = lengthValue(i);
        case FieldKind.TRANSFER_ENCODING -> {
          wrong = coding ? HeadFault.CODING_REPEATED : codingValue(i);
          coding = true;
        }
        case FieldKind.CONNECTION -> wrong = options.take(fields, i);
        case FieldKind.EXPECT -> wrong = expectation(i);
        case FieldKind.COOKIE -> fields.removeSession(i);
        default -> {}
      }
    }
    if (wrong == null && method.equals("OPTIONS")) {
      wrong = maxForwards();
    }
    if (wrong == null && host < 0 && version11) {
      wrong = HeadFault.HOST_MISSING;
    }
    if (wrong == null && chunked && contentLength >= 0) {
      wrong = HeadFault.LENGTH_AND_CODING;
    }
    if (wrong != null) {
      return fail(wrong);
    }
    if (host >= 0) {
      target.host(fields.valueStart(host), fields.valueEnd(host));
      // An absolute target is what counts (RFC 9112 section 3.2.2): for whoever reads Host, too.
      fields.value(host, target.authorityStart(), target.authorityEnd());
    }
    return Progress.COMPLETE;
  }

  private @Nullable HeadFault maxForwards() {
    var written = fields.first(MAX_FORWARDS);
    if (written == null) {
      return null;
    }
    var digits = Bytes.of(written);
    hopsLeft = fields.repeated(MAX_FORWARDS) ? -1 : Numbers.decimal(digits, 0, digits.length);
    return hopsLeft < 0 ? HeadFault.MAX_FORWARDS : null;
  }

  private @Nullable HeadFault hostValue(int field) {
    return TargetParser.authorityValid(
            fields.bytes(), fields.valueStart(field), fields.valueEnd(field))
        ? null
        : HeadFault.HOST_VALUE;
  }

  private @Nullable HeadFault lengthValue(int field) {
    if (contentLength >= 0) {
      return HeadFault.LENGTH_REPEATED;
    }
    contentLength =
        Numbers.decimal(fields.bytes(), fields.valueStart(field), fields.valueEnd(field));
    return contentLength < 0 ? HeadFault.LENGTH_VALUE : null;
  }

  private @Nullable HeadFault codingValue(int field) {
    if (!version11) {
      return HeadFault.CODING_OLD_VERSION;
    }
    chunked = true;
    return fields.valueIs(field, CHUNKED) ? null : HeadFault.CODING_UNKNOWN;
  }

  private @Nullable HeadFault expectation(int field) {
    if (!fields.valueIs(field, CONTINUE)) {
      return HeadFault.EXPECTATION;
    }
    expectsContinue = version11;
    return null;
  }

  /// Set once [#read] said FAULTY.
  public HeadFault fault() {
    return fault == null ? HeadFault.REQUEST_LINE : fault;
  }

  public Fields fields() {
    return fields;
  }

  public String method() {
    return method;
  }

  public boolean version11() {
    return version11;
  }

  /// -1 where the field is absent.
  public long contentLength() {
    return contentLength;
  }

  public boolean chunked() {
    return chunked;
  }

  /// Whether the end of the content is the end of an HTTP/2 stream; then it is [#chunked] for who
  /// speaks HTTP/1.1.
  public boolean streamed() {
    return streamed;
  }

  /// Whether it is no request but the beginning of HTTP/2.
  public boolean preface() {
    return preface;
  }

  public boolean hasBody() {
    return chunked || contentLength > 0;
  }

  public boolean expectsContinue() {
    return expectsContinue && hasBody();
  }

  /// The field in which the client offers to change the protocol of a connection that carries
  /// nothing but this request; -1: it does not, or not clearly.
  public int upgradeField() {
    return options.upgrade && version11 && !chunked && contentLength <= 0
        ? fields.findOnly(FieldKind.UPGRADE)
        : -1;
  }

  /// The settings of a client that offers to go on with HTTP/2 (RFC 7540 section 3.2); null: it
  /// does not, or not clearly.
  public byte @Nullable [] http2Settings() {
    int upgrade = upgradeField();
    if (upgrade < 0 || !fields.valueIs(upgrade, H2C)) {
      return null;
    }
    int field = fields.findOnly(FieldKind.HTTP2_SETTINGS);
    if (field < 0) {
      return null;
    }
    try {
      var settings = Base64.getUrlDecoder().decode(fields.value(field));
      return settings.length % 6 == 0 ? settings : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /// Whether the client wants this connection to live on (RFC 9112 section 9.3).
  public boolean keepAlive() {
    return !options.close && (version11 || options.keepAlive);
  }

  /// `OPTIONS *`.
  public boolean asterisk() {
    return target.asterisk();
  }

  /// Whether it asks about this gateway rather than about what is behind it: `OPTIONS *`, or an
  /// OPTIONS that may go no further (RFC 9110 section 7.6.2).
  public boolean endsHere() {
    return asterisk() || hopsLeft == 0;
  }

  /// It is passed on: an OPTIONS that counts its hops may make one less.
  public void countHop() {
    if (hopsLeft > 0) {
      fields.set(MAX_FORWARDS, Long.toString(--hopsLeft));
    }
  }

  /// Whether the path holds `%2F`, which not every API takes.
  public boolean encodedSlash() {
    return target.encodedSlash();
  }

  public byte[] bytes() {
    return fields.bytes();
  }

  public int pathStart() {
    return target.pathStart();
  }

  public int pathEnd() {
    return target.pathEnd();
  }

  /// Where the query begins, behind the question mark; -1: there is none.
  public int queryStart() {
    return target.queryStart();
  }

  public int queryEnd() {
    return target.queryEnd();
  }

  /// Replaces the query, for the ledger and for the upstream.
  public void query(@Nullable String query) {
    int start = query == null ? -1 : append(query);
    target.query(start, query == null ? -1 : start + query.length());
    upstream.queryReplaced();
  }

  /// Keeps a query behind the head, with its question mark before it. Returns where it begins.
  int append(String query) {
    for (int i = 0; i < query.length(); i++) {
      char c = query.charAt(i);
      if (c <= ' ' || c >= 0x7f || c == '#') {
        throw new IllegalArgumentException(
            "query: a character U+%04X (expected: what a URI may hold)".formatted((int) c));
      }
    }
    return appendBytes("?" + query) + 1;
  }

  /// Keeps a text of ISO-8859-1 behind the head. Returns where it begins.
  int appendBytes(String text) {
    int start = fields.length();
    fields.room(text.length());
    for (int i = 0; i < text.length(); i++) {
      fields.bytes()[start + i] = (byte) text.charAt(i);
    }
    fields.length(start + text.length());
    return start;
  }

  /// Where the request goes upstream: the client's target, until a policy changes it.
  public UpstreamTarget upstream() {
    return upstream;
  }

  /// Who is asked: the authority of an absolute target, else Host. Equal for HTTP/1.0 without Host.
  public int authorityStart() {
    return target.authorityStart();
  }

  public int authorityEnd() {
    return target.authorityEnd();
  }

  /// The first `limit` bytes of what was sent, for the ledger, where no target could be read.
  public int targetSentLength() {
    return target.sentLength();
  }
}
