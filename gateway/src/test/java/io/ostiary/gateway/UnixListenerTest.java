package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.loop.Transport.Kind;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Ban.Action;
import io.ostiary.model.Cidr;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.Listener;
import io.ostiary.model.Listener.ProxyProtocol;
import io.ostiary.model.Peers;
import io.ostiary.model.Snapshot;
import io.ostiary.model.SocketFile;
import io.ostiary.model.Target;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Listeners that are Unix sockets.
@Timeout(30)
class UnixListenerTest {
  private static final String GET = "GET /x HTTP/1.1\r\nHost: t.example\r\nConnection: close\r\n";

  @TempDir Path folder;
  private FakeUpstream upstream = FakeUpstream.echo();

  private Path path() {
    return folder.resolve("in.sock");
  }

  private Kit kit(Kind kind) {
    return new Kit(List.of(new Target("127.0.0.1", upstream.port(), 1)), kind, ConnectionLens.NONE);
  }

  private Snapshot snapshot(Kit kit, ProxyProtocol proxy, SocketFile file) {
    var all = kit.snapshot();
    return new Snapshot(
        all.version(),
        all.createdAt(),
        all.gateway(),
        List.of(
            new Listener("127.0.0.1", kit.port),
            new Listener("unix:" + path(), 0, proxy, null, file)),
        all.apis(),
        all.upstreams(),
        all.consumers(),
        all.keys(),
        all.kernel(),
        all.bans());
  }

  private void publish(Kit kit) {
    assertThat(kit.gateway.publish(snapshot(kit, ProxyProtocol.OFF, SocketFile.DEFAULT)))
        .isInstanceOf(Published.InForce.class);
  }

  private String ask(String request) throws IOException {
    try (var client = SocketChannel.open(UnixDomainSocketAddress.of(path()))) {
      client.write(ByteBuffer.wrap(request.getBytes(Kit.LATIN)));
      var all = new ByteArrayOutputStream();
      Channels.newInputStream(client).transferTo(all);
      return all.toString(Kit.LATIN);
    } catch (IOException e) {
      if (!List.of("Broken pipe", "Connection reset").contains(e.getMessage())) {
        throw e;
      }
      return ""; // It was turned away.
    }
  }

