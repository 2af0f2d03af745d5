package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.ServerInterceptors;
import io.grpc.testing.integration.TestServiceImpl;
import io.ostiary.gateway.loop.Transport;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.HealthCheck;
import io.ostiary.model.HealthCheck.Kind;
import io.ostiary.model.Target;
import io.ostiary.model.UpstreamLink;
import io.ostiary.model.UpstreamLink.Protocol;
import io.ostiary.model.UpstreamLink.ProxyHeader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Targets that are Unix sockets.
class UnixTargetTest {
  @TempDir Path folder;

  private static Target target(Path path) {
    return new Target("unix:" + path, 0, 1);
  }

  private static Kit kit(Path path) {
    return new Kit(List.of(target(path)));
  }

  @ParameterizedTest
  @EnumSource
  void answersOverEveryTransport(Transport.Kind kind) {
    var path = folder.resolve("app.sock");
    try (var upstream = FakeUpstream.echo();
        var door = new SocketDoor(path, upstream.port());
        var kit = new Kit(List.of(target(path)), kind, ConnectionLens.NONE).publish()) {
      for (int i = 0; i < 20; i++) {
        assertThat(kit.get("/hello?" + i)).startsWith("HTTP/1.1 200 ").endsWith("/hello?" + i);
      }
      assertThat(upstream.heads().getFirst()).contains("Host: t.example");
      // They are kept, one for each event loop.
      assertThat(door.connections.get()).isBetween(1, 2);
      var large = "x".repeat(900_000);
      assertThat(
              kit.ask(
                  "POST /big HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 900000\r\n"
                      + "\r\n"
                      + large))
          .startsWith("HTTP/1.1 200 ");
    }
  }

  @ParameterizedTest
  @EnumSource
  void saysWhyNobodyAnswers(Transport.Kind kind) throws Exception {
    var path = folder.resolve("app.sock");
    try (var kit = new Kit(List.of(target(path)), kind, ConnectionLens.NONE).publish()) {
      assertThat(kit.get("/"))
          .startsWith("HTTP/1.1 503 ")
          .contains("urn:ostiary:problem:upstream-unreachable");
      assertThat(kit.ledger(1)).containsExactly("GET / 503 UPSTREAM no-such-socket attempts=1");
      left(path);
      assertThat(kit.get("/")).startsWith("HTTP/1.1 503 ");
      assertThat(kit.ledger(1)).containsExactly("GET / 503 UPSTREAM connect-refused attempts=1");
    }
  }

  @ParameterizedTest
  @EnumSource
  void saysThatItsQueueIsFull(Transport.Kind kind) throws Exception {
    var path = folder.resolve("full.sock");
    try (var full = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        var kit = new Kit(List.of(target(path)), kind, ConnectionLens.NONE).publish()) {
      // Linux lets in one more than the length of the queue.
      full.bind(UnixDomainSocketAddress.of(path), 1);
      try (var _ = SocketChannel.open(UnixDomainSocketAddress.of(path));
          var _ = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
        assertThat(kit.get("/"))
            .startsWith("HTTP/1.1 503 ")
            .contains("urn:ostiary:problem:upstream-unreachable");
        assertThat(kit.ledger(1)).containsExactly("GET / 503 UPSTREAM queue-full attempts=1");
      }
    }
  }

  /// Its threads are started without root's right to write everywhere.
  @ParameterizedTest
  @EnumSource
  void saysThatItMayNotBeAsked(Transport.Kind kind) throws Exception {
    var path = folder.resolve("closed.sock");
    try (var upstream = FakeUpstream.echo();
        var _ = new SocketDoor(path, upstream.port());
        var _ = new WithoutOverride();
        var kit = new Kit(List.of(target(path)), kind, ConnectionLens.NONE).publish()) {
      Files.setPosixFilePermissions(path, Set.of());
      assertThat(kit.get("/")).startsWith("HTTP/1.1 503 ");
      assertThat(kit.ledger(1)).containsExactly("GET / 503 UPSTREAM permission-denied attempts=1");
    }
  }

