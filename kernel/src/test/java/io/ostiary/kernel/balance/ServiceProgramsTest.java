package io.ostiary.kernel.balance;

import static io.ostiary.kernel.balance.ServiceFrame.ACK;
import static io.ostiary.kernel.balance.ServiceFrame.FIN;
import static io.ostiary.kernel.balance.ServiceFrame.SYN;
import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.TestRun;
import io.ostiary.model.Service;
import io.ostiary.model.Service.Algorithm;
import io.ostiary.model.Service.Protocol;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The programs on single packets: what is rewritten, what is remembered, and what a flood of
/// invented clients does to it.
final class ServiceProgramsTest {
  private static final String SERVICE_4 = "203.0.113.10";
  private static final String SERVICE_6 = "2001:db8:ffff::10";
  private static final int XDP_PASS = 2;
  private static final int ENDED_AT_ONCE = 20_000;

  private ServicePrograms programs;
  private ServiceTables tables;
  private TestRun xdp;
  private TestRun ingress;
  private TestRun egress;
  private int running;

  @BeforeEach
  void load() throws Exception {
    try {
      programs = ServicePrograms.load(0);
    } catch (LibbpfException e) {
      Assumptions.assumeFalse(e.isRefused(), "needs root: " + e.getMessage());
      throw e;
    }
    tables = programs.tables();
    xdp = programs.testRun("service_xdp");
    ingress = programs.testRun("service_ingress");
    egress = programs.testRun("service_egress");
  }

  @AfterEach
  void unload() {
    if (programs != null) {
      programs.close();
    }
  }

  private static String target(boolean six, int number) {
    return (six ? "2001:db8:%d::2" : "198.18.%d.2").formatted(number);
  }

  private static Service service(
      String address, Protocol protocol, Algorithm algorithm, boolean... drained) {
    var targets = new ArrayList<Service.Target>();
    for (int i = 0; i < drained.length; i++) {
      targets.add(new Service.Target(target(address.contains(":"), i + 1), 8000, 1, drained[i]));
    }
    return new Service("web", address, 80, protocol, algorithm, targets, null, Duration.ZERO);
  }

  private RunningService run(Service service) throws Exception {
    var started =
        new RunningService(running++, service, tables, Thread.ofVirtual().factory(), () -> {});
    started.begin();
    return started;
  }

  @Test
  void rewritesEveryKindOfFrameAndItsChecksums() throws Exception {
    for (var protocol : Protocol.values()) {
      for (var address : List.of(SERVICE_4, SERVICE_6)) {
        run(service(address, protocol, Algorithm.MAGLEV, false));
        boolean six = address.contains(":");
        var client = six ? "2001:db8::2" : "198.18.0.2";
        var to = new ServiceFrame(client, 40_000, address, 80);
        var there = new ServiceFrame(client, 40_000, target(six, 1), 8000);
        var back = new ServiceFrame(target(six, 1), 8000, client, 40_000);
        var home = new ServiceFrame(address, 80, client, 40_000);
        for (int vlan : new int[] {0, 7}) {
          boolean tcp = protocol == Protocol.TCP;
          var sent = tcp ? to.tagged(vlan).tcp(SYN, 1, 0, 0) : to.tagged(vlan).udp(11);
          var got = tcp ? there.tagged(vlan).tcp(SYN, 1, 0, 0) : there.tagged(vlan).udp(11);
          assertThat(xdp.output(sent)).as("xdp %s %s %d", protocol, address, vlan).isEqualTo(got);
          if (vlan == 0) {
            assertThat(ingress.output(sent)).as("tcx %s %s", protocol, address).isEqualTo(got);
            var answer = tcp ? back.tcp(SYN | ACK, 7, 2, 0) : back.udp(12);
            var answered = tcp ? home.tcp(SYN | ACK, 7, 2, 0) : home.udp(12);
            assertThat(egress.output(answer)).as("%s %s", protocol, address).isEqualTo(answered);
          }
        }
      }
    }
  }

  @Test
  void leavesWhatIsNobodysAlone() throws Exception {
    run(service(SERVICE_4, Protocol.TCP, Algorithm.MAGLEV, false));
    var other = new ServiceFrame("198.18.0.2", 40_000, SERVICE_4, 81).tcp(SYN, 1, 0, 0);
    var udp = new ServiceFrame("198.18.0.2", 40_000, SERVICE_4, 80).udp(3);
    // The target itself is asked for, or asks: no SYN of this service has gone there.
    var direct = new ServiceFrame(target(false, 1), 8000, "198.18.0.9", 50_000);
    for (var frame : List.of(other, udp)) {
      assertThat(xdp.output(frame)).isEqualTo(frame);
    }
    for (var frame : List.of(direct.tcp(SYN | ACK, 7, 2, 0), direct.tcp(ACK, 8, 3, 40))) {
      assertThat(egress.output(frame)).isEqualTo(frame);
    }
  }

