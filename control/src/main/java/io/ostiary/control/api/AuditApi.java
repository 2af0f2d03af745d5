package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.access.Access;
import io.ostiary.control.http.Query;
import io.ostiary.control.records.Audit;
import io.ostiary.control.records.Database;
import java.util.List;

/// `audit`: every change, read only.
final class AuditApi {
  private final Database database;

  AuditApi(Database database) {
    this.database = database;
  }

  List<Route> routes() {
    return List.of(Route.get("/api/v1/audit", Access.ADMIN, this::list));
  }

  private void list(Context context) {
    var query = Query.of(context, "cursor", "limit");
    int limit = query.limit();
    long before = query.cursorNumber(Long.MAX_VALUE);
    var rows = database.read(handle -> Audit.page(handle, before, limit + 1));
    context.json(Page.of(rows, limit, row -> row, row -> Long.toString(row.id())));
  }
}
