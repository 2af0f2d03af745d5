package io.ostiary.gateway;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A client of HTTP/2 that sends whatever frames it is told to, rightly or wrongly.
final class FrameClient implements AutoCloseable {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int PRIORITY = 2;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;
  static final int END_STREAM = 1;
  static final int END_HEADERS = 4;

  /// One frame that came.
  record Frame(int type, int flags, int stream, byte[] payload) {
    boolean last() {
      return (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
    }

    /// The error of RST_STREAM or GOAWAY.
    int error() {
      return ByteBuffer.wrap(payload).getInt(type == GOAWAY ? 4 : 0);
    }
  }

  private final Socket socket;
  private final DataInputStream in;
  private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false, 1 << 20);

  FrameClient(int port) throws IOException {
    this(new Socket(InetAddress.getLoopbackAddress(), port));
  }

  FrameClient(Socket over) throws IOException {
    socket = over;
    socket.setSoTimeout(5000);
    socket.setTcpNoDelay(true);
    in = new DataInputStream(socket.getInputStream());
    raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
    frame(SETTINGS, 0, 0);
  }

  void raw(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
  }

  static byte[] bytes(int type, int flags, int stream, byte... payload) {
    return ByteBuffer.allocate(9 + payload.length)
        .put((byte) (payload.length >> 16))
        .putShort((short) payload.length)
        .put((byte) type)
        .put((byte) flags)
        .putInt(stream)
        .put(payload)
        .array();
  }

  void frame(int type, int flags, int stream, byte... payload) throws IOException {
    raw(bytes(type, flags, stream, payload));
  }

  /// Sends the same frame until the gateway hangs up, at most so often.
  void flood(int most, byte[] frame) throws IOException {
    try {
      for (int i = 0; i < most; i++) {
        raw(frame);
      }
    } catch (SocketException e) {
      // Hung up, as it should.
    }
  }

  static byte[] integer(int value) {
    return ByteBuffer.allocate(4).putInt(value).array();
  }

  static byte[] setting(int name, int value) {
    return ByteBuffer.allocate(6).putShort((short) name).putInt(value).array();
  }

  /// Asks for a WebSocket in stream 1 (RFC 8441).
  void webSocket(String path) throws IOException {
    frame(
        HEADERS,
        END_HEADERS,
        1,
        block(
            ":method",
            "CONNECT",
            ":protocol",
            "websocket",
            ":scheme",
            "http",
            ":path",
            path,
            ":authority",
            "t.example",
            "sec-websocket-version",
            "13"));
  }

  /// A field list, each field as a literal without an index.
  static byte[] block(String... namesAndValues) {
    var out = new ByteArrayOutputStream();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      out.write(0);
      text(out, namesAndValues[i]);
      text(out, namesAndValues[i + 1]);
    }
    return out.toByteArray();
  }

  private static void text(ByteArrayOutputStream out, String text) {
    int length = text.length();
    if (length < 127) {
      out.write(length);
    } else {
      out.write(127);
      int rest = length - 127;
      for (; rest >= 128; rest >>= 7) {
        out.write((rest & 127) | 128);
      }
      out.write(rest);
    }
    out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  static byte[] request(String method, String path, String... more) {
    var all = new ArrayList<String>();
    all.addAll(List.of(":method", method, ":scheme", "http", ":path", path));
    all.addAll(List.of(":authority", "t.example"));
    all.addAll(List.of(more));
    return block(all.toArray(String[]::new));
  }

  void get(int stream, String path, String... more) throws IOException {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, request("GET", path, more));
  }

  /// The next frame; null: the gateway hung up.
  Frame next() throws IOException {
    try {
      int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
      int type = in.readUnsignedByte();
      int flags = in.readUnsignedByte();
      int stream = in.readInt();
      var payload = new byte[length];
      in.readFully(payload);
      return new Frame(type, flags, stream, payload);
    } catch (EOFException | SocketException e) {
      return null;
    }
  }

  /// The next frame of this type, those before it passed over.
  Frame next(int type) throws IOException {
    for (var frame = next(); frame != null; frame = next()) {
      if (frame.type() == type) {
        return frame;
      }
    }
    throw new IOException("hung up before a frame of type " + type);
  }

  Http2Headers fields(Frame head) throws Http2Exception {
    return decoder.decodeHeaders(head.stream(), Unpooled.wrappedBuffer(head.payload()));
  }

  /// The error with which the gateway ends the connection.
  int goneWith() throws IOException {
    int error = next(GOAWAY).error();
    while (next() != null) {}
    return error;
  }

  /// A whole answer: status, content, and trailers where there are any.
  record Answer(String status, String body, String trailers) {}

  Answer answer(int stream) throws IOException, Http2Exception {
    var body = new ByteArrayOutputStream();
    var status = "";
    for (var frame = next(); frame != null; frame = next()) {
      if (frame.type() == HEADERS) {
        var fields = fields(frame);
        if (frame.stream() == stream && fields.status() == null) {
          return new Answer(status, body.toString(StandardCharsets.ISO_8859_1), "" + fields);
        }
        if (frame.stream() == stream) {
          status = fields.status().toString();
        }
      } else if (frame.type() == DATA && frame.stream() == stream) {
        body.writeBytes(frame.payload());
      } else if (frame.type() == RST_STREAM && frame.stream() == stream) {
        return new Answer("reset " + frame.error(), body.toString(StandardCharsets.ISO_8859_1), "");
      }
      if (frame.stream() == stream && frame.last()) {
        return new Answer(status, body.toString(StandardCharsets.ISO_8859_1), "");
      }
    }
    return new Answer("hung up", body.toString(StandardCharsets.ISO_8859_1), "");
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
