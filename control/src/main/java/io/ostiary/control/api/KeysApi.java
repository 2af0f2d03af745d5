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
import io.ostiary.control.records.Database;
import io.ostiary.control.records.Ids;
import io.ostiary.control.records.KeyText;
import io.ostiary.control.records.Keys;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A consumer's keys. A key is in exactly one answer, that of its creation; everywhere else there
/// is only its hash.
final class KeysApi {
  private static final String PATH = OfConsumer.PATH + "keys";

  private final OfConsumer all;
  private final SnapshotSource source;
  private final Clock clock;
  private final Ids ids;

  KeysApi(Database database, SnapshotSource source, Clock clock, Ids ids) {
    all = new OfConsumer(database, source, clock, "key");
    this.source = source;
    this.clock = clock;
    this.ids = ids;
  }

  List<Route> routes() {
    return List.of(
        Route.get(PATH, Access.VIEWER, this::list),
        Route.post(PATH, Access.ADMIN, this::create),
        Route.delete(PATH + "/{key}", Access.ADMIN, this::revoke));
  }

  /// As it goes out.
  record View(
      String id,
      String consumer,
      String name,
      String last4,
      Instant createdAt,
      @Nullable Instant expiresAt,
      @Nullable Instant revokedAt,
      String state) {
    static View of(Keys.Row row, Instant now) {
      return new View(
          row.id(),
          row.consumer(),
          row.name(),
          row.last4(),
          row.createdAt(),
          row.expiresAt(),
          row.revokedAt(),
          row.state(now));
    }
  }

  record Listed(List<View> items) {}

  /// With the key itself.
  record Created(
      String id,
      String consumer,
      String name,
      String last4,
      Instant createdAt,
      @Nullable Instant expiresAt,
      @Nullable Instant revokedAt,
      String state,
      String key) {}

  private void list(Context context) {
    var rows = all.list(context, Keys::of);
    var now = clock.instant();
    context.json(new Listed(rows.stream().map(row -> View.of(row, now)).toList()));
  }

  private void create(Context context) {
    Query.of(context);
    var consumer = context.pathParam("consumer");
    var fields = Fields.of(context, Fields.BODY_BYTES_MAX, "name", "expiresAt");
    var name = fields.text("name", "", 0, ConsumersApi.NAME_MAX);
    var expiresAt = fields.instant("expiresAt");
    if (expiresAt != null && !expiresAt.isAfter(clock.instant())) {
      fields.fault("expiresAt", expiresAt + " (expected: an instant to come)");
    }
    fields.done();
    var key = KeyText.make(KeyText.KEY);
    var row =
        source.change(
            What.CONSUMERS,
            (handle, draft, now) -> {
              if (draft.consumer(consumer) == null) {
                throw ApiProblem.notFound("consumer", consumer);
              }
              var made = row(ids.next("k_", now), consumer, name, key, now, expiresAt);
              Keys.add(handle, List.of(made));
              draft.add(made);
              Audit.add(
                  handle,
                  now,
                  Guard.principal(context).actor(),
                  "key-created",
                  made.id(),
                  "consumer " + consumer + ", ends in " + made.last4());
              return made;
            });
    context.status(201).json(created(row, key));
  }

  private static Created created(Keys.Row row, String key) {
    return new Created(
        row.id(),
        row.consumer(),
        row.name(),
        row.last4(),
        row.createdAt(),
        row.expiresAt(),
        null,
        "active",
        key);
  }

  static Keys.Row row(
      String id,
      String consumer,
      String name,
      String key,
      Instant now,
      @Nullable Instant expiresAt) {
    return new Keys.Row(
        id, consumer, name, KeyText.hash(key), KeyText.lastFour(key), now, expiresAt, null);
  }

  private void revoke(Context context) {
    all.end(
        context,
        "active key",
        "key-revoked",
        (handle, draft, consumer, id, now) -> {
          if (!Keys.revoke(handle, consumer, id, now)) {
            return false;
          }
          draft.removeKey(id);
          return true;
        });
  }
}
