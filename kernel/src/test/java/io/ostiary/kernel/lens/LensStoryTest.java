package io.ostiary.kernel.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ostiary.model.ConnectionEvent;
import io.ostiary.model.ConnectionEvent.Kind;
import io.ostiary.model.ConnectionFacts;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What went wrong on a connection and when: two hosts on a cable, with a packet filter that loses
/// what the test names.
final class LensStoryTest {
  private Lens lens;
  private NetworkPair network;
  private NativeSocket listener;

  @BeforeEach
  void connect() throws Exception {
    LensKit.needs("ip", "nft");
    lens = LensKit.attach();
    network = new NetworkPair();
  }

  @AfterEach
  void disconnect() {
    if (listener != null) {
      listener.close();
    }
    if (network != null) {
      network.close();
    }
    if (lens != null) {
      lens.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"198.18.0.1", "2001:db8::1"})
  void tellsTheThreeStepsOfAHandshake(String text) throws Exception {
    var address = listenAt(text);
    try (var client = connected(address);
        var accepted = listener.accept()) {
      var facts = LensKit.read(lens, accepted.cookie());

      assertThat(facts.synAckNanos).isBetween(facts.synNanos, facts.establishedNanos);
      assertThat(facts.establishedNanos - facts.synAckNanos)
          .isCloseTo(1000 * facts.handshakeRttMicros, within(5_000_000L));
      var ours = LensKit.read(lens, client.cookie());
      assertThat(ours.synAckNanos).isEqualTo(ours.establishedNanos);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"198.18.0.1", "2001:db8::1"})
  void tellsWhenASegmentWasSentAgain(String text) throws Exception {
    var address = listenAt(text);
    try (var client = connected(address);
        var accepted = listener.accept()) {
      network.clientRuns("nft", "add table inet loss");
      network.clientRuns("nft", "add chain inet loss in { type filter hook input priority 0; }");
      network.clientRuns("nft", "add rule inet loss in tcp sport " + listener.port() + " drop");
      long before = System.nanoTime();
      accepted.send(100);

      var facts = LensKit.await(lens, accepted.cookie(), f -> f.retransmitsOut > 0);
      network.clientRuns("nft", "delete table inet loss");
      client.receive(100);

      assertThat(facts.unacknowledged).isTrue();
      assertThat(facts.droppedOut).as("the client's host dropped it").isZero();
      var after = LensKit.await(lens, accepted.cookie(), f -> !f.unacknowledged);
      assertThat(after.unacknowledged).isFalse();
      assertThat(events(after))
          .filteredOn(event -> event.kind() == Kind.RETRANSMIT)
          .isNotEmpty()
          .allMatch(event -> event.atNanos() > before && event.atNanos() < System.nanoTime());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"198.18.0.1", "2001:db8::1"})
  void tellsOfOutgoingPacketsThatTheKernelDropped(String text) throws Exception {
    var address = listenAt(text);
    try (var client = connected(address);
        var accepted = listener.accept()) {
      network.gatewayRuns("nft", "add table inet loss");
      network.gatewayRuns("nft", "add chain inet loss out { type filter hook output priority 0; }");
      network.gatewayRuns("nft", "add rule inet loss out tcp sport " + listener.port() + " drop");
      accepted.send(100);

      var facts = LensKit.await(lens, accepted.cookie(), f -> f.droppedOut > 0);
      network.gatewayRuns("nft", "delete table inet loss");
      client.receive(100);

      assertThat(facts.unacknowledged).isTrue();
      assertThat(facts.droppedOut).isPositive();
      assertThat(lens.dropReason(facts.dropReason)).isEqualTo("netfilter-drop");
      assertThat(events(facts)).extracting(ConnectionEvent::kind).contains(Kind.DROPPED_OUT);
      assertThat(lens.drops()).containsKey("netfilter-drop");
    }
  }

