package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.access.Access;
import io.ostiary.control.access.Guard;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Fields;
import io.ostiary.control.http.Query;
import io.ostiary.control.records.Audit;
import io.ostiary.control.records.Database;
import io.ostiary.model.Tallies;
import io.ostiary.model.Tally;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `quotas`: what callers have used in the period that runs, and giving it back.
final class QuotasApi {
  private static final int ITEMS_MAX = 1000;

  private final Tallies tallies;
  private final Database database;
  private final Live live;
  private final Clock clock;

  QuotasApi(Tallies tallies, Database database, Live live, Clock clock) {
    this.tallies = tallies;
    this.database = database;
    this.live = live;
    this.clock = clock;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/api/v1/quotas", Access.VIEWER, this::list),
        Route.post("/api/v1/quotas/reset", Access.ADMIN, this::reset));
  }

  record Quotas(List<Item> items) {}

  record Item(
      String quota,
      String who,
      @Nullable String name,
      long used,
      long requests,
      Instant from,
      Instant to) {}

  private void list(Context context) {
    Query.of(context);
    var items =
        tallies.all().stream()
            .flatMap(tally -> tally.all().stream().map(kept -> item(tally, kept)))
            .sorted(Comparator.comparingLong(Item::used).reversed())
            .limit(ITEMS_MAX)
            .toList();
    context.json(new Quotas(items));
  }

  private Item item(Tally tally, Tally.Kept kept) {
    var terms = tally.terms();
    return new Item(
        kept.quota(),
        kept.who(),
        live.consumerName(kept.who()),
        kept.used(),
        terms.most(),
        Instant.ofEpochSecond(kept.start()),
        Instant.ofEpochSecond(terms.end()));
  }

  private void reset(Context context) {
    Query.of(context);
    var fields = Fields.of(context, Fields.BODY_BYTES_MAX, "quota", "who");
    var quota = fields.text("quota", 1, 300);
    var who = fields.text("who", "", 0, 300);
    fields.done();
    var actor = Guard.principal(context).actor();
    for (var tally : tallies.all()) {
      if (tally.name().equals(quota) && tally.reset(who)) {
        database.write(handle -> {
          Audit.add(handle, clock.instant(), actor, "quota-reset", who, quota);
          return 0;
        });
        context.status(204);
        return;
      }
    }
    throw ApiProblem.notFound("quota", quota + " of " + who);
  }
}
