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
import io.ostiary.control.records.Credentials;
import io.ostiary.control.records.Database;
import io.ostiary.control.records.Ids;
import io.ostiary.model.Credential;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A consumer's credentials beside its keys: passwords, signing keys, subjects of tokens,
/// certificates. Secrets go in and never out, but for one that is made here.
final class CredentialsApi {
  private static final String PATH = OfConsumer.PATH + "credentials";
  private static final int CREDENTIALS_MAX = 50;

  private final OfConsumer all;
  private final SnapshotSource source;
  private final Ids ids;

  CredentialsApi(Database database, SnapshotSource source, Clock clock, Ids ids) {
    all = new OfConsumer(database, source, clock, "credential");
    this.source = source;
    this.ids = ids;
  }

  List<Route> routes() {
    return List.of(
        Route.get(PATH, Access.VIEWER, this::list),
        Route.post(PATH, Access.ADMIN, this::create),
        Route.delete(PATH + "/{credential}", Access.ADMIN, this::remove));
  }

  /// As it goes out.
  ///
  /// @param algorithm of a signature, else null
  /// @param secret one that was made for this very answer, else null
  record View(
      String id,
      String consumer,
      String kind,
      String shown,
      @Nullable String algorithm,
      Instant createdAt,
      @Nullable String secret) {
    static View of(Credentials.Row row, @Nullable String made) {
      var credential = row.credential();
      boolean signs = credential.kind() == Credential.Kind.SIGNATURE;
      return new View(
          row.id(),
          row.consumer(),
          Credentials.word(credential.kind()),
          credential.id(),
          signs ? credential.secret().substring(0, credential.secret().indexOf(':')) : null,
          row.createdAt(),
          made);
    }
  }

  record Listed(List<View> items) {}

  private void list(Context context) {
    var rows = all.list(context, Credentials::of);
    context.json(new Listed(rows.stream().map(row -> View.of(row, null)).toList()));
  }

  private void create(Context context) {
    Query.of(context);
    var consumer = context.pathParam("consumer");
    var wanted =
        NewCredential.read(Fields.of(context, Fields.BODY_BYTES_MAX, NewCredential.fields()));
    var row =
        source.change(
            What.CONSUMERS,
            (handle, draft, now) -> {
              var known = draft.consumer(consumer);
              if (known == null) {
                throw ApiProblem.notFound("consumer", consumer);
              }
              if (known.credentials().size() >= CREDENTIALS_MAX) {
                throw ApiProblem.conflict(
                    "credentials: " + CREDENTIALS_MAX + " (expected: fewer; remove one first)");
              }
              if (draft.isTaken(wanted.credential())) {
                throw ApiProblem.conflict(
                    "credential: '"
                        + wanted.credential().id()
                        + "' is there already (expected: one of its own)");
              }
              var made =
                  new Credentials.Row(ids.next("d_", now), consumer, wanted.credential(), now);
              Credentials.add(handle, made);
              draft.add(made);
              Audit.add(
                  handle,
                  now,
                  Guard.principal(context).actor(),
                  "credential-created",
                  made.id(),
                  "consumer " + consumer + ", " + wanted.credential());
              return made;
            });
    context.status(201).json(View.of(row, wanted.made()));
  }

  private void remove(Context context) {
    all.end(
        context,
        "credential",
        "credential-removed",
        (handle, draft, consumer, id, _) -> {
          if (!Credentials.remove(handle, consumer, id)) {
            return false;
          }
          draft.removeCredential(id);
          return true;
        });
  }
}
