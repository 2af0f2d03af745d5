package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.SnapshotState.What;
import io.ostiary.control.access.Access;
import io.ostiary.control.access.Guard;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Fields;
import io.ostiary.control.http.Query;
import io.ostiary.control.records.Audit;
import io.ostiary.control.records.Consumers;
import io.ostiary.control.records.Database;
import io.ostiary.control.records.Ids;
import io.ostiary.control.records.LiveRecords;
import io.ostiary.control.records.Team;
import io.ostiary.model.Consumer;
import io.ostiary.model.Require;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/// `consumers`: those who call, with what they belong to.
final class ConsumersApi {
  static final int NAME_MAX = 100;
  private static final int NAMES_MAX = 50;

  private final Database database;
  private final SnapshotSource source;
  private final Clock clock;
  private final Ids ids;

  ConsumersApi(Database database, SnapshotSource source, Clock clock, Ids ids) {
    this.database = database;
    this.source = source;
    this.clock = clock;
    this.ids = ids;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/api/v1/consumers", Access.VIEWER, this::list),
        Route.post("/api/v1/consumers", Access.ADMIN, this::create),
        Route.get("/api/v1/consumers/{consumer}", Access.VIEWER, this::one),
        Route.patch("/api/v1/consumers/{consumer}", Access.ADMIN, this::change),
        Route.delete("/api/v1/consumers/{consumer}", Access.ADMIN, this::remove));
  }

  private void list(Context context) {
    var query = Query.of(context, "cursor", "limit", "q");
    int limit = query.limit();
    var part = query.text("q", "");
    var after = Objects.requireNonNullElse(query.cursor(), "");
    var now = clock.instant();
    var rows = database.read(handle -> Consumers.page(handle, part, after, limit + 1, now));
    context.json(Page.of(rows, limit, row -> row, Consumers.Row::name));
  }

  private void one(Context context) {
    Query.of(context);
    var id = context.pathParam("consumer");
    context.json(
        database
            .read(handle -> Consumers.find(handle, id, clock.instant()))
            .orElseThrow(() -> ApiProblem.notFound("consumer", id)));
  }

  private void create(Context context) {
    Query.of(context);
    var fields = Fields.of(context, Fields.BODY_BYTES_MAX, "name", "groups", "tags");
    var name = fields.text("name", 1, NAME_MAX);
    var groups = names(fields, "groups");
    var tags = names(fields, "tags");
    fields.done();
    var row =
        source.change(
            What.CONSUMERS,
            (handle, draft, now) -> {
              checkFree(draft, name);
              var id = ids.next("c_", now);
              add(handle, draft, new Consumer(id, name, groups, tags, List.of()), now);
              Audit.add(
                  handle, now, Guard.principal(context).actor(), "consumer-created", id, name);
              return found(handle, id, now);
            });
    context.status(201).json(row);
  }

  static void checkFree(LiveRecords draft, String name) {
    if (draft.consumers().stream().anyMatch(other -> other.name().equals(name))) {
      throw ApiProblem.conflict("name: '" + name + "' is taken (expected: a name of its own)");
    }
  }

  static void add(Handle handle, LiveRecords draft, Consumer consumer, Instant now) {
    Consumers.add(handle, consumer, Team.DEFAULT, now);
    draft.add(consumer);
  }

  private static Set<String> names(Fields fields, String field) {
    return Set.copyOf(
        new LinkedHashSet<>(fields.texts(field, NAMES_MAX, name -> Require.name("a name", name))));
  }

  private static Consumers.Row found(Handle handle, String id, Instant now) {
    return Consumers.find(handle, id, now).orElseThrow(() -> ApiProblem.notFound("consumer", id));
  }

  /// What is not given stays.
  private void change(Context context) {
    Query.of(context);
    var id = context.pathParam("consumer");
    var fields = Fields.of(context, Fields.BODY_BYTES_MAX, "groups", "tags");
    var groups = names(fields, "groups");
    var tags = names(fields, "tags");
    boolean otherGroups = fields.has("groups");
    boolean otherTags = fields.has("tags");
    fields.done();
    var row =
        source.change(
            What.CONSUMERS,
            (handle, draft, now) -> {
              var before = draft.consumer(id);
              if (before == null) {
                throw ApiProblem.notFound("consumer", id);
              }
              var after =
                  new Consumer(
                      id,
                      before.name(),
                      otherGroups ? groups : before.groups(),
                      otherTags ? tags : before.tags(),
                      before.credentials());
              Consumers.update(handle, after);
              draft.add(after);
              Audit.add(
                  handle,
                  now,
                  Guard.principal(context).actor(),
                  "consumer-changed",
                  id,
                  "groups " + after.groups() + ", tags " + after.tags());
              return found(handle, id, now);
            });
    context.json(row);
  }

  private void remove(Context context) {
    Query.of(context);
    var id = context.pathParam("consumer");
    source.change(
        What.CONSUMERS,
        (handle, draft, now) -> {
          var consumer = draft.consumer(id);
          if (consumer == null || !Consumers.remove(handle, id)) {
            throw ApiProblem.notFound("consumer", id);
          }
          draft.removeConsumer(id);
          Audit.add(
              handle,
              now,
              Guard.principal(context).actor(),
              "consumer-removed",
              id,
              consumer.name());
          return id;
        });
    context.status(204);
  }
}
