package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.OwnAddresses;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.SnapshotState.What;
import io.ostiary.control.Spared;
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
import io.ostiary.model.Ban.Action;
import io.ostiary.model.Ban.Place;
import io.ostiary.model.CallId;
import io.ostiary.model.Cidr;
import io.ostiary.model.PacketView;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// `bans`: sources that are refused for a time, by whom, why, and on what evidence.
final class BansApi {
  private static final long SECONDS_MAX = 31_536_000;

  /// A wider block is more likely a slip than an attacker.
  private static final int PREFIX_MIN_4 = 8;

  private static final int PREFIX_MIN_6 = 16;

  private final Database database;
  private final SnapshotSource source;
  private final PacketView packets;
  private final Clock clock;
  private final Ids ids;
  private final OwnAddresses own = new OwnAddresses();

  BansApi(Database database, SnapshotSource source, PacketView packets, Clock clock, Ids ids) {
    this.database = database;
    this.packets = packets;
    this.source = source;
    this.clock = clock;
    this.ids = ids;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/api/v1/bans", Access.VIEWER, this::list),
        Route.post("/api/v1/bans", Access.ADMIN, this::create),
        Route.get("/api/v1/bans/{ban}", Access.VIEWER, this::one),
        Route.patch("/api/v1/bans/{ban}", Access.ADMIN, this::extend),
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
      String action,
      @Nullable Integer packetsPerSecond,
      @Nullable Integer callsPerSecond,
      String place,
      String state,
      @Nullable Instant liftedAt,
      @Nullable String liftedBy,
      @Nullable Long droppedPackets,
      @Nullable Long droppedBytes) {
    /// @param packets knows what the kernel dropped
    static View of(Bans.Row row, Instant now, PacketView packets) {
      var ban = row.ban();
      var limit = ban.action() instanceof Action.Limit some ? some : null;
      boolean counted = ban.place() == Place.KERNEL && row.state(now).equals("active");
      var hits = counted ? packets.banned(ban.source()) : null;
      return new View(
          ban.id(),
          ban.source().toString(),
          ban.reason(),
          ban.calls(),
          ban.since(),
          ban.until(),
          ban.by(),
          limit == null ? "deny" : "limit",
          limit == null ? null : limit.packetsPerSecond(),
          limit == null ? null : limit.callsPerSecond(),
          ban.place() == Place.KERNEL ? "kernel" : "gateway",
          row.state(now),
          row.liftedAt(),
          row.liftedBy(),
          hits == null ? null : hits.packets(),
          hits == null ? null : hits.bytes());
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
    context.json(Page.of(rows, limit, row -> View.of(row, now, packets), row -> row.ban().id()));
  }

  private void one(Context context) {
    Query.of(context);
    context.json(View.of(find(context.pathParam("ban")), clock.instant(), packets));
  }

  private Bans.Row find(String id) {
    return database
        .read(handle -> Bans.find(handle, id))
        .orElseThrow(() -> ApiProblem.notFound("ban", id));
  }

  /// In force in the kernel before it is stored: whoever floods us is not to win the time that a
  /// transaction takes. What cannot be stored is taken back.
  private void create(Context context) {
    Query.of(context);
    var actor = Guard.principal(context).actor();
    var ban = read(context, actor);
    checkSpared(ban.source());
    var enforced = new AtomicBoolean();
    try {
      source.change(
          What.BANS,
          (handle, draft, now) -> {
            draft.bans().stream()
                .filter(other -> other.source().equals(ban.source()))
                .findFirst()
                .ifPresent(BansApi::conflict);
            enforced.set(true);
            source.enforce(ban);
            Bans.add(handle, ban);
            draft.add(ban);
            Audit.add(handle, now, actor, "ban-created", ban.id(), ban.told());
            return ban;
          });
    } catch (RuntimeException e) {
      if (enforced.get()) {
        source.release(ban);
      }
      throw e;
    }
    context.status(201).json(View.of(new Bans.Row(ban, null, null), ban.since(), packets));
  }

  private static void conflict(Ban other) {
    throw ApiProblem.conflict(
        "source: %s is banned already, until %s. Extend or lift that ban, %s."
            .formatted(other.source(), other.until(), other.id()));
  }

  private Ban read(Context context, Actor actor) {
    var fields =
        Fields.of(
            context,
            Fields.BODY_BYTES_MAX,
            "source",
            "reason",
            "seconds",
            "calls",
            "action",
            "packetsPerSecond",
            "callsPerSecond");
    var text = fields.text("source", 1, 50);
    var reason = fields.text("reason", 1, 500);
    long seconds = fields.number("seconds", 3600, 1, SECONDS_MAX);
    var calls = fields.texts("calls", 100, CallId::parse);
    var action = action(fields);
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
        actor.who(),
        action,
        Place.KERNEL);
  }

