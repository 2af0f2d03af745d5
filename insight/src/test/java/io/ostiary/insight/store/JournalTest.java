package io.ostiary.insight.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.insight.NetworkPlace;
import io.ostiary.insight.ledger.Batch;
import io.ostiary.insight.ledger.Names;
import io.ostiary.insight.ledger.RowWriter;
import io.ostiary.insight.testing.SlotFixture;
import io.ostiary.model.ConnectionFacts;
import io.ostiary.model.LedgerSlot;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JournalTest {
  @TempDir private Path folder;

  private final SlotFixture fixture = new SlotFixture(2, 2);
  private final LedgerSlot slot = new LedgerSlot();
  private final RowWriter writer =
      new RowWriter(index -> new NetworkPlace("veth" + index, ""), number -> "why" + number);

  @Test
  void keepsTheNamesOfNoSegmentButTheOneItWrites() throws Exception {
    var journal = new Journal(folder);
    journal.open();
    journal.append(batch(new Names()));
    long first = slot.callId;
    journal.append(batch(new Names()));
    assertThat(journal.segments()).hasSize(2);
    assertThat(journal.segments().getFirst().names).isNull();
    assertThat(journal.segments().getLast().names).isNotNull();
    assertThat(journal.find(first).orElseThrow().api()).startsWith("api");
    assertThat(journal.find(slot.callId)).isPresent();
    journal.close();
  }

  private Batch batch(Names names) {
    var batch = new Batch(names, 0);
    fixture.answered(slot, 1_795_478_400_000L, 10_000_000_000L, 4_000);
    writer.write(slot, new ConnectionFacts(), batch);
    batch.seal();
    return batch;
  }
}
