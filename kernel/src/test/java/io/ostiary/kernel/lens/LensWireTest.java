package io.ostiary.kernel.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ostiary.kernel.Tool;
import io.ostiary.model.CloseReason;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Two hosts on a cable: the lens must say what tshark and ss say, and tell what went wrong when
/// packets are lost. A packet filter on one of the hosts loses them.
final class LensWireTest {
  private Lens lens;
  private NetworkPair network;
  private NativeSocket listener;

  @TempDir Path directory;

  @BeforeEach
  void connect() throws Exception {
    LensKit.needs("ip", "nft");
    lens = LensKit.attach();
    network = new NetworkPair();
    listenAt(NetworkPair.GATEWAY_4);
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
  void saysWhatTsharkSays(String text) throws Exception {
    LensKit.needs("ethtool", "tcpdump", "tshark", "curl");
    var address = InetAddress.ofLiteral(text);
    listenAt(address);
    // One packet on the wire for each segment that TCP counts.
    network.gatewayRuns("ethtool", "-K", "gate", "tso", "off", "gso", "off", "gro", "off");
    network.clientRuns("ethtool", "-K", "user", "tso", "off", "gso", "off", "gro", "off");
    var file = directory.resolve("wire.pcap");
    var capture =
        network.gatewayStarts(
            "tcpdump", "--immediate-mode", "-i", "gate", "-U", "-w", file.toString(), "tcp");
    var says = capture.inputReader();
    assertThat(says.readLine()).contains("listening on gate");
    var url =
        "http://%s:%d/"
            .formatted(address instanceof Inet4Address ? text : "[" + text + "]", listener.port());
    var answered = new CompletableFuture<Long>();
    Thread.startVirtualThread(() -> answered.complete(answerTwice()));
    network.clientRuns("curl", "-sS", "-o", "/dev/null", url + "one", url + "two");
    long cookie = answered.get(10, TimeUnit.SECONDS);

    var facts = LensKit.await(lens, cookie, f -> f.closedNanos != 0);
    awaitPackets(file, facts.packetsIn + facts.packetsOut);
    capture.destroy();
    assertThat(capture.waitFor(5, TimeUnit.SECONDS)).isTrue();
    var packets = packets(file);
    var in = packets.stream().filter(packet -> packet.port() != listener.port()).toList();
    var out = packets.stream().filter(packet -> packet.port() == listener.port()).toList();

    assertThat(facts.packetsIn).isEqualTo(in.size());
    assertThat(facts.packetsOut).isEqualTo(out.size());
    assertThat(facts.bytesIn).isEqualTo(in.stream().mapToLong(Packet::bytes).sum());
    assertThat(facts.bytesOut).isEqualTo(out.stream().mapToLong(Packet::bytes).sum());
    assertThat(facts.bytesAcked).isEqualTo(facts.bytesOut);
    assertThat(facts.retransmitsOut).isZero();
    assertThat(facts.duplicatesIn).isZero();
    var firstOfSecond = in.stream().filter(packet -> packet.bytes() > 0).toList().getLast();
    assertThat(facts.establishedNanos - facts.synNanos)
        .isCloseTo(in.get(1).nanos() - in.get(0).nanos(), within(5_000_000L));
    assertThat(facts.firstDataNanos - facts.synNanos)
        .isCloseTo(firstOfSecond.nanos() - in.get(0).nanos(), within(5_000_000L));
    assertThat(CloseReason.of(facts.closeReason)).isEqualTo(CloseReason.FIN_RECEIVED);
    assertThat(facts.interfaceIndex)
        .isEqualTo(
            Integer.parseInt(network.gatewayRuns("cat", "/sys/class/net/gate/ifindex").strip()));
  }

  @Test
  void saysWhatSsSays() throws Exception {
    try (var client = connected();
        var accepted = listener.accept()) {
      client.send(70_000);
      accepted.receive(70_000).send(200_000);
      client.receive(200_000).send(1);
      accepted.receive(1);
      LensKit.await(lens, accepted.cookie(), f -> f.bytesAcked == 200_000);
      // Nothing is on its way any more once the client's last byte is acknowledged.
      Thread.sleep(100);

      var facts = LensKit.read(lens, accepted.cookie());
      var ss = network.gatewayRuns("ss", "-tinH", "sport = :" + listener.port());

      assertThat(value(ss, "bytes_received")).isEqualTo(facts.bytesIn);
      assertThat(value(ss, "bytes_sent")).isEqualTo(facts.bytesOut);
      assertThat(value(ss, "bytes_acked")).isEqualTo(facts.bytesAcked);
      assertThat(value(ss, "segs_in")).isEqualTo(facts.packetsIn);
      assertThat(value(ss, "segs_out") + 1).as("and the SYN-ACK").isEqualTo(facts.packetsOut);
      assertThat(
              Math.round(1000 * Double.parseDouble(ss.replaceAll("(?s).* rtt:([0-9.]+)/.*", "$1"))))
          .isEqualTo(facts.smoothedRttMicros);
      assertThat(
              Math.round(
                  1000 * Double.parseDouble(ss.replaceAll("(?s).* minrtt:([0-9.]+).*", "$1"))))
          .isEqualTo(facts.smallestRttMicros);
    }
  }

  @Test
  void measuresTheHandshakeAndSeesDataInItsLastPacket() throws Exception {
    // The client's bare acknowledgement is lost, so that its first data completes the handshake.
    network.clientRuns("nft", "add table inet loss");
    network.clientRuns("nft", "add chain inet loss out { type filter hook output priority 0; }");
    network.clientRuns("nft", "add rule inet loss out tcp flags == ack meta length 52 drop");
    try (var client = connected()) {
      Thread.sleep(60);
      long beforeSend = System.nanoTime();
      client.send(100);
      try (var accepted = listener.accept()) {
        var facts = LensKit.read(lens, accepted.cookie());

        assertThat(facts.handshakeRttMicros).isBetween(60_000L, 1_000_000L);
        assertThat(facts.establishedNanos - facts.synNanos)
            .isCloseTo(1000 * facts.handshakeRttMicros, within(10_000_000L));
        assertThat(facts.firstDataNanos).isGreaterThan(beforeSend);
        assertThat(facts.firstDataNanos).isEqualTo(facts.establishedNanos);
      }
    }
  }

  @Test
  void countsWhatWeSendAgain() throws Exception {
    try (var client = connected();
        var accepted = listener.accept()) {
      loseAtClient("tcp sport " + listener.port());
      accepted.send(100);

      var facts = LensKit.await(lens, accepted.cookie(), f -> f.retransmitsOut > 0);
      network.clientRuns("nft", "delete table inet loss");
      client.receive(100);

      assertThat(facts.retransmitsOut).isPositive();
      assertThat(facts.bytesOut).isGreaterThan(100);
      assertThat(facts.bytesAcked).isZero();
      assertThat(LensKit.await(lens, accepted.cookie(), f -> f.bytesAcked > 0).bytesAcked)
          .isEqualTo(100);
    }
  }

  /// tshark calls a segment that is sent again within 3 ms "out of order": of 65 that the kernel
  /// counted it called 7 retransmissions. By their numbers both are the same.
  @Test
  void countsAsManySegmentsSentAgainAsWereOnTheWire() throws Exception {
    LensKit.needs("ethtool", "tcpdump", "tshark", "nft");
    network.gatewayRuns("ethtool", "-K", "gate", "tso", "off", "gso", "off", "gro", "off");
    network.clientRuns("ethtool", "-K", "user", "tso", "off", "gso", "off", "gro", "off");
    var file = directory.resolve("again.pcap");
    var capture =
        network.gatewayStarts(
            "tcpdump", "--immediate-mode", "-i", "gate", "-s", "96", "-U", "-w", file.toString());
    assertThat(capture.inputReader().readLine()).contains("listening on gate");
    try (var client = connected();
        var accepted = listener.accept()) {
      loseAtClient("tcp sport " + listener.port() + " meta length > 500 numgen inc mod 20 == 7");
      long bytes = 1_000_000;
      var received = CompletableFuture.runAsync(() -> client.receive((int) bytes));
      accepted.send((int) bytes);
      received.get(20, TimeUnit.SECONDS);
      var facts = LensKit.await(lens, accepted.cookie(), f -> f.bytesAcked == bytes);
      var ss = network.gatewayRuns("ss", "-tinH", "sport = :" + listener.port());
      awaitPackets(file, facts.packetsIn + facts.packetsOut);
      capture.destroy();
      assertThat(capture.waitFor(5, TimeUnit.SECONDS)).isTrue();

      assertThat(facts.retransmitsOut).isGreaterThan(20);
      assertThat(ss).contains("retrans:0/" + facts.retransmitsOut + " ");
      assertThat(value(ss, "bytes_retrans")).isEqualTo(facts.bytesOut - bytes);
      assertThat(repeated(file)).isEqualTo(facts.retransmitsOut);
    }
  }

  /// How many segments of ours were on the wire again.
  private long repeated(Path file) {
    var fields =
        List.of("tshark", "-Q", "-r", file.toString(), "-Y", "tcp.srcport == " + listener.port());
    var command = new ArrayList<>(fields);
    command.addAll(List.of("-T", "fields", "-e", "tcp.seq", "-e", "tcp.len"));
    long highest = 0;
    long again = 0;
    for (var line : Tool.run(command.toArray(String[]::new)).lines().toList()) {
      var numbers = line.split("\t");
      if (numbers.length < 2) {
        continue;
      }
      long end = Long.parseLong(numbers[0]) + Long.parseLong(numbers[1]);
      again += !numbers[1].equals("0") && end <= highest ? 1 : 0;
      highest = Math.max(highest, end);
    }
    return again;
  }

  @Test
  void countsWhatReachesUsTwice() throws Exception {
    try (var client = connected();
        var accepted = listener.accept()) {
      loseAtClient("tcp sport " + listener.port());
      client.send(100);

      var facts = LensKit.await(lens, accepted.cookie(), f -> f.duplicatesIn > 0);

      assertThat(facts.duplicatesIn).isPositive();
      assertThat(facts.bytesIn).isEqualTo(100);
    }
  }

  @Test
  void countsWhatArrivesOutOfOrder() throws Exception {
    try (var client = connected();
        var accepted = listener.accept()) {
      network.gatewayRuns("nft", "add table inet loss");
      network.gatewayRuns("nft", "add chain inet loss in { type filter hook input priority 0; }");
      network.gatewayRuns("nft", "add rule inet loss in tcp dport " + listener.port() + " drop");
      client.send(100);
      network.gatewayRuns("nft", "delete table inet loss");
      client.send(200);
      accepted.receive(300);

      var facts = LensKit.await(lens, accepted.cookie(), f -> f.bytesIn == 300);

      assertThat(facts.duplicatesIn).isPositive();
      assertThat(facts.bytesIn).isEqualTo(300);
    }
  }

  @Test
  void countsSynAcksSentAgain() throws Exception {
    loseAtClient("tcp flags & (syn|ack) == (syn|ack)");
    var connecting =
        CompletableFuture.supplyAsync(() -> {
          try {
            return connected();
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        });
    Thread.sleep(300);
    network.clientRuns("nft", "delete table inet loss");
    try (var client = connecting.get(10, TimeUnit.SECONDS);
        var accepted = listener.accept()) {
      var facts = LensKit.read(lens, accepted.cookie());

      assertThat(facts.synAckRetransmits).isPositive();
      assertThat(facts.establishedNanos - facts.synNanos).isGreaterThan(500_000_000L);
      assertThat(client.cookie()).isNotZero();
    }
  }

  @Test
  void countsHowOftenTheClientClosedItsWindow() throws Exception {
    try (var client = network.inClient(() -> NativeSocket.client(NetworkPair.GATEWAY_4))) {
      client.receiveBuffer(4096);
      client.connect(NetworkPair.GATEWAY_4, listener.port());
      try (var accepted = listener.accept()) {
        assertThat(LensKit.read(lens, accepted.cookie()).zeroWindows).isZero();
        accepted.sendAtMost(1 << 20);

        var facts = LensKit.await(lens, accepted.cookie(), f -> f.zeroWindows > 0);

        assertThat(facts.zeroWindows).isEqualTo(1);
      }
    }
  }

  @Test
  void seesAConnectionTimeOut() throws Exception {
    try (var client = connected();
        var accepted = listener.accept()) {
      accepted.userTimeoutMillis(300);
      loseAtClient("tcp sport " + listener.port());
      accepted.send(100);

      var facts = LensKit.await(lens, accepted.cookie(), f -> f.closedNanos != 0);

      assertThat(CloseReason.of(facts.closeReason)).isEqualTo(CloseReason.TIMEOUT);
      assertThat(client.cookie()).isNotZero();
    }
  }

  private void listenAt(InetAddress address) throws Exception {
    if (listener != null) {
      listener.close();
    }
    listener = network.inGateway(() -> NativeSocket.listen(address, 0));
    lens.watchPorts(Set.of(listener.port()));
  }

  private NativeSocket connected() throws Exception {
    return network.inClient(() ->
        NativeSocket.client(NetworkPair.GATEWAY_4).connect(NetworkPair.GATEWAY_4, listener.port()));
  }

  private void loseAtClient(String packets) {
    network.clientRuns("nft", "add table inet loss");
    network.clientRuns("nft", "add chain inet loss in { type filter hook input priority 0; }");
    network.clientRuns("nft", "add rule inet loss in " + packets + " drop");
  }

  /// Two requests of one connection, each answered with 100,000 bytes; returns its cookie.
  private long answerTwice() {
    try (var accepted = listener.accept()) {
      for (int i = 0; i < 2; i++) {
        accepted.receiveHead();
        accepted.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        accepted.send(100_000);
      }
      accepted.receiveEnd();
      return accepted.cookie();
    }
  }

  private record Packet(int port, long bytes, long nanos) {}

  /// Waits until tcpdump has written so many packets, or for three seconds.
  private static void awaitPackets(Path file, long expected) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
    while (written(Files.readAllBytes(file)) < expected && System.nanoTime() < end) {
      Thread.sleep(10);
    }
  }

  /// How many whole packets a pcap file has: a header of 24 bytes, then 16 bytes before each.
  private static long written(byte[] file) {
    var bytes = ByteBuffer.wrap(file).order(ByteOrder.nativeOrder());
    long packets = 0;
    for (int at = 24; at + 16 <= file.length; packets++) {
      at += 16 + bytes.getInt(at + 8);
      if (at > file.length) {
        break;
      }
    }
    return packets;
  }

  private static List<Packet> packets(Path file) {
    var lines =
        Tool.run(
            "tshark",
            "-Q",
            "-r",
            file.toString(),
            "-T",
            "fields",
            "-e",
            "tcp.srcport",
            "-e",
            "tcp.len",
            "-e",
            "frame.time_relative");
    var packets = new ArrayList<Packet>();
    for (var line : lines.split("\n")) {
      var fields = line.split("\t");
      if (fields.length == 3) {
        packets.add(
            new Packet(
                Integer.parseInt(fields[0]),
                Long.parseLong(fields[1]),
                Math.round(Double.parseDouble(fields[2]) * 1e9)));
      }
    }
    return packets;
  }

  private static long value(String ss, String name) {
    var matcher = Pattern.compile("\\b" + name + ":(\\d+)").matcher(ss);
    assertThat(matcher.find()).as("%s in %s", name, ss).isTrue();
    return Long.parseLong(matcher.group(1));
  }
}
