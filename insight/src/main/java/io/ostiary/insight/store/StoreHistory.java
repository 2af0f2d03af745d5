package io.ostiary.insight.store;

import io.ostiary.insight.CallFilter;
import io.ostiary.insight.CallLine;
import io.ostiary.insight.CallPage;
import io.ostiary.insight.History;
import io.ostiary.insight.HistoryUnavailableException;
import io.ostiary.insight.InsightSettings;
import io.ostiary.insight.Latency;
import io.ostiary.insight.ledger.RowReader;
import io.ostiary.model.CallId;
import io.ostiary.model.Require;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Puts questions to the index as SQL. Safe for all threads; each question has a connection of its
/// own and a time limit.
public final class StoreHistory implements History {
  /// Exact percentiles hold every value in memory; above this many rows they are approximate.
  private static final long EXACT_ROWS_MAX = 4_000_000;

  private static final int STEPS_MAX = 10_000;
  private static final String PERCENTILES = "[0.5, 0.95, 0.99]";

  private final Store store;
  private final InsightSettings settings;

  public StoreHistory(Store store, InsightSettings settings) {
    this.store = store;
    this.settings = settings;
  }

  @Override
  public List<Row> summary(CallFilter filter, List<By> by, int limit) {
    Require.between("limit", limit, 1, 1000);
    var index = store.indexed();
    var where = new Where(index, filter);
    var from = from(index, filter);
    if (from == null || where.impossible()) {
      return List.of();
    }
    var keys = by.stream().map(StoreHistory::column).collect(Collectors.joining(", "));
    var sql =
        "SELECT "
            + sums(from.rows)
            + (keys.isEmpty() ? "" : ", " + keys)
            + " FROM ("
            + from.sql
            + ") "
            + where.text()
            + (keys.isEmpty() ? "" : " GROUP BY " + keys)
            + " ORDER BY 1 DESC LIMIT "
            + limit;
    return ask(index, sql, rows -> new Row(keys(index, by, rows), sums(rows)));
  }

  @Override
  public List<Step> steps(CallFilter filter, Duration step) {
    Require.between("step (seconds)", step.toSeconds(), 1, 366L * 86_400);
    if (filter.from() != null && filter.to() != null) {
      long count = Duration.between(filter.from(), filter.to()).dividedBy(step);
      Require.between("steps", count, 0, STEPS_MAX);
    }
    var index = store.indexed();
    var where = new Where(index, filter);
    var from = from(index, filter);
    if (from == null || where.impossible()) {
      return List.of();
    }
    var sql =
        "SELECT "
            + sums(from.rows)
            + ", "
            + millis()
            + " // "
            + step.toMillis()
            + " AS step"
            + " FROM ("
            + from.sql
            + ") "
            + where.text()
            + " GROUP BY step ORDER BY step LIMIT "
            + STEPS_MAX;
    return ask(
        index,
        sql,
        rows -> new Step(Instant.ofEpochMilli(rows.getLong(9) * step.toMillis()), sums(rows)));
  }

  /// @param before id of the last line of the page before, or null
  public CallPage page(CallFilter filter, @Nullable String before, int limit) {
    var index = store.indexed();
    var where = new Where(index, filter);
    if (before != null) {
      where.and("call < " + CallId.parse(before));
    }
    var from = from(index, filter);
    if (from == null || where.impossible()) {
      return new CallPage(List.of(), null);
    }
    var sql =
        "SELECT call, segment, pos FROM ("
            + from.sql
            + ") "
            + where.text()
            + " ORDER BY call DESC LIMIT "
            + (limit + 1);
    var places =
        ask(index, sql, rows -> new Place(rows.getLong(1), rows.getLong(2), rows.getLong(3)));
    var lines = lines(places.size() > limit ? places.subList(0, limit) : places);
    return new CallPage(
        lines, places.size() > limit ? CallId.text(places.get(limit - 1).call()) : null);
  }

  private record Place(long call, long segment, long position) {}

  private List<CallLine> lines(List<Place> places) {
    var files = new HashMap<Long, Frames>();
    try {
      var lines = new ArrayList<CallLine>();
      for (var place : places) {
        var segment = segment(place.segment());
        if (segment == null) {
          continue;
        }
        var file = files.get(place.segment());
        if (file == null) {
          file = new Frames(segment.path());
          files.put(place.segment(), file);
        }
        var row = file.rowAt(place.position());
        lines.add(new RowReader(row, 0, store.journal().names(segment)).line());
      }
      return lines;
    } catch (IOException e) {
      throw new HistoryUnavailableException("The journal cannot be read: " + e.getMessage(), e);
    } finally {
      close(files);
    }
  }

  private static void close(Map<Long, Frames> files) {
    for (var file : files.values()) {
      try {
        file.close();
      } catch (IOException e) {
        throw new HistoryUnavailableException("The journal cannot be read: " + e.getMessage(), e);
      }
    }
  }

  private @Nullable Segment segment(long number) {
    return store.journal().segments().stream()
        .filter(segment -> segment.number() == number)
        .findFirst()
        .orElse(null);
  }

  private record From(String sql, long rows) {}

