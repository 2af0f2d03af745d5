package io.ostiary.gateway.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// A server on loopback that does to each request what a script says: answers well, answers
/// garbage, is slow, hangs up. It remembers the requests it read. Thread-safe.
public final class FakeUpstream implements AutoCloseable {
  private static final int WAIT_MILLIS = 10_000;

  /// What happens to one request whose head has been read.
  @FunctionalInterface
  public interface Script {
    /// @return whether the connection goes on
    boolean answer(Talk talk) throws IOException;
  }

  /// One request, and the connection it came on.
  ///
  /// @param head request line and fields as they came, without the empty line
  /// @param connection which connection it is, from 1
  /// @param number which request of its connection it is, from 1
  public record Talk(
      String head, InputStream in, OutputStream out, Socket socket, int connection, int number) {
    /// The value of the first field of this name, or an empty text.
    public String field(String name) {
      for (var line : head.split("\r\n")) {
        int colon = line.indexOf(':');
        if (colon > 0 && line.substring(0, colon).equalsIgnoreCase(name)) {
          return line.substring(colon + 1).strip();
        }
      }
      return "";
    }

    public String target() {
      return head.split(" ", 3)[1];
    }

    /// Reads the content, framed by length or in chunks.
    public byte[] body() throws IOException {
      if (field("Transfer-Encoding").toLowerCase(Locale.ROOT).equals("chunked")) {
        return chunks();
      }
      var length = field("Content-Length");
      return length.isEmpty() ? new byte[0] : in.readNBytes(Integer.parseInt(length));
    }

    private byte[] chunks() throws IOException {
      var all = new ByteArrayOutputStream();
      while (true) {
        int size = Integer.parseInt(line(in), 16);
        if (size == 0) {
          while (!line(in).isEmpty()) {}
          return all.toByteArray();
        }
        all.write(in.readNBytes(size));
        line(in);
      }
    }

    public void send(String text) throws IOException {
      out.write(text.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
    }

    /// Ends this direction; the other goes on.
    public void endOutput() throws IOException {
      socket.shutdownOutput();
    }

    /// Cuts the connection.
    public void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }

    /// Answers 200 with this text and a length.
    public boolean ok(String text) throws IOException {
      send("HTTP/1.1 200 OK\r\nContent-Length: " + text.length() + "\r\n\r\n" + text);
      return true;
    }
  }

  private final ServerSocket server;
  private final Script script;
  private final List<String> heads = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final AtomicInteger connections = new AtomicInteger();

  private FakeUpstream(Script script) throws IOException {
    this.script = script;
    server = new ServerSocket(0, 256, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().name("fake-upstream").start(this::accept);
  }

  public static FakeUpstream of(Script script) {
    try {
      return new FakeUpstream(script);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// One that answers each request with its target.
  public static FakeUpstream echo() {
    return of(talk -> {
      talk.body();
      return talk.ok(talk.target());
    });
  }

  public int port() {
    return server.getLocalPort();
  }

  /// The heads of all requests read so far.
  public List<String> heads() {
    return List.copyOf(heads);
  }

  public int connections() {
    return connections.get();
  }

  private void accept() {
    try {
      while (!server.isClosed()) {
        var socket = server.accept();
        sockets.add(socket);
        int number = connections.incrementAndGet();
        Thread.ofVirtual().name("fake-upstream-" + number).start(() -> serve(socket, number));
      }
    } catch (IOException e) {
      // Closed: the end of this fake.
    }
  }

  private void serve(Socket socket, int connection) {
    try (socket) {
      socket.setSoTimeout(WAIT_MILLIS);
      // What it could send is then really with the gateway, and not in its own socket.
      socket.setSendBufferSize(64 * 1024);
      var in = socket.getInputStream();
      int number = 0;
      boolean more = true;
      while (more) {
        var head = head(in);
        if (head.isEmpty()) {
          return;
        }
        heads.add(head);
        more =
            script.answer(
                new Talk(head, in, socket.getOutputStream(), socket, connection, ++number));
      }
    } catch (IOException e) {
      // The gateway hung up, or the fake was closed.
    }
  }

  private static String head(InputStream in) throws IOException {
    var head = new StringBuilder();
    while (true) {
      var line = line(in);
      if (line.isEmpty()) {
        return head.toString();
      }
      head.append(head.isEmpty() ? "" : "\r\n").append(line);
    }
  }

  private static String line(InputStream in) throws IOException {
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
      for (var socket : sockets) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
