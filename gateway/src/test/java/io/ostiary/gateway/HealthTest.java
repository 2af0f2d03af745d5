package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.HealthCheck;
import io.ostiary.model.HealthCheck.Expected;
import io.ostiary.model.HealthCheck.Kind;
import io.ostiary.model.HealthCheck.Statuses;
import io.ostiary.model.Target;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/// What an active check asks, and what it thinks of the answer.
class HealthTest {
  private static HealthCheck check(Expected expected) {
    return new HealthCheck("/up", Duration.ofMillis(100), Duration.ofMillis(400), 1, 1, expected);
  }

  private static Kit kit(int port, Expected expected) {
    var kit = new Kit(List.of(new Target("127.0.0.1", port, 1)));
    kit.health = check(expected);
    return kit.publish();
  }

  private static void until(Kit kit, String why) throws InterruptedException {
    long limit = System.nanoTime() + 5_000_000_000L;
    while (!kit.gateway.upstreams().getFirst().why().equals(why)) {
      assertThat(System.nanoTime())
          .as("%s, seen: %s", why, kit.gateway.upstreams().getFirst().why())
          .isLessThan(limit);
      Thread.sleep(10);
    }
  }

  @Test
  void asksWithTheHostAndFieldsThatAreGivenAndLooksAtStatusAndContent() throws Exception {
    var answer = new AtomicReference<>("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send(answer.get());
              return false;
            });
        var kit =
            kit(
                upstream.port(),
                new Expected(
                    Kind.HTTP,
                    0,
                    List.of(new Statuses(200, 201), new Statuses(503, 503)),
                    "\"up\"",
                    "check.example",
                    Map.of("X-Check", "1"),
                    ""))) {
      until(kit, "health check: status 204");
      answer.set("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"s\":\"down\"");
      until(kit, "health check: the content has no '\"up\"'");
      answer.set(
          "HTTP/1.1 503 Odd\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"s\":\"up\"\r\n0\r\n\r\n");
      until(kit, "");
      answer.set("SSH-2.0-OpenSSH\r\n\r\n");
      until(kit, "health check: an answer that cannot be read");
      assertThat(upstream.heads().getFirst())
          .startsWith("GET /up HTTP/1.1\r\nHost: check.example\r\n")
          .contains("X-Check: 1");
    }
  }

  @Test
  void contentsItselfWithAConnection() throws Exception {
    var expected = new Expected(Kind.TCP, 0, List.of(new Statuses(200, 200)), "", "", Map.of(), "");
    int port = Kit.freePort();
    try (var kit = kit(port, expected)) {
      until(kit, "health check: no connection");
      try (var server =
          new java.net.ServerSocket(port, 10, java.net.InetAddress.getLoopbackAddress())) {
        assertThat(server.isBound()).isTrue();
        until(kit, "");
      }
      until(kit, "health check: no connection");
    }
  }

  @Test
  void asksAtAnotherPort() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var health = FakeUpstream.of(talk -> talk.ok("fine"));
        var kit =
            kit(
                upstream.port(),
                new Expected(
                    Kind.HTTP,
                    health.port(),
                    List.of(new Statuses(200, 200)),
                    "fine",
                    "",
                    Map.of(),
                    ""))) {
      until(kit, "");
      assertThat(kit.get("/x")).endsWith("/x");
      while (health.heads().isEmpty()) {
        Thread.sleep(10);
      }
      assertThat(upstream.heads()).hasSize(1);
    }
  }

  /// The frames are written out by hand from RFC 9113; that the request is understood by others is
  /// for an HTTP/2 library to say.
  @Test
  void asksTheHealthServiceOfGrpc() throws Exception {
    var state = new AtomicReference<>("00000000020801");
    var seen = new AtomicReference<byte[]>();
    try (var server = new java.net.ServerSocket(0, 50, java.net.InetAddress.getLoopbackAddress());
        var kit =
            kit(
                server.getLocalPort(),
                new Expected(
                    Kind.GRPC,
                    0,
                    List.of(new Statuses(200, 200)),
                    "",
                    "pets.example",
                    Map.of(),
                    "pets.Pets"))) {
      Thread.ofVirtual().start(() -> serve(server, state, seen));
      until(kit, "");
      state.set("00000000020802");
      until(kit, "health check: gRPC says NOT_SERVING");
      state.set("0000000000");
      until(kit, "health check: gRPC says UNKNOWN");
      state.set("");
      until(kit, "health check: an error of gRPC");
      state.set("00000000020801");
      until(kit, "");
      var request = new String(seen.get(), Kit.LATIN);
      assertThat(request)
          .startsWith("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
          .contains("/grpc.health.v1.Health/Check", "pets.example", "application/grpc")
          .endsWith("\0\0\0\0\13\n\tpets.Pets");
    }
  }

  private static void serve(
      java.net.ServerSocket server, AtomicReference<String> state, AtomicReference<byte[]> seen) {
    var hex = HexFormat.of();
    try {
      while (true) {
        try (var socket = server.accept()) {
          socket.setSoTimeout(1000);
          seen.set(request(socket.getInputStream()));
          var out = socket.getOutputStream();
          // SETTINGS, a PING, and a head of which only the frame is looked at.
          out.write(hex.parseHex("000000040000000000" + "0000080600000000000102030405060708"));
          if (state.get().isEmpty()) {
            out.write(hex.parseHex("00000101050000000188"));
          } else {
            var data = hex.parseHex(state.get());
            out.write(hex.parseHex("00000101040000000188"));
            out.write(new byte[] {0, 0, (byte) data.length, 0, 0, 0, 0, 0, 1});
            out.write(data);
          }
          out.flush();
          socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
        } catch (java.net.SocketTimeoutException e) {
          // The gateway went on; so do we.
        }
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  /// Preface and three frames.
  private static byte[] request(InputStream in) throws IOException {
    var all = new java.io.ByteArrayOutputStream();
    all.write(in.readNBytes(24));
    for (int i = 0; i < 3; i++) {
      var head = in.readNBytes(9);
      all.write(head);
      all.write(in.readNBytes((head[0] & 0xff) << 16 | (head[1] & 0xff) << 8 | head[2] & 0xff));
    }
    return all.toByteArray();
  }
}
