package io.ostiary.kernel.shield;

import static io.ostiary.kernel.shield.DropReason.BANNED;
import static io.ostiary.kernel.shield.DropReason.DENY_RULE;
import static io.ostiary.kernel.shield.DropReason.LIMIT_RULE;
import static io.ostiary.kernel.shield.DropReason.MALFORMED;
import static io.ostiary.kernel.shield.DropReason.PASSED;
import static io.ostiary.kernel.shield.Packets.*;
import static io.ostiary.kernel.shield.ShieldKit.allow;
import static io.ostiary.kernel.shield.ShieldKit.ban;
import static io.ostiary.kernel.shield.ShieldKit.cidrs;
import static io.ostiary.kernel.shield.ShieldKit.deny;
import static io.ostiary.kernel.shield.ShieldKit.limit;
import static io.ostiary.kernel.shield.ShieldKit.rules;
import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Protocol;
import io.ostiary.model.KernelStatus.Drop;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Packets through both entry points by BPF_PROG_TEST_RUN: what is decided, and what is counted.
final class ShieldTest {
  private static final RuleSetSource RULES =
      new RuleSetSource(
          List.of(
              deny("203.0.113.0/24 2001:db8::/32", ""),
              allow("203.0.113.128/25 2001:db8:a::/48", "8080"),
              deny("", "9000-9010", Protocol.UDP),
              deny("198.18.9.0/24", "", Protocol.ICMP),
              deny("198.18.10.0/24", "22 443", Protocol.TCP)),
          List.of(ban("198.18.66.6"), ban("203.0.113.200"), ban("2001:db8:a:b::/64")),
          cidrs("203.0.113.7 198.18.66.0/29"),
          new RuleSetSource.Sessions(
              new HashSet<>(cidrs("203.0.113.77 203.0.113.200")), Set.of(22)),
          false);

  private Shield shield;

  private record Fixture(String description, byte[] frame, DropReason reason) {}

  @BeforeEach
  void load() throws Exception {
    shield = ShieldKit.load();
    shield.beat();
  }

  @AfterEach
  void close() {
    if (shield != null) {
      shield.close();
    }
  }

  @Test
  void decidesAndCountsEachFixture() throws Exception {
    assertThat(shield.install(RULES)).isEmpty();
    for (var fixture :
        Stream.of(precedence(), fragments(), essentials(), headers())
            .flatMap(List::stream)
            .toList()) {
      shield.beat();
      expect(fixture);
      assertThat(new SlowClassifier(RULES).judge(fixture.frame()))
          .as("the model: " + fixture.description())
          .isEqualTo(fixture.reason());
    }
  }

  private static List<Fixture> precedence() {
    return List.of(
        new Fixture("nobody's source", syn4("192.0.2.1", 80), PASSED),
        new Fixture("denied block", syn4("203.0.113.9", 80), DENY_RULE),
        new Fixture("denied IPv6 block", syn6("2001:db8:9::1", 80), DENY_RULE),
        new Fixture("allowed port within it", syn4("203.0.113.129", 8080), PASSED),
        new Fixture("another port within it", syn4("203.0.113.129", 8081), DENY_RULE),
        new Fixture("allowed port, IPv6", syn6("2001:db8:a::1", 8080), PASSED),
        new Fixture("another port, IPv6", syn6("2001:db8:a::1", 8081), DENY_RULE),
        new Fixture("banned, though allowed", syn6("2001:db8:a:b::1", 8080), BANNED),
        new Fixture("management, though denied", syn4("203.0.113.7", 80), PASSED),
        new Fixture("management, though banned", syn4("198.18.66.6", 80), PASSED),
        new Fixture("a session's port, though denied", syn4("203.0.113.77", 22), PASSED),
        new Fixture("its peer on another port", syn4("203.0.113.77", 23), DENY_RULE),
        new Fixture("a session's port, though banned", syn4("203.0.113.200", 22), PASSED),
        new Fixture("banned", syn4("203.0.113.200", 8080), BANNED),
        new Fixture("lowest port of a range", udp4("192.0.2.1", 9000), DENY_RULE),
        new Fixture("highest port of a range", udp4("192.0.2.1", 9010), DENY_RULE),
        new Fixture("below it", udp4("192.0.2.1", 8999), PASSED),
        new Fixture("above it", udp4("192.0.2.1", 9011), PASSED),
        new Fixture("TCP to the range", syn4("192.0.2.1", 9005), PASSED),
        new Fixture("UDP where TCP is denied", udp4("198.18.10.1", 22), PASSED),
        new Fixture("TCP where it is", syn4("198.18.10.1", 443), DENY_RULE),
        new Fixture("echo request", icmp4("198.18.9.1", 8), DENY_RULE),
        new Fixture("GRE of a denied block", ipv4(ip4("203.0.113.9", 47, new byte[8])), DENY_RULE),
        new Fixture("SCTP to a port", ipv4(ip4("198.18.10.1", 132, new byte[12])), PASSED));
  }

