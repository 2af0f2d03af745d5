package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.BugDetectors;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.ostiary.model.Target;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/// Whatever a client sends: what reaches the upstream is understood in one way only, by a strict
/// server and by a careless one ([StrictReader]). Request smuggling is a difference between them.
class ForwardFuzzTest {
  private static final byte[] ANSWER =
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);

  private static final List<Received> RECEIVED = new CopyOnWriteArrayList<>();

  /// What came over one connection of the upstream and was not looked at yet. Threads take turns.
  private static final class Received {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int answered;
    private boolean over;
  }

  private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1");

  private static ServerSocket server;
  private static Kit kit;

  @BeforeAll
  static void open() throws IOException {
    server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(ForwardFuzzTest::accept);
    kit = new Kit(List.of(new Target("127.0.0.1", server.getLocalPort(), 1)));
    kit.publish();
  }

  @AfterAll
  static void close() throws IOException {
    kit.close();
    server.close();
  }

  private static void accept() {
    try {
      while (true) {
        var socket = server.accept();
        Thread.ofVirtual().start(() -> serve(socket));
      }
    } catch (IOException e) {
      // It is over.
    }
  }

  /// Answers whenever the strict reader finds one more request.
  private static void serve(Socket socket) {
    var all = new Received();
    RECEIVED.add(all);
    try (socket) {
      var in = socket.getInputStream();
      var buffer = new byte[4096];
      for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
        synchronized (all) {
          all.bytes.write(buffer, 0, n);
          var read = StrictReader.strict(all.bytes.toByteArray());
          for (; read != null && all.answered < read.size(); all.answered++) {
            socket.getOutputStream().write(ANSWER);
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

  private static void send(byte[] data) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), kit.port)) {
      socket.setSoTimeout(2000);
      socket.getOutputStream().write(data);
      socket.shutdownOutput();
      drain(socket.getInputStream());
    }
  }

  private static void drain(InputStream in) {
    try {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    } catch (IOException e) {
      // A reset is an end, too.
    }
  }

  @FuzzTest(maxDuration = "2m")
  void twoServersUnderstandTheSame(byte[] data) throws IOException {
    // To Jazzer a connection looks like a forged one otherwise.
    BugDetectors.allowNetworkConnections((host, port) -> LOOPBACK.contains(host));
    send(data);
    for (var all : RECEIVED) {
      synchronized (all) {
        look(all);
        if (all.over) {
          RECEIVED.remove(all);
        }
      }
    }
    kit.gateway.ledger().rings().forEach(ring -> ring.drain(slot -> {}, 1000));
  }

  private static void look(Received all) {
    var bytes = all.bytes.toByteArray();
    var strict = StrictReader.strict(bytes);
    // What the client broke off has not come to its end.
    if (strict != null) {
      assertThat(StrictReader.careless(bytes))
          .as(new String(bytes, StandardCharsets.ISO_8859_1))
          .isEqualTo(strict);
      all.bytes.reset();
      all.answered = 0;
    }
  }
}
