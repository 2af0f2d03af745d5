package io.ostiary.insight.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.insight.NetworkPlace;
import io.ostiary.insight.ledger.Batch;
import io.ostiary.insight.ledger.Names;
import io.ostiary.insight.ledger.RowWriter;
import io.ostiary.insight.testing.SlotFixture;
import io.ostiary.model.ConnectionFacts;
import io.ostiary.model.LedgerSlot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Each call is in the index once, whatever comes while the index is written.
final class SummingTest {
  private static final int CALLS = 6_000;
  private static final long MILLIS = 1_795_478_400_000L;

  @TempDir private Path folder;

  /// So many consumers that sums are written with pauses.
  private final SlotFixture fixture = new SlotFixture(2, 5_000);

  private final LedgerSlot slot = new LedgerSlot();
  private final RowWriter writer =
      new RowWriter(index -> new NetworkPlace("veth" + index, ""), number -> "why" + number);
  private Journal journal;
  private Summing summing;
  private Index index;
  private int appended;
  private int pauses;

  @BeforeEach
  void open() throws Exception {
    journal = new Journal(folder);
    journal.open();
    summing = new Summing(journal);
    index = index();
  }

  @AfterEach
  void close() throws Exception {
    index.close();
    journal.close();
  }

  @Test
  void whatComesMeanwhileIsWrittenTheNextTime() throws Exception {
    var names = new Names();
    append(names, CALLS);
    summing.write(index, () -> pause(names));
    assertThat(pauses).isPositive();
    assertThat(calls()).isEqualTo(CALLS);
    assertThat(summing.empty()).isFalse();
    append(names, 10);
    summing.write(index, () -> pause(names));
    assertThat(calls()).isEqualTo(appended);
    append(names, 10);
    assertThat(summing.full()).isFalse();
    summing.write(index, () -> {});
    assertThat(calls()).isEqualTo(appended);
  }

  @Test
  void anotherSegmentMayBeginMeanwhile() throws Exception {
    var names = new Names();
    append(names, CALLS);
    var next = new Names();
    summing.write(index, () -> pause(pauses == 0 ? names : next));
    assertThat(pauses).isPositive();
    append(next, 20);
    summing.write(index, () -> {});
    assertThat(calls()).isEqualTo(appended);
    assertThat(journal.segments()).hasSize(2);
    append(next, 20);
    assertThat(summing.full()).isFalse();
    summing.write(index, () -> {});
    assertThat(calls()).isEqualTo(appended);
  }

  @Test
  void afterAFailureAllIsSummedFromTheJournal() throws Exception {
    var names = new Names();
    append(names, CALLS);
    assertThatThrownBy(() ->
            summing.write(
                index,
                () -> {
                  pause(names);
                  throw new IllegalStateException("in the middle");
                }))
        .hasMessage("in the middle");
    assertThat(pauses).isEqualTo(1);
    summing.forget();
    index.close();
    index = index();
    append(names, 10);
    assertThat(summing.full()).isTrue();
    summing.write(index, () -> {});
    assertThat(calls()).isEqualTo(appended);
    append(names, 10);
    summing.write(index, () -> {});
    assertThat(calls()).isEqualTo(appended);
  }

  private Index index() throws Exception {
    return Index.open(folder.resolve("sums.duckdb"), 64 << 20, new Index.Known());
  }

  private void pause(Names names) {
    pauses++;
    try {
      append(names, 7);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void append(Names names, int count) throws IOException {
    var batch = new Batch(names, 0);
    for (int i = 0; i < count; i++) {
      fixture.answered(slot, MILLIS + i, 10_000_000_000L, 1_000 + i);
      writer.write(slot, new ConnectionFacts(), batch);
    }
    batch.seal();
    long before = journal.currentSize(batch);
    summing.appended(journal.append(batch), before, batch);
    appended += count;
  }

  /// By consumer, which must be the same by route and by API.
  private long calls() throws Exception {
    long by = sum("consumers");
    assertThat(sum("routes")).isEqualTo(by);
    assertThat(sum("apis")).isEqualTo(by);
    return by;
  }

  private long sum(String table) throws Exception {
    long sum = 0;
    for (var segment : journal.segments()) {
      var sql = "SELECT sum(calls)::BIGINT FROM " + table + "_" + segment.number();
      if (index.summed(segment) > 0) {
        sum +=
            index.ask(
                1000,
                connection -> {
                  try (var statement = connection.createStatement();
                      var rows = statement.executeQuery(sql)) {
                    rows.next();
                    return rows.getLong(1);
                  }
                });
      }
    }
    return sum;
  }
}
