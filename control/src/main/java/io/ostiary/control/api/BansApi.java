package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.SnapshotState.What;
import io.ostiary.control.access.Access;
import io.ostiary.control.access.Guard;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Fields;
import io.ostiary.control.http.Query;
import io.ostiary.control.records.Actor;
import io.ostiary.control.records.Audit;
import io.ostiary.control.records.Bans;
import io.ostiary.control.records.Database;
import io.ostiary.control.records.Ids;
import io.ostiary.model.Ban;
import io.ostiary.model.CallId;
import io.ostiary.model.Cidr;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// `bans`: sources that are refused for a time, by whom, why, and on what evidence.
final class BansApi {
  private static final long SECONDS_MAX = 31_536_000;

  /// A wider block is more likely a slip than an attacker.
  private static final int PREFIX_MIN_4 = 8;

  private static final int PREFIX_MIN_6 = 16;

  private final Database database;
  private final SnapshotSource source;
  private final Clock clock;
  private final Ids ids;

  BansApi(Database database, SnapshotSource source, Clock clock, Ids ids) {
    this.database = database;
    this.source = source;
    this.clock = clock;
    this.ids = ids;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/api/v1/bans", Access.VIEWER, this::list),
        Route.post("/api/v1/bans", Access.ADMIN, this::create),
        Route.get("/api/v1/bans/{ban}", Access.VIEWER, this::one),
        Route.delete("/api/v1/bans/{ban}", Access.ADMIN, this::lift));
  }

  /// As it goes out.
  record View(
      String id,
      String source,
      String reason,
      List<String> calls,
      Instant since,
      Instant until,
      String by,
      String state,
      @Nullable Instant liftedAt,
      @Nullable String liftedBy) {
    static View of(Bans.Row row, Instant now) {
      var ban = row.ban();
      return new View(
          ban.id(),
          ban.source().toString(),
          ban.reason(),
          ban.calls(),
          ban.since(),
          ban.until(),
          ban.by(),
          row.state(now),
          row.liftedAt(),
          row.liftedBy());
    }
  }

  private void list(Context context) {
    var query = Query.of(context, "cursor", "limit", "state");
    int limit = query.limit();
    boolean activeOnly = query.word("state", "active", List.of("active", "all")).equals("active");
    // Behind every id: '~' sorts after letters and digits.
    var before = Objects.requireNonNullElse(query.cursor(), "~");
    var now = clock.instant();
    var rows = database.read(handle -> Bans.page(handle, activeOnly, before, limit + 1, now));
    context.json(Page.of(rows, limit, row -> View.of(row, now), row -> row.ban().id()));
  }

  private void one(Context context) {
    Query.of(context);
    context.json(View.of(find(context.pathParam("ban")), clock.instant()));
  }

  private Bans.Row find(String id) {
    return database
        .read(handle -> Bans.find(handle, id))
        .orElseThrow(() -> ApiProblem.notFound("ban", id));
  }

  private void create(Context context) {
    Query.of(context);
    var ban = read(context, Guard.principal(context).actor());
    checkSpared(ban.source());
    source.change(
        What.BANS,
        (handle, draft, now) -> {
          if (draft.bans().stream().anyMatch(other -> other.source().equals(ban.source()))) {
            throw ApiProblem.conflict(
                "source: " + ban.source() + " is banned already. Lift that ban first.");
          }
          Bans.add(handle, ban);
          draft.add(ban);
          var seconds = ban.until().getEpochSecond() - ban.since().getEpochSecond();
          Audit.add(
              handle,
              now,
              Guard.principal(context).actor(),
              "ban-created",
              ban.id(),
              ban.source() + " for " + seconds + " s: " + ban.reason());
          return ban;
        });
    context.status(201).json(View.of(new Bans.Row(ban, null, null), ban.since()));
  }

  private Ban read(Context context, Actor actor) {
    var fields = Fields.of(context, Fields.BODY_BYTES_MAX, "source", "reason", "seconds", "calls");
    var text = fields.text("source", 1, 50);
    var reason = fields.text("reason", 1, 500);
    long seconds = fields.number("seconds", 3600, 1, SECONDS_MAX);
    var calls = fields.texts("calls", 100, CallId::parse);
    fields.checked("source", () -> checkWidth(Cidr.parse(text)));
    fields.done();
    var now = clock.instant();
    return new Ban(
        ids.next("b_", now),
        Cidr.parse(text),
        reason,
        calls,
        now,
        now.plusSeconds(seconds),
        actor.who());
  }

  private static void checkWidth(Cidr block) {
    int min = block.address().getAddress().length == 4 ? PREFIX_MIN_4 : PREFIX_MIN_6;
    if (block.prefix() < min) {
      throw new IllegalArgumentException(block + " (expected: a block of /" + min + " or longer)");
    }
  }

  /// Refuses to lock out those who run the gateway or stand before it.
  private void checkSpared(Cidr block) {
    if (block.address().isLoopbackAddress()) {
      throw ApiProblem.conflict("source: " + block + " is this machine itself; it is never banned");
    }
    var running = source.state().running();
    if (running == null) {
      return;
    }
    spare(block, running.kernel().management(), "a management source (kernel.management)");
    spare(block, running.gateway().trustedProxies(), "a trusted proxy, behind which others stand");
  }

  private static void spare(Cidr block, List<Cidr> spared, String what) {
    for (var other : spared) {
      if (other.contains(block.address()) || block.contains(other.address())) {
        throw ApiProblem.conflict(
            "source: " + block + " overlaps " + other + ", " + what + "; it is never banned");
      }
    }
  }

  private void lift(Context context) {
    Query.of(context);
    var id = context.pathParam("ban");
    var actor = Guard.principal(context).actor();
    source.change(
        What.BANS,
        (handle, draft, now) -> {
          var row = Bans.find(handle, id).orElseThrow(() -> ApiProblem.notFound("ban", id));
          if (!row.state(now).equals("active")) {
            throw ApiProblem.conflict("ban " + id + ": " + row.state(now) + " (expected: active)");
          }
          Bans.lift(handle, id, now, actor.who());
          draft.removeBan(id);
          Audit.add(handle, now, actor, "ban-lifted", id, row.ban().source().toString());
          return id;
        });
    context.status(204);
  }
}
