package io.ostiary.gateway;

import io.ostiary.model.Target;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/// The upstream of fuzz tests: it answers whenever the strict reader ([StrictReader]) finds one
/// more request, and keeps what came over each connection until it was looked at.
final class StrictUpstream implements AutoCloseable {
  /// What a fuzzer may connect with: to Jazzer a connection looks like a forged one otherwise.
  static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1");

  private final List<Received> received = new CopyOnWriteArrayList<>();
  private final byte[] answer;
  private final ServerSocket server;

  /// What came over one connection.
  static final class Received {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int answered;

    /// How many requests the test has looked at.
    int looked;

    private boolean over;
  }

  /// Looks at what came over one connection; while it does, nothing more comes.
  @FunctionalInterface
  interface Look {
    void at(Received all);
  }

  StrictUpstream(byte[] answer) throws IOException {
    this.answer = answer;
    server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  Target target() {
    return new Target("127.0.0.1", server.getLocalPort(), 1);
  }

  /// Those that are over are looked at for the last time.
  void lookAtAll(Look look) {
    for (var all : received) {
      synchronized (all) {
        look.at(all);
        if (all.over) {
          received.remove(all);
        }
      }
    }
  }

  private void accept() {
    try {
      while (true) {
        var socket = server.accept();
        Thread.ofVirtual().start(() -> serve(socket));
      }
    } catch (IOException e) {
      // It is over.
    }
  }

  private void serve(Socket socket) {
    var all = new Received();
    received.add(all);
    try (socket) {
      var in = socket.getInputStream();
      var buffer = new byte[4096];
      for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
        synchronized (all) {
          all.bytes.write(buffer, 0, n);
          var read = StrictReader.strict(all.bytes.toByteArray());
          for (; read != null && all.answered < read.size(); all.answered++) {
            socket.getOutputStream().write(answer);
          }
        }
      }
    } catch (IOException e) {
      // The gateway has cut it.
    }
    synchronized (all) {
      all.over = true;
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