  /// Of a VLAN and its carrier both are attached where a rule names the VLAN.
  @Test
  void countsAPacketOnceThatComesByTwoInterfaces() throws Exception {
    var here =
        new KernelRule.Match(
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            Set.of(),
            KernelRule.TcpFlags.ANY,
            Set.of(),
            Set.of("lo"),
            Set.of());
    var rules =
        List.of(
            limit(1, "192.0.2.0/24", ""),
            allow("192.0.2.2", ""),
            deny("192.0.2.3", ""),
            new KernelRule.Limit(here, 1));
    for (boolean above : new boolean[] {false, true}) {
      assertThat(
              shield.install(
                  new RuleSetSource(
                      rules,
                      Map.of(),
                      List.of(),
                      List.of(),
                      RuleSetSource.Sessions.NONE,
                      false,
                      above ? Set.of("lo") : Set.of())))
          .isEmpty();
      shield.beat();
      for (int i = 0; i < 4; i++) {
        expect(new Fixture("allowed", syn4("192.0.2.2", 80), PASSED));
        expect(new Fixture("denied", syn4("192.0.2.3", 80), DENY_RULE));
      }
      var hits = shield.ruleHits();
      expect(new Fixture("limited", syn4("192.0.2.9", 80), PASSED), List.of("shield_xdp"));
      assertThat(shield.ruleHits().getFirst().packets() - hits.getFirst().packets())
          .as("by the limit that names no interface")
          .isEqualTo(above ? 0 : 1);
      assertThat(shield.ruleHits().getLast().packets() - hits.getLast().packets())
          .as("by the one that names it")
          .isEqualTo(above ? 1 : 0);
    }
  }

  private static List<Fixture> fragments() {
    var syn = tcp(40_000, 443);
    return List.of(
        new Fixture("first", ipv4(ip4("198.18.10.1", TCP, 0, 0x2000, syn)), DENY_RULE),
        new Fixture("later: its bytes are no ports", later4("198.18.10.1", TCP, syn), PASSED),
        new Fixture("later of a denied block", later4("203.0.113.9", TCP, syn), DENY_RULE),
        new Fixture("later of a port's allowance", later4("203.0.113.129", TCP, syn), DENY_RULE),
        new Fixture("tiny first", ipv4(ip4("192.0.2.1", TCP, 0, 0x2000, new byte[8])), MALFORMED),
        new Fixture("tiny later", later4("192.0.2.1", TCP, new byte[8]), PASSED),
        new Fixture("within a TCP header", ipv4(ip4("192.0.2.1", TCP, 0, 1, syn)), MALFORMED),
        new Fixture("within a UDP header", ipv4(ip4("192.0.2.1", UDP, 0, 1, syn)), PASSED),
        new Fixture(
            "first, IPv6",
            ipv6(ip6("2001:db8:a::1", FRAGMENT, 64, fragment6(TCP, 0, true, tcp(1, 8080)))),
            PASSED),
        new Fixture(
            "later, IPv6",
            ipv6(ip6("2001:db8:a::1", FRAGMENT, 64, fragment6(TCP, 3, false, tcp(1, 8080)))),
            DENY_RULE),
        new Fixture(
            "later, of what claims to be neighbour discovery",
            ipv6(ip6("2001:db8:9::1", FRAGMENT, 255, fragment6(ICMPV6, 3, false, icmp(135)))),
            DENY_RULE));
  }

