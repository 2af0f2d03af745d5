package io.ostiary.insight.store;

import io.ostiary.insight.CallFilter;
import io.ostiary.insight.History.By;
import io.ostiary.insight.HistoryUnavailableException;
import io.ostiary.insight.ledger.Row;
import io.ostiary.model.Blame;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A question that the index's sums can answer, as SQL over one kind of its tables.
///
/// @param table `apis`, `routes` or `consumers`
/// @param spanMillis length of the windows the sums are of
/// @param stepMillis 0: no steps
record SumQuestion(String table, long spanMillis, CallFilter filter, List<By> by, long stepMillis) {

  /// Null where sums cannot tell, because no table has all that is asked about.
  static @Nullable SumQuestion of(CallFilter filter, List<By> by, long stepMillis) {
    if (filter.source() != null || filter.atLeast() != null) {
      return null;
    }
    boolean consumer = filter.consumer() != null || by.contains(By.CONSUMER);
    boolean route = filter.route() != null || by.contains(By.ROUTE) || by.contains(By.UPSTREAM);
    long spanMillis = (consumer || route ? Rollup.MINUTE_SECONDS : Rollup.API_SECONDS) * 1000L;
    if ((consumer && route) || stepMillis % spanMillis != 0) {
      return null;
    }
    var table = consumer ? "consumers" : route ? "routes" : "apis";
    return new SumQuestion(table, spanMillis, filter, by, stepMillis);
  }

  /// The first window that lies wholly in the filter's.
  long firstSpan() {
    return filter.from() == null
        ? 0
        : Math.ceilDiv(Math.max(0, filter.from().toEpochMilli()), spanMillis);
  }

  /// The first window that does not; [Long#MAX_VALUE] when the filter ends after the newest call.
  long lastSpan(long newestMillis) {
    var to = filter.to();
    if (to == null || to.toEpochMilli() > newestMillis) {
      return Long.MAX_VALUE;
    }
    return Math.floorDiv(to.toEpochMilli(), spanMillis);
  }

  void ask(Store store, Index index, long from, long to, Duration limit, SumsByKey sums) {
    var tables =
        store.journal().segments().stream()
            .filter(segment -> index.summed(segment) > 0)
            .filter(segment -> overlaps(segment, from, to))
            .map(segment -> "SELECT * FROM " + table + "_" + segment.number())
            .collect(Collectors.joining(" UNION ALL "));
    var where = where(index, from, to);
    if (tables.isEmpty() || where == null) {
      return;
    }
    var keys = new ArrayList<String>();
    keys.add(stepMillis == 0 ? "0" : "span // " + stepMillis / spanMillis);
    by.forEach(part -> keys.add(part.name().toLowerCase(Locale.ROOT)));
    var sql =
        "SELECT step, sum(calls)::BIGINT, "
            + ("sum(calls) FILTER (status >= 500 OR (status = 0 AND blame NOT IN (%d, %d)))"
                    + "::BIGINT, sum(calls) FILTER (blame = %d)::BIGINT, ")
                .formatted(Row.code(Blame.CLIENT), Row.code(Blame.NONE), Row.code(Blame.POLICY))
            + "max(longest), sum(rin)::BIGINT, sum(rout)::BIGINT, sum(pin)::BIGINT,"
            + " sum(pout)::BIGINT, sum(resent)::BIGINT, "
            + String.join(", ", keys)
            + " FROM ("
            + tables
            + ") WHERE "
            + where
            + " GROUP BY ALL";
    run(index, sql, limit, sums);
  }

  private boolean overlaps(Segment segment, long from, long to) {
    long first = io.ostiary.model.CallId.epochMillis(segment.firstCall) / spanMillis;
    long last = io.ostiary.model.CallId.epochMillis(segment.lastCall) / spanMillis;
    return last >= from && first < to;
  }

  private void run(Index index, String sql, Duration limit, SumsByKey sums) {
    try {
      index.ask(
          limit.toMillis(),
          connection -> {
            read(index, connection, sql, limit, sums);
            return sums;
          });
    } catch (SQLException e) {
      throw new HistoryUnavailableException(
          "The history could not answer: "
              + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HistoryUnavailableException("Interrupted while asking the history.", e);
    }
  }

  private void read(Index index, Connection connection, String sql, Duration limit, SumsByKey sums)
      throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.setQueryTimeout((int) Math.max(1, limit.toSeconds()));
      try (var rows = statement.executeQuery(sql)) {
        while (rows.next()) {
          var group = sums.group(rows.getLong(11), names(index, rows));
          long calls = rows.getLong(2);
          group.add(calls, rows.getLong(3), rows.getLong(4), rows.getLong(6), rows.getLong(7));
          group.packets(rows.getLong(8), rows.getLong(9), rows.getLong(10));
          group.latency(rows.getInt(1), calls, rows.getLong(5));
        }
      }
    }
  }

  private List<@Nullable String> names(Index index, ResultSet rows) throws SQLException {
    var names = new ArrayList<@Nullable String>(by.size());
    for (int i = 0; i < by.size(); i++) {
      int value = rows.getInt(12 + i);
      names.add(
          switch (by.get(i)) {
            case STATUS -> JournalSums.status(value);
            case BLAME -> JournalSums.blame(value);
            case API, ROUTE, CONSUMER, UPSTREAM, REASON -> value == 0 ? null : index.text(value);
          });
    }
    return names;
  }

  /// Every value in it is a number, so nothing needs to be quoted; null where nothing can match.
  private @Nullable String where(Index index, long from, long to) {
    var conditions = new ArrayList<String>();
    boolean possible =
        name(index, "api", filter.api(), conditions)
            && name(index, "route", filter.route(), conditions)
            && name(index, "consumer", filter.consumer(), conditions)
            && name(index, "reason", filter.reason(), conditions);
    if (!possible) {
      return null;
    }
    conditions.add("span >= " + from);
    if (to != Long.MAX_VALUE) {
      conditions.add("span < " + to);
    }
    if (filter.statusFrom() != null) {
      conditions.add("status >= " + filter.statusFrom());
    }
    if (filter.statusTo() != null) {
      conditions.add("status <= " + filter.statusTo());
    }
    if (filter.blame() != null) {
      conditions.add("blame = " + Row.code(filter.blame()));
    }
    return String.join(" AND ", conditions);
  }

  private static boolean name(
      Index index, String column, @Nullable String text, List<String> conditions) {
    if (text == null) {
      return true;
    }
    var id = index.id(text);
    if (id != null) {
      conditions.add(column + " = " + id);
    }
    return id != null;
  }
}
