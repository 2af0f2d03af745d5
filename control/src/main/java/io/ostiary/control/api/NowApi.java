package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.access.Access;
import io.ostiary.control.http.Query;
import java.time.Duration;
import java.util.List;

/// `now`: one document with what the page of that name shows.
final class NowApi {
  private static final int SECONDS_MAX = 21_600;

  private final Live live;

  NowApi(Live live) {
    this.live = live;
  }

  List<Route> routes() {
    return List.of(Route.get("/api/v1/now", Access.VIEWER, this::now));
  }

  private void now(Context context) {
    var query = Query.of(context, "window");
    context.json(live.now(Duration.ofSeconds(query.number("window", 900, 10, SECONDS_MAX))));
  }
}
