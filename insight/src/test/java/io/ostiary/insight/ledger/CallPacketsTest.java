package io.ostiary.insight.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.LedgerSlot;
import org.junit.jupiter.api.Test;

final class CallPacketsTest {
  private final LedgerSlot slot = new LedgerSlot();
  private final CallPackets packets = new CallPackets();

  /// As seen with 65 packets of a request lost: 1,168 came behind a hole, and were sent once.
  @Test
  void whatCameBehindAHoleWasNotSentAgain() {
    slot.clientBefore.cookie = 7;
    slot.clientBefore.packetsIn = 10;
    slot.clientBefore.retransmitsOut = 1;
    slot.clientBefore.duplicatesIn = 5;
    slot.clientBefore.outOfOrderIn = 4;
    slot.clientAtEnd.cookie = 7;
    slot.clientAtEnd.packetsIn = 10 + 2104;
    slot.clientAtEnd.retransmitsOut = 1 + 2;
    slot.clientAtEnd.duplicatesIn = 5 + 1168 + 3;
    slot.clientAtEnd.outOfOrderIn = 4 + 1168;
    packets.of(slot);
    assertThat(packets.in).isEqualTo(2104);
    assertThat(packets.resent).isEqualTo(2 + 3);
  }

  @Test
  void aConnectionThatIsNotKnownHasNone() {
    slot.clientAtEnd.cookie = 7;
    slot.clientAtEnd.retransmitsOut = 2;
    packets.of(slot);
    assertThat(packets.resent).isZero();
  }
}
