package io.ostiary.insight.store;

import io.ostiary.insight.History.By;
import io.ostiary.insight.ledger.Names;
import io.ostiary.insight.ledger.Row;
import io.ostiary.insight.live.Board;
import io.ostiary.insight.live.LatencyCounts;
import io.ostiary.model.Blame;
import io.ostiary.model.CallId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Sums single calls of the journal, for what the index's sums cannot tell.
///
/// @param stepMillis 0: no steps
record JournalSums(List<By> by, long stepMillis, SumsByKey sums) implements Scan.Visitor {
  @Override
  public void row(byte[] rows, int at, Names names) {
    long millis = CallId.epochMillis(Row.getLong(rows, at + Row.CALL));
    var key = new ArrayList<@Nullable String>(by.size());
    for (var part : by) {
      key.add(key(part, rows, at, names));
    }
    var group = sums.group(stepMillis == 0 ? 0 : millis / stepMillis, key);
    var blame = Row.blame(rows[at + Row.BLAME]);
    long micros = Row.getLong(rows, at + Row.DURATION_MICROS);
    group.add(
        1,
        Board.isError(Row.getShort(rows, at + Row.STATUS), blame) ? 1 : 0,
        blame == Blame.POLICY ? 1 : 0,
        Row.getLong(rows, at + Row.REQUEST_BYTES),
        Row.getLong(rows, at + Row.RESPONSE_BYTES));
    group.packets(
        Row.getLater(rows, at, Row.PACKETS_IN),
        Row.getLater(rows, at, Row.PACKETS_OUT),
        Row.getLater(rows, at, Row.RESENT));
    group.latency(LatencyCounts.index(micros), 1, micros);
  }

  private static @Nullable String key(By by, byte[] rows, int at, Names names) {
    return switch (by) {
      case API -> names.text(Row.getInt(rows, at + Row.API));
      case ROUTE -> names.text(Row.getInt(rows, at + Row.ROUTE));
      case CONSUMER -> names.text(Row.getInt(rows, at + Row.CONSUMER));
      case UPSTREAM -> names.text(Row.getInt(rows, at + Row.UPSTREAM));
      case REASON -> names.text(Row.getInt(rows, at + Row.REASON));
      case STATUS -> status(Row.getShort(rows, at + Row.STATUS));
      case BLAME -> blame(rows[at + Row.BLAME]);
    };
  }

  static String status(int status) {
    return status == 0 ? "none" : Integer.toString(status);
  }

  static String blame(int code) {
    return Row.blame(code).name().toLowerCase(Locale.ROOT);
  }
}