  /// The handshake of a client whose SYN goes to the target with this number.
  private void shake(int client, int number, boolean honest) throws LibbpfException {
    var to = client(client, SERVICE_4, 80);
    xdp.run(to.tcp(SYN, 1, 0, 0), 1);
    egress.run(answer(client, number).tcp(SYN | ACK, 1000 + client, 2, 0), 1);
    if (honest) {
      xdp.run(to.tcp(ACK, 2, 1001 + client, 0), 1);
    }
  }

  /// On two processors, each of which saw that the other side had not ended yet: such a connection
  /// was counted, and its target avoided, for minutes.
  @Test
  void countsAConnectionOutThatBothSidesEndAtOnce() throws Exception {
    run(service(SERVICE_4, Protocol.TCP, Algorithm.MAGLEV, false));
    var turn = new AtomicInteger(-1);
    var done = new AtomicInteger(-1);
    var targets =
        Thread.ofPlatform()
            .start(() -> {
              for (int client = 0; client < ENDED_AT_ONCE; client++) {
                var frame = answer(client, 1).tcp(FIN | ACK, 1001 + client, 2, 0);
                while (turn.get() < client && !Thread.interrupted()) {
                  Thread.onSpinWait();
                }
                try {
                  egress.run(frame, 1);
                } catch (LibbpfException e) {
                  return;
                }
                done.set(client);
              }
            });
    try {
      for (int client = 0; client < ENDED_AT_ONCE; client++) {
        shake(client, 1, true);
        var frame = client(client, SERVICE_4, 80).tcp(FIN | ACK, 2, 1001 + client, 0);
        turn.set(client);
        xdp.run(frame, 1);
        while (done.get() < client && targets.isAlive()) {
          Thread.onSpinWait();
        }
        assertThat(tables.counted(0, 0).open()).as("client %d", client).isZero();
      }
      assertThat(tables.counted(0, 0).connections()).isEqualTo(ENDED_AT_ONCE);
    } finally {
      targets.interrupt();
      targets.join(5000);
    }
  }

  private static ServiceFrame client(int client, String to, int port) {
    return new ServiceFrame(
        "198.19.%d.%d".formatted(client >> 8 & 255, client & 255), 1024 + (client >> 16), to, port);
  }

  private static ServiceFrame answer(int client, int number) {
    return toClient(target(false, number), 8000, client);
  }

  private static ServiceFrame toClient(String from, int port, int client) {
    return new ServiceFrame(
        from,
        port,
        "198.19.%d.%d".formatted(client >> 8 & 255, client & 255),
        1024 + (client >> 16));
  }

  @Test
  void provesAClientByWhatOnlyItCanKnow() throws Exception {
    run(service(SERVICE_4, Protocol.TCP, Algorithm.WEIGHTED, false));
    shake(1, 1, false);
    xdp.run(client(1, SERVICE_4, 80).tcp(ACK, 2, 4711, 100), 1);
    assertThat(tables.counted(0, 0).open()).isZero();
    xdp.run(client(1, SERVICE_4, 80).tcp(ACK, 2, 1002, 100), 1);
    assertThat(tables.counted(0, 0).open()).isEqualTo(1);
    egress.run(answer(1, 1).tcp(ACK | FIN, 1002, 102, 50), 1);
    xdp.run(client(1, SERVICE_4, 80).tcp(ACK | FIN, 102, 1053, 0), 1);
    assertThat(tables.counted(0, 0).open()).isZero();
    assertThat(tables.counted(0, 0).connections()).isEqualTo(1);
  }

  /// The first clients' data go to the first target.
  private void assertKept(int clients) throws LibbpfException {
    for (int client = 0; client < clients; client++) {
      assertThat(xdp.output(client(client, SERVICE_4, 80).tcp(ACK, 2, 1001 + client, 10)))
          .as("client %d keeps its target", client)
          .isEqualTo(client(client, target(false, 1), 8000).tcp(ACK, 2, 1001 + client, 10));
    }
  }