  private static List<Fixture> essentials() {
    return List.of(
        new Fixture("ARP", ethernet(0x0806, new byte[28]), PASSED),
        new Fixture("LLDP", ethernet(0x88cc, new byte[40]), PASSED),
        new Fixture("neighbour solicitation", icmp6("2001:db8:9::1", 255, 135), PASSED),
        new Fixture("the same through a router", icmp6("2001:db8:9::1", 254, 135), DENY_RULE),
        new Fixture("router advertisement", icmp6("2001:db8:a:b::1", 255, 134), PASSED),
        new Fixture("listener query", icmp6("2001:db8:9::1", 1, 130), PASSED),
        new Fixture("packet too big", icmp6("2001:db8:9::1", 60, 2), PASSED),
        new Fixture("echo request, IPv6", icmp6("2001:db8:9::1", 60, 128), DENY_RULE),
        new Fixture("fragmentation needed", icmp4("203.0.113.9", 3), PASSED),
        new Fixture("the same of one who is banned", icmp4("203.0.113.200", 3), PASSED),
        new Fixture("redirect", icmp4("203.0.113.9", 5), DENY_RULE),
        new Fixture("DHCP", ipv4(ip4("203.0.113.9", UDP, udp(67, 68))), PASSED),
        new Fixture("not DHCP", ipv4(ip4("203.0.113.9", UDP, udp(53, 68))), DENY_RULE),
        new Fixture("DHCPv6", ipv6(ip6("2001:db8:9::1", UDP, 1, udp(547, 546))), PASSED),
        new Fixture("ICMPv6 in IPv4", ipv4(ip4("203.0.113.9", ICMPV6, icmp(135))), DENY_RULE));
  }

  private static List<Fixture> headers() {
    var four = ip4("203.0.113.9", TCP, tcp(1, 80));
    var short4 = ip4("192.0.2.1", TCP, new byte[0]);
    return List.of(
        new Fixture("one tag", tagged(new int[] {VLAN, 7}, IPV4, four), DENY_RULE),
        new Fixture("two tags", tagged(new int[] {QINQ, 7, VLAN, 8}, IPV4, four), DENY_RULE),
        new Fixture(
            "three tags are not looked into",
            tagged(new int[] {QINQ, 7, VLAN, 8, VLAN, 9}, IPV4, four),
            PASSED),
        new Fixture("options", ipv4(ip4("198.18.10.1", TCP, 40, 0, tcp(1, 443))), DENY_RULE),
        new Fixture("padding is no header", join(ipv4(short4), tcp(1, 443)), MALFORMED),
        new Fixture("a short header length", patched(ipv4(four), 14, 0x44), MALFORMED),
        new Fixture("version 5", patched(ipv4(four), 14, 0x55), MALFORMED),
        new Fixture("longer than the frame", patched(ipv4(four), 17, 200), MALFORMED),
        new Fixture("TCP offset 4", patched(ipv4(four), 46, 0x40), MALFORMED),
        new Fixture("TCP options behind the end", patched(ipv4(four), 46, 0x60), MALFORMED),
        new Fixture("zero to eight extensions", extended(8), PASSED),
        new Fixture("nine extensions", extended(9), MALFORMED),
        new Fixture(
            "authentication header",
            ipv6(
                ip6(
                    "2001:db8:a::1",
                    AUTHENTICATION,
                    64,
                    join(new byte[] {TCP, 4}, new byte[22], tcp(1, 8080)))),
            PASSED));
  }

  @Test
  void followsUpToEightExtensionHeaders() throws Exception {
    assertThat(shield.install(RULES)).isEmpty();
    for (int count = 0; count <= 9; count++) {
      shield.beat();
      expect(new Fixture(count + " extensions", extended(count), count > 8 ? MALFORMED : PASSED));
    }
  }

