package io.ostiary.insight;

import io.ostiary.insight.ledger.Batch;
import io.ostiary.insight.ledger.Recent;
import io.ostiary.insight.ledger.Row;
import io.ostiary.insight.ledger.RowFilter;
import io.ostiary.insight.ledger.RowReader;
import io.ostiary.model.CallId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/// Pages of calls where there is no store: from the batches that are still in memory.
final class RecentPages {
  private RecentPages() {}

  private record Hit(long call, RowReader row) {}

  static CallPage page(Recent recent, CallFilter filter, @Nullable String before, int limit) {
    long cursor = before == null ? Long.MAX_VALUE : CallId.parse(before);
    var rows = new RowFilter(filter);
    var hits = new PriorityQueue<Hit>(Comparator.comparingLong(Hit::call));
    recent.read(batch -> {
      for (int row = 0; row < batch.rows(); row++) {
        long call = Row.getLong(batch.bytes(), batch.offset(row) + Row.CALL);
        if (call < cursor && rows.matches(batch, row)) {
          add(hits, call, batch, row, limit);
        }
      }
    });
    var newest = new ArrayList<>(hits);
    newest.sort(Comparator.comparingLong(Hit::call).reversed());
    var lines = newest.stream().limit(limit).map(hit -> hit.row().line()).toList();
    return new CallPage(lines, newest.size() > limit ? lines.getLast().id() : null);
  }

  /// Keeps one more than fit, so that it is known whether there is a next page.
  private static void add(PriorityQueue<Hit> hits, long call, Batch batch, int row, int limit) {
    var oldest = hits.peek();
    if (oldest != null && hits.size() > limit && call < oldest.call()) {
      return;
    }
    int at = batch.offset(row);
    var bytes = Arrays.copyOfRange(batch.bytes(), at, at + Row.getInt(batch.bytes(), at));
    hits.add(new Hit(call, new RowReader(bytes, 0, batch.names())));
    if (hits.size() > limit + 1) {
      hits.remove();
    }
  }
}
