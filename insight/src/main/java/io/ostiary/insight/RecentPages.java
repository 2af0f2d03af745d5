package io.ostiary.insight;

import io.ostiary.insight.ledger.Batch;
import io.ostiary.insight.ledger.Recent;
import io.ostiary.insight.ledger.Row;
import io.ostiary.insight.ledger.RowFilter;
import io.ostiary.insight.ledger.RowReader;
import io.ostiary.model.CallId;
import java.util.ArrayList;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/// Pages of calls where there is no store: from the batches that are still in memory.
final class RecentPages {
  private RecentPages() {}

  private record Hit(long call, Batch batch, int offset) {}

  static CallPage page(Recent recent, CallFilter filter, @Nullable String before, int limit) {
    long cursor = before == null ? Long.MAX_VALUE : CallId.parse(before);
    var rows = new RowFilter(filter);
    var hits = new ArrayList<Hit>();
    for (var batch : recent.newest()) {
      for (int row = 0; row < batch.rows(); row++) {
        long call = Row.getLong(batch.bytes(), batch.offset(row) + Row.CALL);
        if (call < cursor && rows.matches(batch, row)) {
          hits.add(new Hit(call, batch, batch.offset(row)));
        }
      }
    }
    hits.sort(Comparator.comparingLong(Hit::call).reversed());
    boolean more = hits.size() > limit;
    var lines =
        hits.stream()
            .limit(limit)
            .map(
                hit -> new RowReader(hit.batch().bytes(), hit.offset(), hit.batch().names()).line())
            .toList();
    return new CallPage(lines, more ? lines.getLast().id() : null);
  }
}
