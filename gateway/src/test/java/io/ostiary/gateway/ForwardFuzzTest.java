package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.BugDetectors;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/// Whatever a client sends: what reaches the upstream is understood in one way only, by a strict
/// server and by a careless one ([StrictReader]). Request smuggling is a difference between them.
class ForwardFuzzTest {
  private static final byte[] ANSWER =
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);

  private static StrictUpstream upstream;
  private static Kit kit;

  @BeforeAll
  static void open() throws IOException {
    upstream = new StrictUpstream(ANSWER);
    kit = new Kit(List.of(upstream.target()));
    kit.publish();
  }

  @AfterAll
  static void close() throws IOException {
    kit.close();
    upstream.close();
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
    BugDetectors.allowNetworkConnections((host, port) -> StrictUpstream.LOOPBACK.contains(host));
    send(data);
    upstream.lookAtAll(ForwardFuzzTest::look);
    kit.gateway.ledger().rings().forEach(ring -> ring.drain(slot -> {}, 1000));
  }

  private static void look(StrictUpstream.Received all) {
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
