package io.ostiary.gateway.wire;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// The head of one response, read as strictly as a request's: an upstream that sends what cannot be
/// read is answered for with 502. Reused; confined to its event loop.
public final class ResponseHead {
  private static final byte[] CHUNKED = Bytes.of("chunked");
  private static final byte[] TIMEOUT = Bytes.of("timeout=");

  private final Fields fields = new Fields();
  private final ConnectionOptions options = new ConnectionOptions();
  private int bytesMax;
  private int fieldsMax;
  private int lineStart;
  private int searched;
  private boolean startLineDone;
  private @Nullable HeadFault fault;
  private boolean version11;
  private int status;
  private int reasonStart;
  private int reasonEnd;
  private long contentLength;
  private boolean chunked;

  public void start(int bytesMax, int fieldsMax) {
    this.bytesMax = bytesMax;
    this.fieldsMax = fieldsMax;
    fields.clear();
    options.clear();
    lineStart = 0;
    searched = 0;
    startLineDone = false;
    fault = null;
    version11 = true;
    status = 0;
    reasonStart = 0;
    reasonEnd = 0;
    contentLength = -1;
    chunked = false;
  }

  /// Makes this the head of a response of our own, with no field yet.
  public void own(int ownStatus) {
    start(bytesMax, fieldsMax);
    status = ownStatus;
  }

  /// Replaces the status of a response of our own.
  public void restated(int ownStatus) {
    status = ownStatus;
  }

  public RequestHead.Progress read(ByteBuf in) {
    int had = fields.length();
    int take = Math.min(in.readableBytes(), bytesMax + 1 - had);
    fields.room(take);
    in.getBytes(in.readerIndex(), fields.bytes(), had, take);
    fields.length(had + take);
    var progress = parse();
    if (progress == RequestHead.Progress.COMPLETE) {
      in.skipBytes(lineStart - had);
      fields.length(lineStart);
      return progress;
    }
    in.skipBytes(take);
    if (progress == RequestHead.Progress.MORE && fields.length() > bytesMax) {
      return fail(HeadFault.HEAD_TOO_LARGE);
    }
    return progress;
  }

  private RequestHead.Progress parse() {
    var bytes = fields.bytes();
    int end = fields.length();
    int lf = searched;
    while (true) {
      lf = Bytes.lineFeed(bytes, lf, end);
      searched = lf;
      if (lf == end) {
        return RequestHead.Progress.MORE;
      }
      if (lf == lineStart || bytes[lf - 1] != '\r') {
        return fail(HeadFault.LINE_END);
      }
      int start = lineStart;
      lineStart = ++lf;
      if (start == lf - 2) {
        return startLineDone ? finish() : fail(HeadFault.STATUS_LINE);
      }
      var wrong = startLineDone ? field(start, lf - 2) : statusLine(start, lf - 2);
      if (wrong != null) {
        return fail(wrong);
      }
    }
  }

  private RequestHead.Progress fail(HeadFault wrong) {
    fault = wrong;
    return RequestHead.Progress.FAULTY;
  }

  private @Nullable HeadFault field(int start, int end) {
    return fields.count() == fieldsMax ? HeadFault.FIELDS_TOO_MANY : fields.line(start, end);
  }

  /// `HTTP/1.1 200 OK`; the reason may be empty, and by common practice its space may be missing.
  private @Nullable HeadFault statusLine(int start, int end) {
    startLineDone = true;
    var bytes = fields.bytes();
    if (end - start < 12
        || bytes[start] != 'H'
        || bytes[start + 1] != 'T'
        || bytes[start + 2] != 'T'
        || bytes[start + 3] != 'P'
        || bytes[start + 4] != '/'
        || bytes[start + 5] != '1'
        || bytes[start + 6] != '.'
        || (bytes[start + 7] != '0' && bytes[start + 7] != '1')
        || bytes[start + 8] != ' ') {
      return HeadFault.STATUS_LINE;
    }
    version11 = bytes[start + 7] == '1';
    status = (int) Numbers.decimal(bytes, start + 9, start + 12);
    if (status < 100 || status > 599 || (end > start + 12 && bytes[start + 12] != ' ')) {
      return HeadFault.STATUS_LINE;
    }
    reasonStart = Math.min(start + 13, end);
    reasonEnd = end;
    return Bytes.fieldValue(bytes, reasonStart, end) ? null : HeadFault.STATUS_LINE;
  }

