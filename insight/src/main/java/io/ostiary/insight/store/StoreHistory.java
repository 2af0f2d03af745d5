package io.ostiary.insight.store;

import io.ostiary.insight.CallFilter;
import io.ostiary.insight.CallPage;
import io.ostiary.insight.History;
import io.ostiary.insight.InsightSettings;
import io.ostiary.model.CallId;
import io.ostiary.model.Require;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Answers questions: whole windows from the index's sums, what sums cannot tell (a source, a
/// duration, parts of a window, single calls) from the journal. Safe for all threads; each question
/// has a time limit.
public final class StoreHistory implements History {
  private static final int STEPS_MAX = 10_000;

  private final Store store;
  private final InsightSettings settings;

  public StoreHistory(Store store, InsightSettings settings) {
    this.store = store;
    this.settings = settings;
  }

  @Override
  public List<Row> summary(CallFilter filter, List<By> by, int limit) {
    Require.between("limit", limit, 1, 1000);
    return ask(filter, by, 0)
        .busiest()
        .limit(limit)
        .map(entry -> new Row(entry.getKey().names(), entry.getValue().sums()))
        .toList();
  }

  @Override
  public List<Step> steps(CallFilter filter, Duration step) {
    Require.between("step (seconds)", step.toSeconds(), 1, 366L * 86_400);
    if (filter.from() != null && filter.to() != null) {
      long count = Duration.between(filter.from(), filter.to()).dividedBy(step);
      Require.between("steps", count, 0, STEPS_MAX);
    }
    return ask(filter, List.of(), step.toMillis())
        .inTime()
        .limit(STEPS_MAX)
        .map(entry ->
            new Step(
                Instant.ofEpochMilli(entry.getKey().step() * step.toMillis()),
                entry.getValue().sums()))
        .toList();
  }

  /// @param before id of the last line of the page before, or null
  public CallPage page(CallFilter filter, @Nullable String before, int limit) {
    store.checkOpen();
    long to = lastId(filter);
    if (before != null) {
      to = Math.min(to, CallId.parse(before));
    }
    return scan(filter, deadline()).page(firstId(filter), to, limit);
  }

  private long deadline() {
    return System.nanoTime() + settings.queryTimeout().toNanos();
  }

  private Scan scan(CallFilter filter, long deadlineNanos) {
    return new Scan(store.journal(), filter, deadlineNanos);
  }

  private static long firstId(CallFilter filter) {
    return filter.from() == null ? 0 : id(filter.from().toEpochMilli());
  }

  private static long lastId(CallFilter filter) {
    return filter.to() == null ? Long.MAX_VALUE : id(filter.to().toEpochMilli());
  }

  private static long id(long epochMillis) {
    return CallId.of(Math.max(CallId.EPOCH_MILLIS, epochMillis), 0);
  }

  /// @param stepMillis 0: no steps
  private SumsByKey ask(CallFilter filter, List<By> by, long stepMillis) {
    long deadline = deadline();
    var sums = new SumsByKey();
    var question = SumQuestion.of(filter, by, stepMillis);
    if (question == null) {
      store.checkOpen();
      visit(filter, by, stepMillis, firstId(filter), lastId(filter), deadline, sums);
      return sums;
    }
    var index = store.indexed();
    long from = question.firstSpan();
    long to = question.lastSpan(store.newestMillis());
    if (from >= to) {
      visit(filter, by, stepMillis, firstId(filter), lastId(filter), deadline, sums);
      return sums;
    }
    question.ask(store, index, from, to, settings.queryTimeout(), sums);
    if (filter.from() != null) {
      long whole = id(from * question.spanMillis());
      visit(filter, by, stepMillis, firstId(filter), whole, deadline, sums);
    }
    if (to != Long.MAX_VALUE) {
      long whole = id(to * question.spanMillis());
      visit(filter, by, stepMillis, whole, lastId(filter), deadline, sums);
    }
    return sums;
  }

  private void visit(
      CallFilter filter,
      List<By> by,
      long stepMillis,
      long from,
      long to,
      long deadlineNanos,
      SumsByKey sums) {
    if (from >= to) {
      return;
    }
    scan(filter, deadlineNanos).visit(from, to, new JournalSums(by, stepMillis, sums));
  }
}
