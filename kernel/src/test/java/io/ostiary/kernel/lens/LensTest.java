package io.ostiary.kernel.lens;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.kernel.Tool;
import io.ostiary.model.CloseReason;
import io.ostiary.model.ConnectionFacts;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The life of a connection over `lo`, and how the lens is steered.
final class LensTest {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

  private Lens lens;

  @BeforeEach
  void attach() {
    lens = LensKit.attach();
  }

  @AfterEach
  void close() {
    if (lens != null) {
      lens.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void tellsWhenARequestArrivedInPieces(String text) throws Exception {
    var address = InetAddress.ofLiteral(text);
    try (var listener = watched(address);
        var client = NativeSocket.client(address)) {
      long beforeConnect = System.nanoTime();
      client.connect(address, listener.port());
      try (var accepted = listener.accept()) {
        long afterAccept = System.nanoTime();
        client.send(100);
        Thread.sleep(30);
        long betweenPieces = System.nanoTime();
        client.send(50);
        long afterSend = System.nanoTime();

        var facts = LensKit.await(lens, accepted.cookie(), f -> f.bytesIn == 150);

        assertThat(facts.synNanos).isBetween(beforeConnect, facts.establishedNanos);
        assertThat(facts.establishedNanos).isBetween(facts.synNanos, afterAccept);
        assertThat(facts.firstDataNanos).isBetween(afterAccept, betweenPieces);
        assertThat(facts.lastDataNanos).isBetween(betweenPieces, afterSend);
        assertThat(facts.bytesIn).isEqualTo(150);
        assertThat(facts.interfaceIndex).isEqualTo(1);
        assertThat(facts.handshakeRttMicros).isBetween(1L, 100_000L);
        assertThat(facts.smallestRttMicros).isLessThanOrEqualTo(facts.smoothedRttMicros);
        assertThat(facts.lastAckNanos).isZero();
        assertThat(facts.closedNanos).isZero();
      }
    }
  }

  @Test
  void knowsTheSynOfAnIPv4ClientOfAnIPv6Listener() {
    try (var listener = watched(InetAddress.ofLiteral("::"));
        var client = NativeSocket.client(LOOPBACK)) {
      long before = System.nanoTime();
      client.connect(LOOPBACK, listener.port());
      try (var accepted = listener.accept()) {
        var facts = LensKit.read(lens, accepted.cookie());

        assertThat(facts.synNanos).isBetween(before, facts.establishedNanos);
      }
    }
  }

  @Test
  void theNextRequestBeginsWithTheFirstDataAfterTheResponse() throws Exception {
    try (var listener = watched(LOOPBACK);
        var client = NativeSocket.client(LOOPBACK).connect(LOOPBACK, listener.port());
        var accepted = listener.accept()) {
      client.send(10);
      accepted.receive(10);
      var first = LensKit.read(lens, accepted.cookie());
      long beforeResponse = System.nanoTime();
      accepted.send(3000);
      client.receive(3000);
      var answered = LensKit.await(lens, accepted.cookie(), f -> f.lastAckNanos != 0);
      long beforeSecond = System.nanoTime();
      client.send(20);
      client.send(20);
      accepted.receive(40);

      var second = LensKit.read(lens, accepted.cookie());

      assertThat(answered.firstDataNanos).isEqualTo(first.firstDataNanos);
      assertThat(answered.bytesOut).isEqualTo(3000);
      assertThat(answered.bytesAcked).isEqualTo(3000);
      assertThat(answered.lastAckNanos).isGreaterThan(beforeResponse);
      assertThat(second.firstDataNanos).isGreaterThan(beforeSecond);
      assertThat(second.lastDataNanos).isGreaterThan(second.firstDataNanos);
      assertThat(second.bytesIn).isEqualTo(50);
    }
  }

  @Test
  void countsWhatWasSentAtOnce() {
    try (var listener = watched(LOOPBACK);
        var client = NativeSocket.client(LOOPBACK).connect(LOOPBACK, listener.port());
        var accepted = listener.accept()) {
      var before = LensKit.read(lens, accepted.cookie());
      accepted.send(500);

      var after = LensKit.read(lens, accepted.cookie());

      assertThat(after.bytesOut - before.bytesOut).isEqualTo(500);
      assertThat(after.packetsOut - before.packetsOut).isEqualTo(1);
      client.receive(500);
    }
  }

  @Test
  void tracksTheConnectionsThatThisProcessOpens() throws Exception {
    try (var upstream = NativeSocket.listen(LOOPBACK, 0)) {
      long before = System.nanoTime();
      try (var ours = NativeSocket.client(LOOPBACK).connect(LOOPBACK, upstream.port());
          var theirs = upstream.accept()) {
        ours.send(10);
        theirs.receive(10).send(7);
        ours.receive(7);

        var facts = LensKit.await(lens, ours.cookie(), f -> f.bytesIn == 7);

        assertThat(facts.synNanos).isBetween(before, facts.establishedNanos);
        assertThat(facts.lastAckNanos).isGreaterThan(facts.establishedNanos);
        assertThat(facts.firstDataNanos).isGreaterThan(facts.establishedNanos);
        assertThat(facts.bytesAcked).isEqualTo(10);
        assertThat(lens.read(theirs.cookie(), new ConnectionFacts()))
            .as("the port is not watched")
            .isFalse();
      }
    }
  }

  @Test
  void leavesTheConnectionsOfOtherProcessesAlone() {
    LensKit.needs("python3");
    try (var unwatched = NativeSocket.listen(LOOPBACK, 0)) {
      long before = lens.totals().tracked();
      Tool.run(
          "python3",
          "-c",
          "import socket; socket.create_connection(('127.0.0.1', %d))".formatted(unwatched.port()));
      unwatched.accept().close();

      assertThat(lens.totals().tracked()).isEqualTo(before);
    }
  }

  @Test
  void watchesOtherPortsFromNowOn() {
    try (var first = watched(LOOPBACK);
        var second = NativeSocket.listen(LOOPBACK, 0)) {
      var facts = new ConnectionFacts();
      lens.watchPorts(Set.of(second.port()));
      try (var one = NativeSocket.client(LOOPBACK).connect(LOOPBACK, first.port());
          var atFirst = first.accept();
          var two = NativeSocket.client(LOOPBACK).connect(LOOPBACK, second.port());
          var atSecond = second.accept()) {
        assertThat(lens.read(atFirst.cookie(), facts)).isFalse();
        assertThat(lens.read(atSecond.cookie(), facts)).isTrue();
        assertThat(one.cookie()).isNotEqualTo(two.cookie());
      }
    }
  }

  @Test
  void tellsWhoClosed() throws Exception {
    assertThat(closedBy((client, accepted) -> finish(client, accepted)))
        .isEqualTo(CloseReason.FIN_RECEIVED);
    assertThat(closedBy((client, accepted) -> finish(accepted, client)))
        .isEqualTo(CloseReason.FIN_SENT);
    assertThat(closedBy((client, accepted) -> client.reset()))
        .isEqualTo(CloseReason.RESET_RECEIVED);
    assertThat(closedBy((client, accepted) -> accepted.reset())).isEqualTo(CloseReason.RESET_SENT);
  }

  @Test
  void takesUnreadDataForAResetOfOurs() throws Exception {
    assertThat(
            closedBy((client, accepted) -> {
              client.send(5);
              LensKit.await(lens, accepted.cookie(), f -> f.bytesIn == 5);
              accepted.close();
            }))
        .isEqualTo(CloseReason.RESET_SENT);
  }

  @Test
  void seesAnUpstreamRefuse() throws Exception {
    int port;
    try (var gone = NativeSocket.listen(LOOPBACK, 0)) {
      port = gone.port();
    }
    try (var ours = NativeSocket.client(LOOPBACK)) {
      long cookie = ours.cookie();
      assertThat(ours.tryConnect(LOOPBACK, port)).isNegative();

      var facts = LensKit.await(lens, cookie, f -> f.closedNanos != 0);

      assertThat(CloseReason.of(facts.closeReason)).isEqualTo(CloseReason.RESET_RECEIVED);
      assertThat(facts.synNanos).isPositive();
      assertThat(facts.establishedNanos).isZero();
    }
  }

  @Test
  void knowsNothingOnceClosed() {
    try (var listener = watched(LOOPBACK);
        var client = NativeSocket.client(LOOPBACK).connect(LOOPBACK, listener.port());
        var accepted = listener.accept()) {
      long cookie = accepted.cookie();
      assertThat(lens.programs()).hasSize(6).allMatch(program -> program.attached());

      lens.close();

      assertThat(lens.read(cookie, new ConnectionFacts())).isFalse();
      assertThat(lens.programs()).hasSize(6).noneMatch(program -> program.attached());
      lens.watchPorts(Set.of(1));
      assertThat(client.cookie()).isNotZero();
    }
  }

  @Test
  void worksWithoutOurOwnConnectionsOnAnOlderKernel() {
    lens.close();
    var cgroup = ((Cgroup.Found) Cgroup.ofThisProcess()).directory().toString();
    lens = ((Lens.Attached) Lens.attach(cgroup, Lens.Ability.WITHOUT_OWNER)).lens();
    try (var listener = watched(LOOPBACK);
        var client = NativeSocket.client(LOOPBACK).connect(LOOPBACK, listener.port());
        var accepted = listener.accept()) {
      assertThat(lens.read(accepted.cookie(), new ConnectionFacts())).isTrue();
      assertThat(lens.read(client.cookie(), new ConnectionFacts())).isFalse();
    }
    assertThat(lens.programs()).allMatch(program -> program.why().contains("Linux 6.10"));
  }

  @Test
  void saysWhichPrivilegesAreMissing() throws Exception {
    LensKit.needs("setpriv");
    var classes = new ArrayList<String>();
    for (var type : List.of(Lens.class, ConnectionFacts.class, LensProbe.class)) {
      var source = type.getProtectionDomain().getCodeSource().getLocation();
      classes.add(Path.of(source.toURI()).toString());
    }
    var says =
        Tool.run(
            "setpriv",
            "--bounding-set=-all",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            String.join(":", classes),
            LensProbe.class.getName());

    assertThat(says)
        .contains("EPERM. Run as root or with CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN")
        .hasLineCount(1);
  }

  @Test
  void tellsTheKernelPageWhatItTakes() {
    var programs = lens.programs();

    assertThat(programs).extracting(program -> program.hook()).doesNotContain("unknown");
    assertThat(programs).allMatch(program -> program.instructions() > 10);
    assertThat(programs.getFirst().maps())
        .hasSizeGreaterThan(2)
        .allMatch(map -> map.type().equals("array"));
    assertThat(programs.stream().mapToLong(program -> program.memoryBytes()).sum())
        .isBetween(8L << 20, 10L << 20);
  }

  private interface Ending {
    void end(NativeSocket client, NativeSocket accepted) throws Exception;
  }

  private CloseReason closedBy(Ending ending) throws Exception {
    try (var listener = watched(LOOPBACK);
        var client = NativeSocket.client(LOOPBACK)) {
      client.connect(LOOPBACK, listener.port());
      var accepted = listener.accept();
      long cookie = accepted.cookie();
      ending.end(client, accepted);
      var facts = LensKit.await(lens, cookie, f -> f.closedNanos != 0);
      assertThat(facts.closedNanos).isGreaterThan(facts.establishedNanos);
      return CloseReason.of(facts.closeReason);
    }
  }

  private static void finish(NativeSocket first, NativeSocket second) {
    first.endOutput();
    second.receiveEnd();
    second.close();
    first.close();
  }

  private NativeSocket watched(InetAddress address) {
    var listener = NativeSocket.listen(address, 0);
    lens.watchPorts(Set.of(listener.port()));
    return listener;
  }
}
