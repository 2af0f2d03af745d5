package io.ostiary.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Everything that came and left, to the packet, by the device's own counters (`ip -s link`) and by
/// the meter's identity; on a cable with IPv4, IPv6 and VLAN, and on loopback.
final class MeterWireTest {
  private KernelHosts hosts;

  @BeforeEach
  void connect() throws Exception {
    for (var command : new String[] {"ip", "curl", "python3", "hping3", "ethtool"}) {
      Assumptions.assumeTrue(
          Stream.of("/usr/bin", "/usr/sbin", "/sbin", "/bin")
              .anyMatch(at -> Files.isExecutable(Path.of(at, command))),
          command + ": not installed");
    }
    Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    hosts = new KernelHosts();
  }

  @AfterEach
  void disconnect() throws Exception {
    if (hosts != null) {
      hosts.close();
    }
  }

  @Test
  void countsEachPacketOfACableOnce() throws Exception {
    var child = hosts.child("io.ostiary.kernel.MeterChild");
    assertThat(child.ask("watch gate limited")).isEqualTo("applied");
    var first = settled(child, "gate");
    var before = first.device;
    var start = first.metered;

    hosts.reachable(KernelHosts.HTTP_4);
    hosts.reachable(KernelHosts.HTTP_6);
    hosts.clientRuns("python3", "-c", TAGGED, "user", "10.50.0.2", "10.50.0.1");
    hosts.gatewayRuns("python3", "-c", TAGGED, "gate", "10.50.0.1", "10.50.0.2");
    // Before others may take the places of short ones.
    var flows = child.ask("flows");
    assertThat(flows)
        .contains("in 198.18.0.2>198.18.0.1:8080/6 vlan 0")
        .contains("out 198.18.0.1:8080>198.18.0.2/6 vlan 0")
        .contains("in 2001:db8:0:0:0:0:0:2>2001:db8:0:0:0:0:0:1:8080/6 vlan 0")
        .contains("in 10.50.0.2>10.50.0.1:7/17 vlan 50")
        .contains("out 10.50.0.1>10.50.0.2:7/17 vlan 50");
    flood("-2 -p 9 -c 500 -i u50");

    var last = settled(child, "gate");
    var metered = last.metered;
    var after = last.device;
    assertThat(metered.in - start.in).isEqualTo(after.received - before.received);
    // The device counts frames without their Ethernet headers.
    assertThat(metered.inBytes - start.inBytes - 14 * (metered.in - start.in))
        .isEqualTo(after.receivedBytes - before.receivedBytes);
    assertThat(metered.out + start.outMerged - start.out - metered.outMerged)
        .isEqualTo(after.sent - before.sent);
    assertThat(metered.dropped).as("over the limit").isPositive();
    metered.holds();
  }

  @Test
  void keepsTheSumsUnderAFloodOfInventedSources() throws Exception {
    var child = hosts.child("io.ostiary.kernel.MeterChild");
    assertThat(child.ask("watch gate")).isEqualTo("applied");
    var first = settled(child, "gate");
    var before = first.device;
    var start = first.metered;

    flood("-S -p 8080 -c 20000 -i u5 --rand-source");

    var last = settled(child, "gate");
    var metered = last.metered;
    assertThat(metered.in - start.in).isEqualTo(last.device.received - before.received);
    assertThat(metered.evicted + metered.unlisted).isPositive();
    metered.holds();
  }

  @Test
  void countsEachFrameOfABurstOfOddOnesOnce() throws Exception {
    var child = hosts.child("io.ostiary.kernel.MeterChild");
    assertThat(child.ask("watch gate")).isEqualTo("applied");
    var first = settled(child, "gate");
    var before = first.device;
    var start = first.metered;

    hosts.clientRuns("python3", "-c", ODD, "user", "20000");

    var last = settled(child, "gate");
    var metered = last.metered;
    long frames = metered.in - start.in;
    assertThat(frames).isEqualTo(last.device.received - before.received).isGreaterThan(15_000);
    assertThat(metered.inBytes - start.inBytes - 14 * frames)
        .isEqualTo(last.device.receivedBytes - before.receivedBytes);
    assertThat(metered.dropped).as("malformed ones").isPositive();
    metered.holds();
  }

  @Test
  void countsLoopbackWhereItComesIn() throws Exception {
    var child = hosts.child("io.ostiary.kernel.MeterChild");
    assertThat(child.ask("watch lo")).isEqualTo("applied");
    var first = settled(child, "lo");
    var before = first.device;
    var start = first.metered;

    hosts.gatewayRuns("curl", "-sS", "-o", "/dev/null", "http://127.0.0.1:8080/");
    hosts.gatewayRuns("curl", "-sS", "-g", "-o", "/dev/null", "http://[::1]:8080/");
    hosts.gatewayRuns(
        "python3",
        "-c",
        // The buffers of a host that is short of memory do not hold all of it.
        "import socket, threading; s=socket.create_server(('127.0.0.1',0)); "
            + "c=socket.create_connection(s.getsockname()); a,_=s.accept(); n=0\n"
            + "threading.Thread(target=c.sendall, args=(b'x'*200000,)).start()\n"
            + "while n<200000: n+=len(a.recv(65536))");

    var last = settled(child, "lo");
    var metered = last.metered;
    assertThat(metered.in - start.in - (metered.inMerged - start.inMerged))
        .isEqualTo(last.device.received - before.received);
    assertThat(metered.inMerged).as("200,000 bytes are aggregates").isPositive();
    assertThat(metered.out).isZero();
    metered.holds();
  }

