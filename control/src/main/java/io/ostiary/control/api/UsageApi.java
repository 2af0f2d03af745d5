package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.access.Access;
import io.ostiary.control.api.LiveViews.LatencyView;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Query;
import io.ostiary.insight.CallFilter;
import io.ostiary.insight.History;
import io.ostiary.insight.InsightView;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// `usage`: calls and bytes for each API or consumer over a window.
final class UsageApi {
  private static final Duration WINDOW = Duration.ofDays(1);
  private static final int ROWS_MAX = 1000;

  private final InsightView insight;
  private final Live live;
  private final Clock clock;

  UsageApi(InsightView insight, Live live, Clock clock) {
    this.insight = insight;
    this.live = live;
    this.clock = clock;
  }

  List<Route> routes() {
    return List.of(Route.get("/api/v1/usage", Access.VIEWER, this::usage));
  }

  record Usage(String by, Instant from, Instant to, List<Item> items) {}

  record Item(
      @Nullable String key,
      @Nullable String name,
      long calls,
      long errors,
      long refused,
      LatencyView latency,
      long bytesIn,
      long bytesOut,
      long packetsIn,
      long packetsOut,
      long resent) {}

  private void usage(Context context) {
    var query = Query.of(context, "by", "from", "to");
    var by = query.word("by", "api", List.of("api", "consumer"));
    var to = Objects.requireNonNullElseGet(query.instant("to"), clock::instant);
    var from = Objects.requireNonNullElse(query.instant("from"), to.minus(WINDOW));
    if (to.isBefore(from)) {
      throw ApiProblem.invalid("query", "to", "to: " + to + " (expected: not before " + from + ")");
    }
    var filter = new CallFilter(null, null, null, null, null, null, null, null, null, from, to);
    var column = by.equals("api") ? History.By.API : History.By.CONSUMER;
    var rows = insight.history().summary(filter, List.of(column), ROWS_MAX);
    var items = rows.stream().map(row -> item(row, column)).toList();
    context.json(new Usage(by, from, to, items));
  }

  private Item item(History.Row row, History.By column) {
    var key = row.keys().get(0);
    var sums = row.sums();
    var name = key == null || column == History.By.API ? key : live.consumerName(key);
    return new Item(
        key,
        name,
        sums.calls(),
        sums.errors(),
        sums.refused(),
        LatencyView.of(sums.calls(), sums.latency()),
        sums.requestBytes(),
        sums.responseBytes(),
        sums.packetsIn(),
        sums.packetsOut(),
        sums.resent());
  }
}
