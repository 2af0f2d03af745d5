package io.ostiary.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.kernel.shield.Operator;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OperatorSessionsTest {
  @Test
  void readsPeersOfEstablishedConnectionsToThePort() {
    var four =
        List.of(
            "  sl  local_address rem_address   st tx_queue rx_queue",
            "   0: 00000000:0016 00000000:0000 0A 00000000:00000000",
            "   1: 010012C6:0016 020012C6:D2F0 01 00000000:00000000",
            "   2: 010012C6:0050 030012C6:D2F0 01 00000000:00000000",
            "   3: 010012C6:0016 040012C6:D2F0 06 00000000:00000000");
    var six =
        List.of(
            "   1: B80D0120000000000000000001000000:0016"
                + " B80D0120000000000000000002000000:D2F0 01 00000000:00000000",
            "   2: 0000000000000000FFFF0000010012C6:0016"
                + " 0000000000000000FFFF0000050012C6:D2F0 01 00000000:00000000");
    assertThat(found(four, 22)).containsExactly(operator("198.18.0.2", 22));
    assertThat(found(six, 22))
        .containsExactlyInAnyOrder(operator("2001:db8::2", 22), operator("198.18.0.5", 22));
    assertThat(found(four, 80)).containsExactly(operator("198.18.0.3", 80));
  }

  private static List<Operator> found(List<String> lines, int port) {
    return lines.stream()
        .map(line -> OperatorSessions.operator(line, Set.of(port)))
        .filter(Objects::nonNull)
        .toList();
  }

  private static Operator operator(String address, int port) {
    return new Operator(InetAddress.ofLiteral(address), port);
  }

  @Test
  void takesTheSessionItWasStartedFrom() {
    assertThat(OperatorSessions.own("198.18.0.2 40000 198.18.0.1 2222"))
        .isEqualTo(operator("198.18.0.2", 2222));
    assertThat(OperatorSessions.own("nonsense")).isNull();
    assertThat(OperatorSessions.own("a b c d")).isNull();
    assertThat(OperatorSessions.own(null)).isNull();
  }

  @Test
  void readsOnWhichPortsAnSshServerListens(@TempDir Path folder) throws Exception {
    var settings = folder.resolve("sshd_config");
    Files.writeString(settings, "# Port 1\nPort 2022\nListenAddress 0.0.0.0\nport=2200 # too\n");
    Files.createDirectory(folder.resolve("sshd_config.d"));
    Files.writeString(folder.resolve("sshd_config.d/more.conf"), "  Port\t2222\n");
    assertThat(OperatorSessions.listening(settings)).containsExactlyInAnyOrder(2022, 2200, 2222);
    assertThat(OperatorSessions.listening(folder.resolve("none/sshd_config"))).isEmpty();
  }

  @Test
  void keepsTheNewestWhereThereAreTooMany() {
    var seen = new HashMap<Operator, Long>();
    for (int i = 0; i < 2000; i++) {
      seen.put(operator("198.18.%d.%d".formatted(i / 250, i % 250), 22), (long) i);
    }
    var own = operator("198.18.99.1", 22);
    assertThat(OperatorSessions.newest(Set.of(own), seen))
        .hasSize(Operator.LISTED_MAX)
        .contains(own, operator("198.18.7.249", 22))
        .doesNotContain(operator("198.18.0.0", 22));
  }

  @Test
  void tellsByCountsWhetherConnectionsCanBeOthers(@TempDir Path folder) throws IOException {
    var text =
        """
        Ip: Forwarding DefaultTTL
        Ip: 1 64
        Tcp: RtoAlgorithm ActiveOpens PassiveOpens AttemptFails CurrEstab InSegs
        Tcp: 1 12 34 5 6 %d
        """;
    var file = Files.writeString(folder.resolve("snmp"), text.formatted(100));

    assertThat(OperatorSessions.counts(file)).isEqualTo("12 34 6 ");
    Files.writeString(file, text.formatted(200));
    assertThat(OperatorSessions.counts(file)).isEqualTo("12 34 6 ");
    Files.writeString(file, text.formatted(200).replace(" 34 ", " 35 "));
    assertThat(OperatorSessions.counts(file)).isEqualTo("12 35 6 ");
    Files.writeString(file, "Tcp: ActiveOpens\nTcp: 1\n");
    assertThat(OperatorSessions.counts(file)).isEmpty();
    assertThat(OperatorSessions.counts(folder.resolve("none"))).isEmpty();
    assertThat(OperatorSessions.counts(Path.of("/proc/net/snmp"))).isNotEmpty();
  }
}
