package io.ostiary.insight.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.insight.NetworkPlace;
import io.ostiary.insight.testing.SlotFixture;
import io.ostiary.model.ConnectionFacts;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.LedgerEntry;
import io.ostiary.model.LedgerSlot;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class AftermathTest {
  private static final long END = 10_000_000_000L;

  private final SlotFixture fixture = new SlotFixture(2, 2);
  private final LedgerSlot slot = new LedgerSlot();
  private final Batch batch = new Batch(new Names(), 0);
  private final ConnectionFacts kernel = new ConnectionFacts();
  private final ConnectionLens lens =
      (cookie, into) -> {
        into.copyFrom(kernel);
        return true;
      };
  private final Aftermath aftermath =
      new Aftermath(
          lens,
          new RowWriter(index -> new NetworkPlace("veth" + index, "passed"), number -> "why"));

  @BeforeEach
  void end() {
    fixture.answered(slot, 1_795_478_400_000L, END, 4_000);
    kernel.copyFrom(slot.clientAtEnd);
    kernel.unacknowledged = true;
  }

  @Test
  void writesAtOnceWhatTheClientHas() {
    kernel.unacknowledged = false;
    kernel.lastAckNanos = END + 300_000;

    aftermath.write(slot, batch);

    assertThat(network(0).lastAck()).isEqualTo(4_300_000);
  }

  @Test
  void waitsForTheLastAcknowledgement() {
    aftermath.write(slot, batch);
    aftermath.turn(END + 20_000_000, batch);
    assertThat(batch.rows()).isZero();
    slot.status = 500;

    kernel.unacknowledged = false;
    kernel.retransmitsOut++;
    kernel.lastAckNanos = END + 210_000_000;
    aftermath.turn(END + 220_000_000, batch);

    assertThat(entry(0).status()).as("the slot was copied").isEqualTo(200);
    assertThat(network(0).lastAck()).isEqualTo(214_000_000);
    assertThat(network(0).callOrNone().retransmitsOut()).isEqualTo(1);
    assertThat(network(0).connection().retransmitsOut()).as("not fewer").isEqualTo(1);
  }

  @Test
  void waitsNoLongerThanItSays() {
    aftermath.write(slot, batch);
    aftermath.turn(END + Aftermath.WAIT_NANOS, batch);

    assertThat(network(0).unacknowledged()).isTrue();
    assertThat(network(0).lastAck()).isNull();
  }

  @Test
  void waitsForABoundedNumberOfCalls() {
    for (int i = 0; i <= Aftermath.WAITING_MAX; i++) {
      aftermath.write(slot, batch);
    }
    assertThat(batch.rows()).isEqualTo(1);

    aftermath.turn(Long.MAX_VALUE, batch);
    assertThat(batch.rows()).isEqualTo(Aftermath.WAITING_MAX + 1);
  }

  @Test
  void writesAtOnceWhereTheKernelKnowsNothing() {
    slot.clientAtEnd.clear();
    slot.clientAtHead.clear();

    aftermath.write(slot, batch);

    assertThat(entry(0).network()).isNull();
  }

  private LedgerEntry entry(int row) {
    return new RowReader(batch.bytes(), batch.offset(row), batch.names()).entry();
  }

  private LedgerEntry.Network network(int row) {
    return Objects.requireNonNull(entry(row).network());
  }
}
