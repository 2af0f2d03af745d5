package io.ostiary.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Cidr;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

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
    assertThat(OperatorSessions.peers(four, Set.of(22)))
        .containsExactly(Cidr.parse("198.18.0.2/32"));
    assertThat(OperatorSessions.peers(six, Set.of(22)))
        .containsExactlyInAnyOrder(Cidr.parse("2001:db8::2/128"), Cidr.parse("198.18.0.5/32"));
  }

  @Test
  void takesTheSessionItWasStartedFrom() {
    var peers = new HashSet<Cidr>();
    var ports = new HashSet<Integer>();
    OperatorSessions.own("198.18.0.2 40000 198.18.0.1 2222", peers, ports);
    OperatorSessions.own("nonsense", peers, ports);
    OperatorSessions.own("a b c d", peers, ports);
    OperatorSessions.own(null, peers, ports);
    assertThat(peers).containsExactly(Cidr.parse("198.18.0.2/32"));
    assertThat(ports).containsExactly(2222);
  }
}