  /// To a port that only a rule with a port allows: found means passed.
  private static byte[] extended(int count) {
    var kinds = new int[] {HOP_BY_HOP, DESTINATION, ROUTING};
    var payload = tcp(1, 8080);
    int next = TCP;
    for (int i = count - 1; i >= 0; i--) {
      payload = extension(next, i % 3, payload);
      next = kinds[i % 3];
    }
    return ipv6(ip6("2001:db8:a::1", next, 64, payload));
  }

  @Test
  void passesOrRefusesButNeverReadsBehindTheEnd() throws Exception {
    assertThat(shield.install(RULES)).isEmpty();
    var model = new SlowClassifier(RULES);
    var whole =
        List.of(
            extended(3),
            tagged(new int[] {QINQ, 7, VLAN, 8}, IPV4, ip4("198.18.10.1", TCP, 8, 0, tcp(1, 443))),
            udp4("192.0.2.1", 9005),
            icmp6("2001:db8:9::1", 255, 135));
    for (var frame : whole) {
      for (int length = 15; length <= frame.length; length++) {
        shield.beat();
        var cut = Arrays.copyOf(frame, length);
        // Of a frame that ends before its IP header does the kernel makes no packet for tcx.
        expect(new Fixture("cut at " + length, cut, model.judge(cut)), List.of("shield_xdp"));
      }
    }
  }

  @Test
  void countsInDryRunAndDropsNothing() throws Exception {
    assertThat(shield.install(dry(RULES))).isEmpty();
    assertThat(shield.testRun("shield_xdp").run(syn4("203.0.113.9", 80), 1).verdict())
        .isEqualTo(ShieldKit.XDP_PASS);
    assertThat(shield.testRun("shield_tcx").run(syn4("203.0.113.200", 80), 1).verdict())
        .isEqualTo(ShieldKit.TCX_NEXT);
    assertThat(shield.wouldDrop(1))
        .contains(new Drop("deny-rule", 1, 54), new Drop("banned", 1, 54));
    assertThat(shield.counters(1).drops()).allMatch(drop -> drop.packets() == 0);
    assertThat(shield.counters(1).passedPackets()).isEqualTo(2);
  }

  private static RuleSetSource dry(RuleSetSource source) {
    return new RuleSetSource(
        source.rules(), source.bans(), source.management(), source.sessions(), true);
  }

  @Test
  void passesEverythingWhenTheHeartIsSilent() throws Exception {
    assertThat(shield.install(RULES)).isEmpty();
    expect(new Fixture("while it beats", syn4("203.0.113.9", 80), DENY_RULE));
    Thread.sleep(1000L * Shield.SILENCE_SECONDS + 100);
    expect(new Fixture("silent", syn4("203.0.113.9", 80), PASSED));
    expect(new Fixture("silent, malformed", patched(syn4("192.0.2.1", 80), 14, 0x44), PASSED));
    shield.beat();
    expect(new Fixture("it beats again", syn4("203.0.113.9", 80), DENY_RULE));
  }

  @Test
  void limitsEachSourceByItself() throws Exception {
    assertThat(shield.install(rules(limit(1000, "", "8080"), limit(1, "192.0.2.9", "80"))))
        .isEmpty();
    var run = shield.testRun("shield_xdp");
    long start = System.nanoTime();
    run.run(syn4("192.0.2.1", 8080), 20_000);
    double seconds = (System.nanoTime() - start) / 1e9;
    long passed = 20_000 - drops(LIMIT_RULE);
    // A burst of 100 ms, and what the time allowed.
    assertThat(passed).isBetween(100L, (long) (110 + 1000 * seconds));
    run.run(syn4("192.0.2.2", 8080), 100);
    run.run(syn4("192.0.2.1", 8081), 100);
    assertThat(20_000 - drops(LIMIT_RULE)).isEqualTo(passed);
    run.run(syn4("192.0.2.9", 80), 10);
    assertThat(20_000 - drops(LIMIT_RULE)).isEqualTo(passed - 9);
  }

  @Test
  void limitsAnIpv6HostWithAllItsAddresses() throws Exception {
    assertThat(shield.install(rules(limit(10, "2001:db8::/32", "")))).isEmpty();
    for (int host = 1; host <= 100; host++) {
      shield.testRun("shield_xdp").run(syn6("2001:db8:1:2::" + Integer.toHexString(host), 80), 1);
    }
    assertThat(drops(LIMIT_RULE)).isBetween(80L, 90L);
  }

