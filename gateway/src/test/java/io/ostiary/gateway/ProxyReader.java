package io.ostiary.gateway;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// An upstream that reads a header of the PROXY protocol at the beginning of each connection.
final class ProxyReader implements AutoCloseable {
  private final ServerSocket server;
  private final List<String> clients = new CopyOnWriteArrayList<>();

  ProxyReader() {
    try {
      server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /// Whom the headers named.
  List<String> clients() {
    return List.copyOf(clients);
  }

  private void accept() {
    try {
      while (true) {
        try (var socket = server.accept()) {
          serve(socket);
        }
      }
    } catch (IOException e) {
      // Closed: the end of this fake.
    }
  }

  private void serve(Socket socket) throws IOException {
    var in = new DataInputStream(socket.getInputStream());
    var first = in.readNBytes(12);
    if (first[0] == 'P') {
      var words = (new String(first, StandardCharsets.ISO_8859_1) + line(in)).split(" ");
      clients.add(words[2] + ":" + words[4]);
    } else {
      in.readUnsignedShort();
      var rest = in.readNBytes(in.readUnsignedShort());
      clients.add(
          InetAddress.getByAddress(java.util.Arrays.copyOf(rest, 4)).getHostAddress()
              + ":"
              + ((rest[8] & 0xff) << 8 | (rest[9] & 0xff)));
    }
    while (!line(in).isEmpty()) {}
    socket
        .getOutputStream()
        .write(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(StandardCharsets.US_ASCII));
  }

  private static String line(DataInputStream in) throws IOException {
    var line = new StringBuilder();
    for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
      if (b != '\r') {
        line.append((char) b);
      }
    }
    return line.toString();
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