  /// The tables whose calls may lie in the window, or null when there are none.
  private @Nullable From from(Index index, CallFilter filter) {
    long first = filter.from() == null ? Long.MIN_VALUE : id(filter.from());
    long last = filter.to() == null ? Long.MAX_VALUE : id(filter.to());
    var parts = new ArrayList<String>();
    long rows = 0;
    for (var segment : store.journal().segments()) {
      if (index.ingested(segment) > 0 && segment.lastCall >= first && segment.firstCall < last) {
        parts.add("SELECT *, " + segment.number() + " AS segment FROM calls_" + segment.number());
        rows += segment.rows;
      }
    }
    return parts.isEmpty() ? null : new From(String.join(" UNION ALL ", parts), rows);
  }

  private static long id(Instant time) {
    return CallId.of(Math.max(CallId.EPOCH_MILLIS, time.toEpochMilli()), 0);
  }

  private static String millis() {
    return "((call >> " + CallId.COUNTER_BITS + ") + " + CallId.EPOCH_MILLIS + ")";
  }

  private static String sums(long rows) {
    var percentiles =
        rows <= EXACT_ROWS_MAX
            ? "quantile_disc(us, " + PERCENTILES + ")"
            : "approx_quantile(us, " + PERCENTILES + ")";
    int client = io.ostiary.insight.ledger.Row.code(io.ostiary.model.Blame.CLIENT);
    int none = io.ostiary.insight.ledger.Row.code(io.ostiary.model.Blame.NONE);
    int policy = io.ostiary.insight.ledger.Row.code(io.ostiary.model.Blame.POLICY);
    return "count(*) AS calls, count(*) FILTER (status >= 500 OR (status = 0 AND blame NOT IN ("
        + client
        + ", "
        + none
        + "))) AS errors, count(*) FILTER (blame = "
        + policy
        + ") AS refused, "
        + percentiles
        + " AS p, max(us) AS longest, sum(rin)::BIGINT AS rin, sum(rout)::BIGINT AS rout, 0";
  }

  private static Sums sums(ResultSet rows) throws SQLException {
    var latency = Latency.NONE;
    var array = rows.getArray(4);
    if (array != null && array.getArray() instanceof Object[] p && p.length == 3) {
      latency = new Latency(number(p[0]), number(p[1]), number(p[2]), rows.getLong(5));
    }
    return new Sums(
        rows.getLong(1),
        rows.getLong(2),
        rows.getLong(3),
        latency,
        rows.getLong(6),
        rows.getLong(7));
  }

  private static long number(@Nullable Object value) {
    return value instanceof Number number ? number.longValue() : 0;
  }

  private static String column(By by) {
    return by.name().toLowerCase(Locale.ROOT);
  }

  private static List<@Nullable String> keys(Index index, List<By> by, ResultSet rows)
      throws SQLException {
    var keys = new ArrayList<@Nullable String>();
    for (int i = 0; i < by.size(); i++) {
      int value = rows.getInt(9 + i);
      keys.add(
          switch (by.get(i)) {
            case STATUS -> value == 0 ? "none" : Integer.toString(value);
            case BLAME ->
                io.ostiary.insight.ledger.Row.blame(value).name().toLowerCase(Locale.ROOT);
            case API, ROUTE, CONSUMER, UPSTREAM, REASON -> value == 0 ? null : index.text(value);
          });
    }
    return keys;
  }

  private interface Reading<T> {
    T read(ResultSet rows) throws SQLException;
  }

  private <T> List<T> ask(Index index, String sql, Reading<T> reading) {
    try {
      return index.ask(
          settings.queryTimeout().toMillis(), connection -> run(connection, sql, reading));
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

  private <T> List<T> run(Connection connection, String sql, Reading<T> reading)
      throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.setQueryTimeout((int) Math.max(1, settings.queryTimeout().toSeconds()));
      try (var rows = statement.executeQuery(sql)) {
        var list = new ArrayList<T>();
        while (rows.next()) {
          list.add(reading.read(rows));
        }
        return list;
      }
    }
  }

  /// The WHERE clause of a filter. Every value in it is a number, so nothing needs to be quoted.
  private static final class Where {
    private final List<String> conditions = new ArrayList<>();
    private boolean impossible;

    Where(Index index, CallFilter filter) {
      name(index, "api", filter.api());
      name(index, "route", filter.route());
      name(index, "consumer", filter.consumer());
      name(index, "reason", filter.reason());
      if (filter.statusFrom() != null) {
        and("status >= " + filter.statusFrom());
      }
      if (filter.statusTo() != null) {
        and("status <= " + filter.statusTo());
      }
      if (filter.blame() != null) {
        and("blame = " + io.ostiary.insight.ledger.Row.code(filter.blame()));
      }
      if (filter.source() != null) {
        and(Addresses.within(filter.source()));
      }
      if (filter.atLeast() != null) {
        and("us >= " + filter.atLeast().toNanos() / 1000);
      }
      if (filter.from() != null) {
        and("call >= " + id(filter.from()));
      }
      if (filter.to() != null) {
        and("call < " + id(filter.to()));
      }
    }

    private void name(Index index, String column, @Nullable String text) {
      if (text == null) {
        return;
      }
      var id = index.id(text);
      if (id == null) {
        impossible = true;
      } else {
        and(column + " = " + id);
      }
    }

    void and(String condition) {
      conditions.add(condition);
    }

    boolean impossible() {
      return impossible;
    }

    String text() {
      return conditions.isEmpty() ? "" : "WHERE " + String.join(" AND ", conditions);
    }
  }
}
