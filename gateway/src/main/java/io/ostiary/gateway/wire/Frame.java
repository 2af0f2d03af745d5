package io.ostiary.gateway.wire;

import io.netty.buffer.ByteBuf;

/// The frames of HTTP/2 (RFC 9113 section 6): their types, flags and errors, and how those are
/// written that a server sends.
public final class Frame {
  public static final int DATA = 0;
  public static final int HEADERS = 1;
  public static final int PRIORITY = 2;
  public static final int RST_STREAM = 3;
  public static final int SETTINGS = 4;
  public static final int PUSH_PROMISE = 5;
  public static final int PING = 6;
  public static final int GOAWAY = 7;
  public static final int WINDOW_UPDATE = 8;
  public static final int CONTINUATION = 9;

  public static final int END_STREAM = 0x1;
  public static final int ACK = 0x1;
  public static final int END_HEADERS = 0x4;
  public static final int PADDED = 0x8;
  public static final int WITH_PRIORITY = 0x20;

  public static final int HEADER_BYTES = 9;

  /// What a peer may send at once unless it is told otherwise, which we do not.
  public static final int PAYLOAD_MAX = 16_384;

  public static final int NO_ERROR = 0;
  public static final int PROTOCOL_ERROR = 1;
  public static final int INTERNAL_ERROR = 2;
  public static final int FLOW_CONTROL_ERROR = 3;
  public static final int STREAM_CLOSED = 5;
  public static final int FRAME_SIZE_ERROR = 6;
  public static final int REFUSED_STREAM = 7;
  public static final int CANCEL = 8;
  public static final int COMPRESSION_ERROR = 9;
  public static final int ENHANCE_YOUR_CALM = 11;

  public static final int SETTING_ENABLE_PUSH = 2;
  public static final int SETTING_STREAMS_MAX = 3;
  public static final int SETTING_INITIAL_WINDOW = 4;
  public static final int SETTING_FRAME_MAX = 5;
  public static final int SETTING_HEAD_MAX = 6;
  public static final int SETTING_CONNECT_PROTOCOL = 8;

  /// Bytes of the client's preface that look like the head of a request over HTTP/1.1.
  public static final int PREFACE_HEAD_BYTES = 18;

  private static final byte[] PREFACE = Bytes.of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

  private Frame() {}

  /// What a client begins with (RFC 9113 section 3.4). Shared: do not write to it.
  @SuppressWarnings("MutableStaticReturn") // Copied by nobody, compared once for each connection.
  public static byte[] preface() {
    return PREFACE;
  }

  public static void header(ByteBuf out, int length, int type, int flags, int stream) {
    out.writeMedium(length);
    out.writeByte(type);
    out.writeByte(flags);
    out.writeInt(stream);
  }

  /// Sets the length of a frame whose header was written at `at`, now that its payload stands
  /// behind it.
  public static void length(ByteBuf out, int at) {
    out.setMedium(at, out.writerIndex() - at - HEADER_BYTES);
  }

  public static void setting(ByteBuf out, int name, int value) {
    out.writeShort(name);
    out.writeInt(value);
  }

  public static void settingsAck(ByteBuf out) {
    header(out, 0, SETTINGS, ACK, 0);
  }

  public static void ping(ByteBuf out, long opaque, boolean ack) {
    header(out, 8, PING, ack ? ACK : 0, 0);
    out.writeLong(opaque);
  }

  public static void reset(ByteBuf out, int stream, int error) {
    header(out, 4, RST_STREAM, 0, stream);
    out.writeInt(error);
  }

  public static void windowUpdate(ByteBuf out, int stream, int more) {
    header(out, 4, WINDOW_UPDATE, 0, stream);
    out.writeInt(more);
  }

  public static void goAway(ByteBuf out, int lastStream, int error) {
    header(out, 8, GOAWAY, 0, 0);
    out.writeInt(lastStream);
    out.writeInt(error);
  }
}