  /// Takes a status that came otherwise than in a line.
  public @Nullable HeadFault status(CharSequence digits) {
    startLineDone = true;
    int value = 0;
    for (int i = 0; i < digits.length(); i++) {
      char c = digits.charAt(i);
      value = c >= '0' && c <= '9' ? value * 10 + c - '0' : 1000;
    }
    status = value;
    return value < 100 || value > 599 ? HeadFault.STATUS_LINE : null;
  }

  /// Takes a field that came otherwise than in a line.
  public @Nullable HeadFault field(CharSequence name, CharSequence value) {
    int start = fields.length();
    int size = name.length() + value.length() + 4;
    if (start + size > bytesMax) {
      return HeadFault.HEAD_TOO_LARGE;
    }
    fields.room(size);
    fields.append(name).append(": ").append(value).append("\r\n");
    lineStart = fields.length();
    return field(start, fields.length() - 2);
  }

  /// All fields of a message without a line have been taken: what they say together. There, none of
  /// them may frame it (RFC 9113 section 8.2.2).
  public @Nullable HeadFault complete() {
    boolean framed =
        fields.find(FieldKind.TRANSFER_ENCODING) >= 0 || fields.find(FieldKind.CONNECTION) >= 0;
    if (framed) {
      return HeadFault.CODING_UNKNOWN;
    }
    return finish() == RequestHead.Progress.COMPLETE ? null : fault;
  }

  private RequestHead.Progress finish() {
    boolean coding = false;
    HeadFault wrong = null;
    for (int i = 0; i < fields.count() && wrong == null; i++) {
      switch (fields.kind(i)) {
        case FieldKind.CONTENT_LENGTH -> wrong = lengthValue(i);
        case FieldKind.TRANSFER_ENCODING -> {
          wrong = coding ? HeadFault.CODING_REPEATED : codingValue(i);
          coding = true;
        }
        case FieldKind.CONNECTION -> wrong = options.take(fields, i);
        default -> {}
      }
    }
    if (wrong == null && chunked && contentLength >= 0) {
      wrong = HeadFault.LENGTH_AND_CODING;
    }
    return wrong == null ? RequestHead.Progress.COMPLETE : fail(wrong);
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

  /// A success that opens a tunnel over HTTP/2 is what 101 is over HTTP/1.1 (RFC 8441 section 5).
  public @Nullable HeadFault changesTo(byte[] protocol) {
    status = 101;
    contentLength = -1;
    options.upgrade = true;
    return field("upgrade", Bytes.text(protocol, 0, protocol.length));
  }

  public HeadFault fault() {
    return fault == null ? HeadFault.STATUS_LINE : fault;
  }

  /// Whether any byte of it has been read.
  public boolean begun() {
    return fields.length() > 0;
  }

  public Fields fields() {
    return fields;
  }

  public int status() {
    return status;
  }

  public long contentLength() {
    return contentLength;
  }

  /// Nothing follows, which the message said otherwise than by its fields.
  public void noContent() {
    contentLength = 0;
  }

  public boolean chunked() {
    return chunked;
  }

  /// The field in which the upstream names the protocol that it changes to; -1: it does not.
  public int upgradeField() {
    return options.upgrade && version11 ? fields.findOnly(FieldKind.UPGRADE) : -1;
  }

  /// Whether the upstream lets the connection live on.
  public boolean keepAlive() {
    return !options.close && (version11 || options.keepAlive);
  }

  /// Seconds that a Keep-Alive field promises, or -1.
  public long keepAliveSeconds() {
    int field = fields.find(FieldKind.KEEP_ALIVE);
    if (field < 0) {
      return -1;
    }
    var bytes = fields.bytes();
    int from = fields.valueStart(field);
    int to = fields.valueEnd(field);
    for (int i = from; i + TIMEOUT.length < to; i++) {
      if (Bytes.equalsFolded(bytes, i, i + TIMEOUT.length, TIMEOUT)) {
        int start = i + TIMEOUT.length;
        int end = start;
        while (end < to && bytes[end] >= '0' && bytes[end] <= '9') {
          end++;
        }
        return Numbers.decimal(bytes, start, end);
      }
    }
    return -1;
  }

  /// Writes the status line, always as HTTP/1.1, with the upstream's reason where there is one.
  public void writeStatusLine(HeadText out) {
    StatusLines.write(out, status, fields.bytes(), reasonStart, reasonEnd);
  }
}