  private static Action action(Fields fields) {
    var word = fields.text("action", "deny", 1, 10);
    int packets = (int) fields.number("packetsPerSecond", 500, 1, 100_000_000);
    int calls = (int) fields.number("callsPerSecond", 5, 1, 1_000_000);
    fields.checked(
        "action",
        () -> {
          if (!word.equals("deny") && !word.equals("limit")) {
            throw new IllegalArgumentException(word + " (expected: deny or limit)");
          }
          if (word.equals("deny")
              && (fields.has("packetsPerSecond") || fields.has("callsPerSecond"))) {
            throw new IllegalArgumentException("deny (expected: limit, as there are rates)");
          }
        });
    return word.equals("limit") ? new Action.Limit(packets, calls) : new Action.Deny();
  }

  private static void checkWidth(Cidr block) {
    int min = block.address().getAddress().length == 4 ? PREFIX_MIN_4 : PREFIX_MIN_6;
    if (block.prefix() < min) {
      throw new IllegalArgumentException(block + " (expected: a block of /" + min + " or longer)");
    }
  }

  /// Refuses to lock out those who run the gateway or stand before it.
  private void checkSpared(Cidr block) {
    own.look();
    var why = Spared.why(block, own, source.state().running());
    if (why != null) {
      throw ApiProblem.conflict("source: " + why);
    }
  }

  /// A ban only grows here; who wants it to end sooner lifts it.
  private void extend(Context context) {
    Query.of(context);
    var id = context.pathParam("ban");
    var actor = Guard.principal(context).actor();
    var fields = Fields.of(context, Fields.BODY_BYTES_MAX, "seconds");
    if (!fields.has("seconds")) {
      fields.checked(
          "seconds",
          () -> {
            throw new IllegalArgumentException("missing (expected: 1-" + SECONDS_MAX + ")");
          });
    }
    long seconds = fields.number("seconds", 1, 1, SECONDS_MAX);
    fields.done();
    var extended =
        source.change(
            What.BANS,
            (handle, draft, now) -> {
              var ban = active(handle, id, now);
              var until = now.plusSeconds(seconds);
              if (!until.isAfter(ban.until())) {
                throw ApiProblem.conflict(
                    "seconds: %d ends at %s (expected: after %s, when it ends anyway)"
                        .formatted(seconds, until, ban.until()));
              }
              var longer = ban.until(until);
              Bans.extend(handle, id, until);
              draft.add(longer);
              var detail = "%s until %s, before: %s".formatted(ban.source(), until, ban.until());
              Audit.add(handle, now, actor, "ban-extended", id, detail);
              return longer;
            });
    context.json(View.of(new Bans.Row(extended, null, null), clock.instant(), packets));
  }

  private static Ban active(Handle handle, String id, Instant now) {
    var row = Bans.find(handle, id).orElseThrow(() -> ApiProblem.notFound("ban", id));
    if (!row.state(now).equals("active")) {
      throw ApiProblem.conflict("ban " + id + ": " + row.state(now) + " (expected: active)");
    }
    return row.ban();
  }

  private void lift(Context context) {
    Query.of(context);
    var id = context.pathParam("ban");
    var actor = Guard.principal(context).actor();
    source.change(
        What.BANS,
        (handle, draft, now) -> {
          var ban = active(handle, id, now);
          Bans.lift(handle, id, now, actor.who());
          draft.removeBan(id);
          Audit.add(handle, now, actor, "ban-lifted", id, ban.source().toString());
          return id;
        });
    context.status(204);
  }
}