  @Test
  void aFloodOfInventedClientsTakesNoRecordFromAProvenOne() throws Exception {
    var web = run(service(SERVICE_4, Protocol.TCP, Algorithm.LEAST_LOADED, false, true));
    int honest = 300;
    for (int client = 0; client < honest; client++) {
      shake(client, 1, true);
    }
    assertThat(tables.counted(0, 0).open()).isEqualTo(honest);
    for (int client = honest; client < 100_000; client++) {
      shake(client, 1, false);
    }
    // Now new connections go elsewhere, and only records keep the old ones where they are.
    web.become(service(SERVICE_4, Protocol.TCP, Algorithm.LEAST_LOADED, true, false));
    assertKept(honest);
    assertThat(tables.counted(0, 0).open()).isEqualTo(honest);
    assertThat(programs.memoryBytes()).isLessThanOrEqualTo(6 << 20);
  }

  /// As many as records, and twice as many again: what is proven stays, what comes goes by the
  /// table.
  @Test
  void serveByTheTableAloneWhereAllRecordsAreTaken() throws Exception {
    programs.floodAbove(Integer.MAX_VALUE);
    var web = run(service(SERVICE_4, Protocol.TCP, Algorithm.LEAST_LOADED, false, true));
    int known = 1_000;
    int all = 3 * ServiceTables.RECORDS;
    for (int client = 0; client < all; client++) {
      shake(client, 1, true);
    }
    web.passed();
    assertThat(web.withoutRoomLately()).isBetween(all / 2L, all - 1L);
    assertThat(tables.sweep(programs.now(), programs.hz()))
        .isBetween(ServiceTables.RECORDS * 98 / 100, ServiceTables.RECORDS);

    web.become(service(SERVICE_4, Protocol.TCP, Algorithm.LEAST_LOADED, true, false));
    assertKept(known);
    for (int client = all; client < all + known; client++) {
      shake(client, 2, true);
      assertThat(xdp.output(client(client, SERVICE_4, 80).tcp(ACK, 2, 1001 + client, 10)))
          .as("client %d asks", client)
          .isEqualTo(client(client, target(false, 2), 8000).tcp(ACK, 2, 1001 + client, 10));
      assertThat(egress.output(answer(client, 2).tcp(ACK, 1001 + client, 12, 20)))
          .as("client %d is answered", client)
          .isEqualTo(toClient(SERVICE_4, 80, client).tcp(ACK, 1001 + client, 12, 20));
    }
    web.passed();
    assertThat(web.withoutRoomLately()).isPositive();
    web.passed();
    assertThat(web.withoutRoomLately()).isZero();
  }

  @Test
  void chooseByHashAloneInAFlood() throws Exception {
    programs.floodAbove(10);
    run(service(SERVICE_4, Protocol.TCP, Algorithm.WEIGHTED, false, false, false));
    var syn = client(1, SERVICE_4, 80).tcp(SYN, 1, 0, 0);
    for (int i = 0; i < 20; i++) {
      xdp.run(syn, 1);
    }
    var first = xdp.output(syn);
    for (int i = 0; i < 50; i++) {
      assertThat(xdp.output(syn)).isEqualTo(first);
    }
    assertThat(tables.event(0, 6)).isPositive();
  }

  @Test
  void dropsTheAnswerOfASecondTarget() throws Exception {
    run(service(SERVICE_4, Protocol.TCP, Algorithm.WEIGHTED, false, false));
    shake(1, 1, true);
    assertThat(egress.run(answer(1, 2).tcp(SYN | ACK, 9, 2, 0), 1).verdict()).isEqualTo(2);
    assertThat(tables.event(0, 5)).isEqualTo(1);
  }

  @Test
  void dropsWhereNobodyMayHaveIt() throws Exception {
    run(service(SERVICE_4, Protocol.TCP, Algorithm.MAGLEV, true));
    assertThat(xdp.run(client(1, SERVICE_4, 80).tcp(SYN, 1, 0, 0), 1).verdict()).isEqualTo(1);
    assertThat(tables.event(0, 3)).isEqualTo(1);
  }

  @Test
  void randomBytesOfEveryLengthPassUntouched() throws Exception {
    run(service(SERVICE_4, Protocol.TCP, Algorithm.MAGLEV, false));
    run(service(SERVICE_6, Protocol.UDP, Algorithm.MAGLEV, false));
    var random = new Random(7);
    for (int length = 14; length <= 2048; length++) {
      var bytes = new byte[length];
      random.nextBytes(bytes);
      assertThat(xdp.output(bytes)).isEqualTo(bytes);
      // With headers that begin well, cut anywhere.
      var frame = client(length, SERVICE_4, 80).tcp(SYN, 1, 0, 40);
      if (length < frame.length) {
        var cut = java.util.Arrays.copyOf(frame, length);
        assertThat(xdp.run(cut, 1).verdict()).isEqualTo(XDP_PASS);
        if (length < 54) {
          assertThat(xdp.output(cut)).isEqualTo(cut);
        }
      }
    }
  }
}