  /// On a cable between namespaces a packet knows its sender until its IP header is read. Whoever
  /// looks at other hosts' packets drops them before that.
  @ParameterizedTest
  @ValueSource(strings = {"198.18.0.1", "2001:db8::1"})
  void doesNotTakeForItsOwnWhatAnotherHostOfTheMachineDropped(String text) throws Exception {
    var address = listenAt(text);
    var peer = text.contains(":") ? "2001:db8::2" : "198.18.0.2";
    try (var client = connected(address);
        var accepted = listener.accept()) {
      network.clientRuns("ip", "link", "set", "user", "promisc", "on");
      network.gatewayRuns(
          "ip",
          "neigh",
          "replace",
          peer,
          "lladdr",
          "02:00:00:00:00:99",
          "dev",
          "gate",
          "nud",
          "permanent");
      accepted.send(100);

      var facts = LensKit.await(lens, accepted.cookie(), f -> f.retransmitsOut > 0);
      network.gatewayRuns("ip", "neigh", "del", peer, "dev", "gate");
      client.receive(100);

      assertThat(facts.droppedOut).as("it came as far as the other host").isZero();
      assertThat(events(facts)).extracting(ConnectionEvent::kind).doesNotContain(Kind.DROPPED_OUT);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"198.18.0.1", "2001:db8::1"})
  void tellsOfIncomingPacketsThatTheKernelDropped(String text) throws Exception {
    var address = listenAt(text);
    try (var client = connected(address);
        var accepted = listener.accept()) {
      network.gatewayRuns("nft", "add table inet loss");
      network.gatewayRuns("nft", "add chain inet loss in { type filter hook input priority 0; }");
      network.gatewayRuns("nft", "add rule inet loss in tcp dport " + listener.port() + " drop");
      client.send(100);
      network.gatewayRuns("nft", "delete table inet loss");
      client.send(200);
      accepted.receive(300);

      var facts = LensKit.await(lens, accepted.cookie(), f -> f.bytesIn == 300);

      assertThat(facts.droppedIn).isPositive();
      assertThat(lens.dropReason(facts.dropReason)).isEqualTo("netfilter-drop");
      assertThat(facts.outOfOrderIn).isPositive();
      assertThat(events(facts))
          .extracting(ConnectionEvent::kind)
          .startsWith(Kind.DROPPED_IN)
          .contains(Kind.OUT_OF_ORDER);
    }
  }

  @Test
  void countsASynThatNeverBecameAConnection() throws Exception {
    var address = listenAt("198.18.0.1");
    network.gatewayRuns("nft", "add table inet loss");
    network.gatewayRuns("nft", "add chain inet loss in { type filter hook input priority 0; }");
    network.gatewayRuns("nft", "add rule inet loss in tcp dport " + listener.port() + " drop");
    var client = network.inClient(() -> NativeSocket.client(address));
    Thread.startVirtualThread(() -> client.tryConnect(address, listener.port()));
    long end = System.nanoTime() + 3_000_000_000L;
    while (lens.drops().isEmpty() && System.nanoTime() < end) {
      Thread.sleep(5);
    }
    network.gatewayRuns("nft", "delete table inet loss");

    assertThat(lens.drops()).containsKey("netfilter-drop");
  }

  @Test
  void countsHowOftenOurOwnWindowClosed() throws Exception {
    var address = listenAt("198.18.0.1");
    listener.receiveBuffer(4096);
    try (var client = connected(address);
        var accepted = listener.accept()) {
      client.sendAtMost(1 << 20);

      var facts = LensKit.await(lens, accepted.cookie(), f -> f.ownZeroWindows > 0);

      assertThat(facts.ownZeroWindows).isPositive();
      assertThat(events(facts))
          .extracting(ConnectionEvent::kind)
          .contains(Kind.OWN_WINDOW_CLOSED)
          .doesNotContain(Kind.PEER_WINDOW_CLOSED);
    }
  }

  @Test
  void tellsWhenTheAnswerBeforeWasTaken() throws Exception {
    var address = listenAt("198.18.0.1");
    try (var client = connected(address);
        var accepted = listener.accept()) {
      client.send(10);
      accepted.receive(10).send(20);
      client.receive(20);
      var first = LensKit.await(lens, accepted.cookie(), f -> !f.unacknowledged);
      client.send(30);
      accepted.receive(30);

      var second = LensKit.await(lens, accepted.cookie(), f -> f.requests == 2);

      assertThat(first.requests).isEqualTo(1);
      assertThat(first.answeredNanos).isZero();
      assertThat(second.requests).isEqualTo(2);
      assertThat(second.answeredNanos)
          .isEqualTo(first.lastAckNanos)
          .isGreaterThan(second.establishedNanos);
    }
  }

  private static List<ConnectionEvent> events(ConnectionFacts facts) {
    var events = new ArrayList<ConnectionEvent>();
    for (long i = Math.max(0, facts.events - ConnectionEvent.KEPT); i < facts.events; i++) {
      long event = facts.event[(int) i & (ConnectionEvent.KEPT - 1)];
      events.add(
          new ConnectionEvent(
              ConnectionEvent.kind(ConnectionEvent.code(event)), ConnectionEvent.nanos(event)));
    }
    return events;
  }

  private InetAddress listenAt(String text) throws Exception {
    var address = InetAddress.ofLiteral(text);
    listener = network.inGateway(() -> NativeSocket.listen(address, 0));
    lens.watchPorts(Set.of(listener.port()));
    return address;
  }

  private NativeSocket connected(InetAddress address) throws Exception {
    return network.inClient(() -> NativeSocket.client(address).connect(address, listener.port()));
  }
}