  /// What a macvlan gets comes in at its carrier first, but for what siblings on the host send.
  @Test
  void countsPacketsOfAMacvlanOnceInAllAndAtBothDevices() throws Exception {
    macvlan("mac0", hosts.gateway, "198.18.9.1/24");
    hosts.clientRuns("ip", "address", "add", "198.18.9.2/24", "dev", "user");
    var child = hosts.child("io.ostiary.kernel.MeterChild");
    assertThat(child.ask("watch gate,mac0")).isEqualTo("applied");
    assertThat(hosts.reachable("http://198.18.9.1:8080/")).isTrue();
    var gate = settled(child, "gate");
    var mac = settled(child, "mac0");
    long unicast = unicastAt("mac0");

    hosts.clientRuns("curl", "-sS", "-o", "/dev/null", "http://198.18.9.1:8080/");
    hosts.reachable(KernelHosts.HTTP_4);
    // One for each of two connections; asked before others may take the places of short ones.
    var flows = child.ask("flows");
    assertThat(flows.split("in 198\\.18\\.9\\.2>198\\.18\\.9\\.1:8080/6", -1)).hasSize(3);
    assertThat(flows.split("out 198\\.18\\.9\\.1:8080>198\\.18\\.9\\.2/6", -1)).hasSize(3);
    flood("-2 -p 9 -c 300 -i u200 -a 198.18.0.77");

    var gateAfter = settled(child, "gate");
    var macAfter = settled(child, "mac0");
    long atGate = gateAfter.metered.in - gate.metered.in;
    long atMac = macAfter.metered.in - mac.metered.in;
    long twice = unicastAt("mac0") - unicast;
    assertThat(twice).isGreaterThan(4);
    assertThat(atGate).isEqualTo(gateAfter.device.received - gate.device.received);
    assertThat(atMac).isEqualTo(macAfter.device.received - mac.device.received);
    assertThat(macAfter.metered.totalIn - gate.metered.totalIn).isEqualTo(atGate + atMac - twice);
    assertThat(macAfter.metered.totalOut - gate.metered.totalOut)
        .as("all that the macvlan sent left by its carrier")
        .isEqualTo(gateAfter.metered.out - gate.metered.out);

    macvlan("mac1", hosts.client, "198.18.9.10/24");
    hosts.clientRuns(
        "curl",
        "-sS",
        "-m",
        "5",
        "--interface",
        "mac1",
        "-o",
        "/dev/null",
        "http://198.18.9.1:8080/");
    assertThat(child.ask("flows")).contains("in 198.18.9.10>198.18.9.1:8080/6");
  }

  private void macvlan(String name, String namespace, String address) {
    // A host with two interfaces in one network answers for both at either otherwise.
    Tool.run(Tool.in(namespace, "sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1"));
    Tool.run(
        "ip",
        "-n",
        hosts.gateway,
        "link",
        "add",
        "link",
        "gate",
        "name",
        name,
        "netns",
        namespace,
        "type",
        "macvlan",
        "mode",
        "bridge");
    Tool.run("ip", "-n", namespace, "address", "add", address, "dev", name);
    Tool.run("ip", "-n", namespace, "link", "set", name, "up");
  }

  private long unicastAt(String name) {
    var folder = "/sys/class/net/" + name + "/statistics/";
    var numbers = hosts.gatewayRuns("cat", folder + "rx_packets", folder + "multicast").split("\n");
    return Long.parseLong(numbers[0].strip()) - Long.parseLong(numbers[1].strip());
  }

  /// Seven tagged UDP packets of 60 bytes, VLAN 50.
  private static final String TAGGED =
      """
      import socket, struct, sys
      s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
      s.bind((sys.argv[1], 0))
      ends = socket.inet_aton(sys.argv[2]) + socket.inet_aton(sys.argv[3])
      ip = struct.pack('!BBHHHBBH', 0x45, 0, 42, 1, 0, 64, 17, 0) + ends
      udp = struct.pack('!HHHH', 5000, 7, 22, 0) + b'x' * 14
      for i in range(7):
        s.send(b'\\xff' * 6 + b'\\x02' * 6 + struct.pack('!HHH', 0x8100, 50, 0x0800) + ip + udp)
      """;