  @Test
  void refusesWhatItCannotHoldAndKeepsTheRulesBefore() throws Exception {
    assertThat(shield.install(RULES)).isEmpty();
    var many = new io.ostiary.model.KernelRule[449];
    Arrays.setAll(many, i -> deny("", "" + (i + 1)));
    assertThat(shield.install(rules(many)))
        .singleElement()
        .asString()
        .contains("449 rules (expected: at most 448;");
    expect(new Fixture("as before", syn4("203.0.113.9", 80), DENY_RULE));
  }

  @Test
  void takesAHundredThousandSources() throws Exception {
    var cidrs = new HashSet<Cidr>();
    var random = new java.util.Random(7);
    while (cidrs.size() < 100_000) {
      cidrs.add(
          Cidr.parse(
              "%d.%d.%d.%d"
                  .formatted(
                      1 + random.nextInt(220),
                      random.nextInt(256),
                      random.nextInt(256),
                      random.nextInt(256))));
    }
    var rule =
        new io.ostiary.model.KernelRule.Deny(
            new io.ostiary.model.KernelRule.Match(List.copyOf(cidrs), List.of(), Set.of()));
    for (int turn = 0; turn < 3; turn++) {
      assertThat(shield.install(rules(rule))).isEmpty();
      assertThat(shield.memoryBytes()).isLessThan(56L << 20);
    }
    for (var cidr : cidrs.stream().limit(1000).toList()) {
      shield.beat();
      expect(new Fixture(cidr.toString(), syn4(cidr.address().getHostAddress(), 80), DENY_RULE));
    }
    assertThat(shield.install(rules())).isEmpty();
    expect(
        new Fixture("gone", syn4(cidrs.iterator().next().address().getHostAddress(), 80), PASSED));
  }

  private void expect(Fixture fixture) throws LibbpfException {
    expect(fixture, List.of("shield_xdp", "shield_tcx"));
  }

  private void expect(Fixture fixture, List<String> programs) throws LibbpfException {
    for (var program : programs) {
      boolean xdp = program.equals("shield_xdp");
      boolean passes = fixture.reason() == PASSED;
      int verdict =
          passes
              ? (xdp ? ShieldKit.XDP_PASS : ShieldKit.TCX_NEXT)
              : (xdp ? ShieldKit.XDP_DROP : ShieldKit.TCX_DROP);
      long before = passes ? shield.counters(1).passedPackets() : drops(fixture.reason());
      assertThat(shield.testRun(program).run(fixture.frame(), 1).verdict())
          .as(program + ": " + fixture.description())
          .isEqualTo(verdict);
      long after = passes ? shield.counters(1).passedPackets() : drops(fixture.reason());
      assertThat(after - before).as(program + " counts: " + fixture.description()).isEqualTo(1);
    }
  }

  private long drops(DropReason reason) throws LibbpfException {
    return shield.counters(1).drops().stream()
        .filter(drop -> drop.reason().equals(reason.word()))
        .mapToLong(Drop::packets)
        .sum();
  }

  private static byte[] ipv4(byte[] packet) {
    return ethernet(IPV4, packet);
  }

  private static byte[] ipv6(byte[] packet) {
    return ethernet(IPV6, packet);
  }

  private static byte[] udp4(String source, int port) {
    return ipv4(ip4(source, UDP, udp(40_000, port)));
  }

  private static byte[] icmp4(String source, int type) {
    return ipv4(ip4(source, ICMP, icmp(type)));
  }

  private static byte[] icmp6(String source, int hops, int type) {
    return ipv6(ip6(source, ICMPV6, hops, icmp(type)));
  }

  private static byte[] later4(String source, int protocol, byte[] payload) {
    return ipv4(ip4(source, protocol, 0, 185, payload));
  }

  private static byte[] patched(byte[] frame, int at, int value) {
    var copy = frame.clone();
    copy[at] = (byte) value;
    return copy;
  }
}