  @ParameterizedTest
  @EnumSource
  void answersAndTellsWhoAsked(Kind kind) throws Exception {
    try (var kit = kit(kind)) {
      publish(kit);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
          .isEqualTo("rw-rw----");
      for (int i = 0; i < 10; i++) {
        assertThat(ask(GET + "X-Forwarded-For: 192.0.2.7\r\n\r\n"))
            .startsWith("HTTP/1.1 200 ")
            .endsWith("/x");
      }
      assertThat(upstream.heads().getFirst())
          .contains("X-Forwarded-For: unknown\r\n")
          .doesNotContain("192.0.2.7");
      var clients = new ArrayList<String>();
      kit.drainClients(clients, 10);
      assertThat(clients).hasSize(10).containsOnly("0.0.0.0");
      assertThat(kit.get("/tcp")).endsWith("/tcp");
      assertThat(ask("GET / HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 400 ");
    }
    assertThat(path()).doesNotExist();
    assertThat(folder).isEmptyDirectory();
  }

  @ParameterizedTest
  @EnumSource
  void largeAnswersWaitForSlowReaders(Kind kind) throws Exception {
    var body = "y".repeat(3_000_000);
    upstream = FakeUpstream.of(talk -> talk.ok(body));
    try (var kit = kit(kind)) {
      publish(kit);
      try (var client = SocketChannel.open(UnixDomainSocketAddress.of(path()))) {
        client.write(ByteBuffer.wrap((GET + "\r\n").getBytes(Kit.LATIN)));
        Thread.sleep(300);
        var all = new ByteArrayOutputStream();
        Channels.newInputStream(client).transferTo(all);
        assertThat(all.toString(Kit.LATIN)).endsWith("y".repeat(100));
        assertThat(all.size()).isGreaterThan(3_000_000);
      }
    }
  }

  @Test
  void believesTrustedProxiesOverIt() throws Exception {
    try (var kit = kit(Kind.IO_URING)) {
      kit.settings = Kit.settings(1024).withTrustedProxies(List.of(Peers.LOCAL_BLOCK));
      publish(kit);
      ask(GET + "X-Forwarded-For: 192.0.2.7\r\n\r\n");
      assertThat(upstream.heads().getFirst()).contains("X-Forwarded-For: 192.0.2.7, unknown\r\n");
      var clients = new ArrayList<String>();
      kit.drainClients(clients, 1);
      assertThat(clients).containsExactly("192.0.2.7");
    }
  }

  /// The control plane bans nobody who has no address.
  @ParameterizedTest
  @EnumSource
  void bansReachOnlyClientsThatAreNamed(Kind kind) throws Exception {
    try (var kit = kit(kind)) {
      kit.settings = Kit.settings(1024).withTrustedProxies(List.of(Peers.LOCAL_BLOCK));
      publish(kit);
      kit.gateway.ban(List.of(BanTest.ban("203.0.113.7", new Action.Deny())));
      assertThat(ask(GET + "\r\n")).startsWith("HTTP/1.1 200 ").endsWith("/x");
      assertThat(ask(GET + "X-Forwarded-For: 203.0.113.8\r\n\r\n")).startsWith("HTTP/1.1 200 ");
      assertThat(ask(GET + "X-Forwarded-For: 203.0.113.7\r\n\r\n"))
          .startsWith("HTTP/1.1 403 ")
          .contains("urn:ostiary:problem:banned");
      assertThat(kit.ledger(3)).filteredOn(line -> line.contains("403 POLICY ban")).hasSize(1);
      kit.settings = Kit.settings(1024);
      publish(kit);
      // Nobody is believed there now, so nobody is banned there.
      assertThat(ask(GET + "X-Forwarded-For: 203.0.113.7\r\n\r\n")).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void understandsTheProxyProtocolOverIt() throws Exception {
    try (var kit = kit(Kind.IO_URING)) {
      kit.settings = Kit.settings(1024).withTrustedProxies(List.of(Peers.LOCAL_BLOCK));
      var snapshot = snapshot(kit, ProxyProtocol.REQUIRED, SocketFile.DEFAULT);
      assertThat(kit.gateway.publish(snapshot)).isInstanceOf(Published.InForce.class);
      assertThat(ask("PROXY TCP4 203.0.113.7 198.18.0.1 51234 80\r\n" + GET + "\r\n"))
          .startsWith("HTTP/1.1 200 ");
      assertThat(ask(GET + "\r\n")).isEmpty();
      assertThat(upstream.heads().getFirst()).contains("X-Forwarded-For: 203.0.113.7\r\n");
      kit.settings = Kit.settings(1024).withTrustedProxies(List.of(Cidr.parse("192.0.2.1")));
      assertThat(kit.gateway.publish(snapshot(kit, ProxyProtocol.REQUIRED, SocketFile.DEFAULT)))
          .isInstanceOf(Published.InForce.class);
      assertThat(ask("PROXY TCP4 203.0.113.7 198.18.0.1 51234 80\r\n" + GET + "\r\n")).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void takesThePlaceOfAStaleFileAndOfNoOther(Kind kind) throws Exception {
    try (var kit = kit(kind)) {
      var stale = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      stale.bind(UnixDomainSocketAddress.of(path()));
      assertThat(faults(kit)).contains("unix:" + path() + ": another process listens there");
      stale.close();
      assertThat(path()).exists();
      publish(kit);
      assertThat(ask(GET + "\r\n")).endsWith("/x");
      // The second of two gateways is refused, and the first serves on.
      try (var second = kit(kind)) {
        assertThat(faults(second)).contains("another process listens there");
      }
      assertThat(ask(GET + "\r\n")).endsWith("/x");
    }
    Files.writeString(path(), "precious");
    try (var kit = kit(kind)) {
      assertThat(faults(kit)).contains("there is a file, and it is no socket");
    }
    assertThat(path()).hasContent("precious");
  }

  private String faults(Kit kit) {
    return kit.gateway.publish(snapshot(kit, ProxyProtocol.OFF, SocketFile.DEFAULT))
            instanceof Published.Refused(var faults)
        ? faults.toString()
        : "in force";
  }

  @Test
  void changesItsRightsAndIsClosedByAReload() throws Exception {
    try (var kit = kit(Kind.IO_URING)) {
      publish(kit);
      var open = new SocketFile(0666, "root", "daemon");
      assertThat(kit.gateway.publish(snapshot(kit, ProxyProtocol.OFF, open)))
          .isInstanceOf(Published.InForce.class);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
          .isEqualTo("rw-rw-rw-");
      assertThat(ask(GET + "\r\n")).endsWith("/x");
      kit.publish();
      assertThat(path()).doesNotExist();
      var nobody = new SocketFile(0600, "no-such-user", null);
      assertThat(
              kit.gateway.publish(snapshot(kit, ProxyProtocol.OFF, nobody))
                      instanceof Published.Refused(var faults)
                  ? faults.toString()
                  : "in force")
          .contains("there is no user 'no-such-user'");
      assertThat(folder).isEmptyDirectory();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "EPOLL"})
  void isHandedOver(Kind kind) throws Exception {
    var asked = new CompletableFuture<HandOver.Next>();
    try (var before = kit(kind);
        var next = kit(kind)) {
      publish(before);
      var at = folder.resolve("hand-over");
      try (var _ = HandOver.offer(at, before.gateway::descriptors, asked::complete)) {
        var given = Objects.requireNonNull(HandOver.ask(at, 5_000));
        assertThat(next.gateway.inherit(given.sockets())).isEmpty();
        assertThat(next.gateway.publish(snapshot(before, ProxyProtocol.OFF, SocketFile.DEFAULT)))
            .isInstanceOf(Published.InForce.class);
        assertThat(next.gateway.forgetInherited()).isEmpty();
        given.accepting();
      }
      before.gateway.leave(Duration.ofSeconds(1));
      before.gateway.close();
      assertThat(path()).exists();
      for (int i = 0; i < 10; i++) {
        assertThat(ask(GET + "\r\n")).endsWith("/x");
      }
    }
    assertThat(path()).doesNotExist();
  }
}
