package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.access.Access;
import io.ostiary.control.api.LiveViews.CallLineView;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Query;
import io.ostiary.insight.InsightView;
import io.ostiary.insight.explain.Waterfall;
import io.ostiary.model.CallId;
import java.util.List;
import java.util.Objects;

/// `calls`: single calls, listed and explained.
final class CallsApi {
  private final InsightView insight;
  private final Live live;

  CallsApi(InsightView insight, Live live) {
    this.insight = insight;
    this.live = live;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/api/v1/calls", Access.VIEWER, this::list),
        Route.get("/api/v1/calls/{call}", Access.VIEWER, this::one));
  }

  private void list(Context context) {
    var query = Query.of(context, Filters.and("from", "to", "cursor", "limit"));
    var filter = Filters.read(query);
    var page = query.parsed("cursor", text -> insight.calls().page(filter, text, query.limit()));
    if (page == null) {
      page = insight.calls().page(filter, null, query.limit());
    }
    context.json(
        new Page<>(
            page.calls().stream().map(line -> CallLineView.of(line, live::consumerName)).toList(),
            page.next()));
  }

  private void one(Context context) {
    int width = Query.of(context, "width").number("width", 100, 60, 500);
    var text = context.pathParam("call");
    long call;
    try {
      call = CallId.parse(text);
    } catch (IllegalArgumentException e) {
      throw ApiProblem.invalid("path", "call", String.valueOf(e.getMessage()));
    }
    var explanation =
        insight
            .explain(call)
            .orElseThrow(() ->
                ApiProblem.of(
                    404,
                    "not-found",
                    "No such thing",
                    "call: "
                        + text
                        + " is not in the ledger (it is older than the history, or belongs to"
                        + " another gateway)"));
    var accept = context.header("Accept");
    if (accept != null && accept.startsWith("text/plain")) {
      var id = explanation.entry().consumer();
      var name = id == null ? null : Objects.requireNonNullElse(live.consumerName(id), id);
      context
          .contentType("text/plain; charset=utf-8")
          .result(Waterfall.text(explanation, name, width));
    } else {
      context.json(CallView.of(explanation, live::consumerName));
    }
  }
}