  /// A socket file that a process left when it ended.
  private static void left(Path path) throws Exception {
    var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path));
    server.close();
  }

  @ParameterizedTest
  @EnumSource
  void takesOutWhoFailsAndComesBack(Transport.Kind kind) throws Exception {
    var dead = folder.resolve("dead.sock");
    left(dead);
    var alive = folder.resolve("alive.sock");
    try (var upstream = FakeUpstream.echo();
        var door = new SocketDoor(alive, upstream.port());
        var kit =
            new Kit(List.of(target(alive), target(dead)), kind, ConnectionLens.NONE).publish()) {
      for (int i = 0; i < 20; i++) {
        assertThat(kit.get("/")).startsWith("HTTP/1.1 200");
      }
      var health = kit.gateway.upstreams().get(1);
      assertThat(health.target()).hasToString("unix:" + dead);
      assertThat(health.healthy()).isFalse();
      assertThat(health.why()).startsWith("5 attempts in a row failed");
      assertThat(door.connections.get()).isPositive();
    }
  }

  @ParameterizedTest
  @EnumSource
  void checksTheirHealth(Transport.Kind kind) throws Exception {
    var path = folder.resolve("app.sock");
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(List.of(target(path)), kind, ConnectionLens.NONE)) {
      kit.health = check(Kind.HTTP);
      kit.publish();
      Kit.await(5, () -> kit.gateway.upstreams().getFirst().why().contains("no such file"));
      left(path);
      Kit.await(5, () -> kit.gateway.upstreams().getFirst().why().contains("nobody listens"));
      java.nio.file.Files.delete(path);
      try (var _ = new SocketDoor(path, upstream.port())) {
        Kit.await(5, () -> kit.gateway.upstreams().getFirst().healthy());
        assertThat(upstream.heads().getFirst())
            .startsWith("GET /health HTTP/1.1\r\nHost: localhost");
        kit.health = check(Kind.TCP);
        kit.publish();
        assertThat(kit.get("/x")).endsWith("/x");
      }
      Kit.await(5, () -> kit.gateway.upstreams().getFirst().why().contains("no such file"));
    }
  }

  private static HealthCheck check(Kind kind) {
    return new HealthCheck(
        "/health",
        Duration.ofMillis(100),
        Duration.ofMillis(300),
        1,
        1,
        new HealthCheck.Expected(
            kind, 0, List.of(HealthCheck.Statuses.parse("200-399")), "", "", Map.of(), "", false));
  }

  @ParameterizedTest
  @EnumSource
  void speakHttp2(Transport.Kind kind) {
    var path = folder.resolve("h2.sock");
    try (var upstream = new NodeUpstream("h2c");
        var door = new SocketDoor(path, upstream.port);
        var kit = new Kit(List.of(target(path)), kind, ConnectionLens.NONE)) {
      kit.link = new UpstreamLink(Protocol.HTTP2, null, ProxyHeader.OFF);
      kit.publish();
      var body = "b".repeat(300_000);
      assertThat(
              kit.ask(
                  "POST /echo HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 300000"
                      + "\r\n\r\n"
                      + body))
          .startsWith("HTTP/1.1 200 OK\r\n");
      assertThat(kit.get("/hello")).contains("x-version: 2.0\r\n", "x-authority: t.example\r\n");
      assertThat(door.connections.get()).isBetween(1, 2);
    }
  }

  @Test
  void speakGrpc() throws Exception {
    var work = Executors.newScheduledThreadPool(2);
    var path = folder.resolve("grpc.sock");
    var server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(
                ServerInterceptors.intercept(
                    new TestServiceImpl(work), TestServiceImpl.interceptors()))
            .build()
            .start();
    try (var _ = new SocketDoor(path, server.getPort());
        var kit = kit(path)) {
      kit.settings = Kit.settings(64L * 1024 * 1024);
      kit.link = new UpstreamLink(Protocol.HTTP2, null, ProxyHeader.OFF);
      kit.publish();
      assertThat(GrpcTest.outcome("serverStreaming", kit.port)).isEqualTo("ok");
      assertThat(GrpcTest.outcome("pingPong", kit.port)).isEqualTo("ok");
      assertThat(GrpcTest.outcome("statusCodeAndMessage", kit.port)).isEqualTo("ok");
    } finally {
      server.shutdownNow();
      work.shutdownNow();
    }
  }

  @ParameterizedTest
  @EnumSource
  void carryTunnels(Transport.Kind kind) {
    var path = folder.resolve("ws.sock");
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send("HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
              talk.out().write(talk.in().readAllBytes());
              talk.out().write("bye".getBytes(Kit.LATIN));
              talk.out().flush();
              return false;
            });
        var _ = new SocketDoor(path, upstream.port());
        var kit = new Kit(List.of(target(path)), kind, ConnectionLens.NONE).publish();
        var client = kit.client()) {
      client.send("GET / HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
      client.readUntil("\r\n\r\n");
      client.send("hello ");
      // Only our end tells the other that there is no more.
      client.endInput();
      assertThat(client.readAll()).isEqualTo("hello bye");
      assertThat(kit.ledger(1)).containsExactly("GET / 101 NONE answered attempts=1");
    }
  }

  @Test
  void tellWhoTheClientIs() {
    var path = folder.resolve("p.sock");
    try (var upstream =
            FakeUpstream.of(talk -> talk.ok(talk.head().lines().findFirst().orElse("")));
        var _ = new SocketDoor(path, upstream.port());
        var kit = kit(path)) {
      kit.link = new UpstreamLink(Protocol.HTTP1, null, ProxyHeader.V1);
      kit.publish();
      assertThat(kit.get("/")).contains("PROXY TCP4 127.0.0.1 127.0.0.1 ");
    }
  }
}
