package io.ostiary.gateway;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// An upstream of HTTP/2 that does what no server should: a script writes frames byte for byte.
final class RawHttp2 implements AutoCloseable {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int END_STREAM = 1;
  static final int END_HEADERS = 4;

  /// What is done once the head of a request is there.
  @FunctionalInterface
  interface Script {
    /// @return whether the connection goes on
    boolean answer(Talk talk) throws IOException;
  }

  /// @param number which request of its connection it is, from 1
  record Talk(
      String method, String path, int stream, int number, int connection, OutputStream out) {
    void frame(int type, int flags, int on, byte[] payload) throws IOException {
      var frame = new ByteArrayOutputStream();
      frame.write(payload.length >> 16);
      frame.write(payload.length >> 8);
      frame.write(payload.length);
      frame.write(type);
      frame.write(flags);
      for (int shift = 24; shift >= 0; shift -= 8) {
        frame.write(on >> shift);
      }
      frame.writeBytes(payload);
      out.write(frame.toByteArray());
      out.flush();
    }

    /// @param fields names and values in turn
    void headers(boolean last, String... fields) throws IOException {
      frame(HEADERS, END_HEADERS | (last ? END_STREAM : 0), stream, block(fields));
    }

    void data(boolean last, String text) throws IOException {
      frame(DATA, last ? END_STREAM : 0, stream, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    void reset(int error) throws IOException {
      frame(RST_STREAM, 0, stream, new byte[] {0, 0, 0, (byte) error});
    }

    void goAway(int last) throws IOException {
      frame(GOAWAY, 0, 0, new byte[] {0, 0, 0, (byte) last, 0, 0, 0, 0});
    }

    boolean ok(String text) throws IOException {
      headers(false, ":status", "200", "content-length", "" + text.length());
      data(true, text);
      return true;
    }
  }

  /// Literals without indexing, not compressed.
  static byte[] block(String... fields) {
    var out = new ByteArrayOutputStream();
    for (int i = 0; i < fields.length; i += 2) {
      out.write(0);
      text(out, fields[i]);
      text(out, fields[i + 1]);
    }
    return out.toByteArray();
  }

  private static void text(ByteArrayOutputStream out, String text) {
    int left = text.length();
    if (left < 127) {
      out.write(left);
    } else {
      out.write(127);
      for (left -= 127; left >= 128; left >>= 7) {
        out.write(left & 127 | 128);
      }
      out.write(left);
    }
    out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private final ServerSocket server;
  private final Script script;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final AtomicInteger connections = new AtomicInteger();

  RawHttp2(Script script) {
    this.script = script;
    try {
      server = new ServerSocket(0, 256, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /// Method and path of all requests so far.
  List<String> requests() {
    return List.copyOf(requests);
  }

  int connections() {
    return connections.get();
  }

  private void accept() {
    try {
      while (true) {
        var socket = server.accept();
        sockets.add(socket);
        int number = connections.incrementAndGet();
        Thread.ofVirtual().start(() -> serve(socket, number));
      }
    } catch (IOException e) {
      // Closed: the end of this fake.
    }
  }

  private void serve(Socket socket, int connection) {
    try (socket) {
      socket.setSoTimeout(10_000);
      var in = new DataInputStream(socket.getInputStream());
      in.readNBytes(24);
      var out = socket.getOutputStream();
      out.write(new byte[] {0, 0, 0, SETTINGS, 0, 0, 0, 0, 0});
      out.flush();
      var decoder = new DefaultHttp2HeadersDecoder(false);
      int number = 0;
      boolean more = true;
      while (more) {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        var payload = in.readNBytes(length);
        if (type == HEADERS && (flags & END_HEADERS) != 0) {
          var headers = decoder.decodeHeaders(stream, Unpooled.wrappedBuffer(payload));
          if (headers.method() != null) {
            var method = headers.method().toString();
            var path = headers.path().toString();
            requests.add(method + " " + path);
            more = script.answer(new Talk(method, path, stream, ++number, connection, out));
          }
        } else if (type == SETTINGS && (flags & 1) == 0) {
          out.write(new byte[] {0, 0, 0, SETTINGS, 1, 0, 0, 0, 0});
          out.flush();
        }
      }
    } catch (IOException | io.netty.handler.codec.http2.Http2Exception e) {
      // The gateway hung up, or the fake was closed.
    }
  }

  @Override
  public void close() {
    try {
      server.close();
      for (var socket : sockets) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