  /// Frames with up to three VLAN tags and up to nine IPv6 extension headers, first and later
  /// fragments, options, cut anywhere, or of no protocol at all, as fast as they go.
  private static final String ODD =
      """
      import random, socket, struct, sys
      random.seed(5)
      s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
      s.bind((sys.argv[1], 0))
      pick, number = random.choice, random.randint
      def four(p, next):
        options = b'\\x01' * 4 * pick((0, 0, 1, 10))
        fragment = pick((0, 0, 0x2000, 0x2001, 1, 185, 0x1fff))
        head = struct.pack('!BBHHHBBH', 0x45 + len(options) // 4, 0,
          20 + len(options) + len(p), number(0, 65535), fragment, 64, next, 0)
        return head + random.randbytes(4) + bytes((198, 18, 0, 1)) + options + p
      def six(p, next):
        for _ in range(number(0, 9)):
          kind = pick((0, 43, 60, 44, 51))
          if kind == 44:
            p = struct.pack('!BBHI', next, 0, pick((0, 1, 8, 9, 256)), number(0, 99)) + p
          elif kind == 51:
            p = struct.pack('!BBHII', next, 1, 0, 1, 1) + p
          else:
            p = struct.pack('!BB', next, 0) + bytes(6) + p
          next = kind
        ends = [socket.inet_pton(10, '2001:db8::%x' % end) for end in (number(3, 65535), 1)]
        return struct.pack('!IHBB', 0x60000000, len(p), next, 64) + b''.join(ends) + p
      def frame():
        udp = struct.pack('!HHHH', number(1, 65535), pick((7, 8080)), 28, 0) + bytes(20)
        flags = pick((2, 16, 4, 0, 41))
        tcp = struct.pack('!HHIIBBHHH', number(1, 65535), 8080, 1, 0, 80, flags, 1000, 0, 0)
        carried = pick(((udp, 17), (tcp, 6)))
        kind, p = pick(((0x0800, four(*carried)), (0x86dd, six(*carried)),
          (pick((0x0806, 0x88cc, 0x1234, 0x0800, 0x86dd)), random.randbytes(number(0, 60)))))
        tags = b''.join(struct.pack('!HH', pick((0x8100, 0x88a8)), number(1, 4094))
          for _ in range(pick((0, 0, 0, 1, 2, 3))))
        whole = pick((b'\\xff', b'\\x02')) * 6 + b'\\x02' * 6 + tags + struct.pack('!H', kind) + p
        return whole if random.random() < 0.9 else whole[:number(15, max(15, len(whole)))]
      frames = [frame() for _ in range(2000)]
      for i in range(int(sys.argv[2])):
        try:
          s.send(frames[i % len(frames)])
        except OSError:
          pass
      """;

  /// hping3 says that it failed where nobody answered.
  private void flood(String options) {
    hosts.clientRuns("sh", "-c", "hping3 -q " + options + " 198.18.0.1 || true");
  }

  private record Both(Device device, Metered metered) {}

  /// Both counts once nothing is on its way: hosts send of themselves too (router solicitations,
  /// multicast reports), at any time, so the device is read before and after.
  private Both settled(KernelHosts.Child child, String name) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    var before = device(name);
    while (true) {
      Thread.sleep(200);
      var metered = Metered.of(child.ask("metered " + name));
      var after = device(name);
      if (after.equals(before)) {
        return new Both(after, metered);
      }
      assertThat(System.nanoTime()).as("packets still come after 10 s").isLessThan(end);
      before = after;
    }
  }

  /// What `ip -s link` says.
  private record Device(long received, long receivedBytes, long sent) {}

  private Device device(String name) {
    var text = hosts.gatewayRuns("ip", "-s", "link", "show", name);
    var numbers =
        Pattern.compile("[RT]X:[^\\n]*\\n\\s*(\\d+)\\s+(\\d+)")
            .matcher(text)
            .results()
            .map(found -> List.of(Long.parseLong(found.group(1)), Long.parseLong(found.group(2))))
            .toList();
    return new Device(numbers.get(0).get(1), numbers.get(0).get(0), numbers.get(1).get(1));
  }

  /// What the child says, in the order of [MeterChild].
  private record Metered(
      long passed,
      long dropped,
      long in,
      long inBytes,
      long inMerged,
      long out,
      long outMerged,
      long listedIn,
      long listedOut,
      long evicted,
      long unlisted,
      long totalIn,
      long totalOut) {
    static Metered of(String line) {
      var n = Stream.of(line.split(" ")).mapToLong(Long::parseLong).toArray();
      return new Metered(
          n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12]);
    }

    void holds() {
      assertThat(passed + dropped).isEqualTo(in);
      assertThat(totalIn).isEqualTo(in);
      assertThat(totalOut).isEqualTo(out);
      assertThat(listedIn + listedOut + evicted + unlisted).isEqualTo(totalIn + totalOut);
    }
  }
}
