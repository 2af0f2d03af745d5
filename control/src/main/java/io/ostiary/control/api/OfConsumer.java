package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.SnapshotState.What;
import io.ostiary.control.access.Guard;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Query;
import io.ostiary.control.records.Audit;
import io.ostiary.control.records.Consumers;
import io.ostiary.control.records.Database;
import io.ostiary.control.records.LiveRecords;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.function.BiFunction;
import org.jdbi.v3.core.Handle;

/// What is listed and ended alike of what belongs to one consumer: its keys, its credentials.
///
/// @param part the path parameter that names one of them
record OfConsumer(Database database, SnapshotSource source, Clock clock, String part) {
  static final String PATH = "/api/v1/consumers/{consumer}/";

  /// Takes one of them out of the records and of the draft.
  @FunctionalInterface
  interface Ending {
    /// @return false: there is none of this id
    boolean end(Handle handle, LiveRecords draft, String consumer, String id, Instant now);
  }

  /// Those of the consumer that the path names.
  <T> List<T> list(Context context, BiFunction<Handle, String, List<T>> of) {
    Query.of(context);
    var consumer = context.pathParam("consumer");
    return database.read(handle -> {
      if (Consumers.find(handle, consumer, clock.instant()).isEmpty()) {
        throw ApiProblem.notFound("consumer", consumer);
      }
      return of.apply(handle, consumer);
    });
  }

  /// Ends the one that the path names, with a line in the audit log.
  ///
  /// @param called what is said not to be found
  void end(Context context, String called, String audited, Ending ending) {
    Query.of(context);
    var consumer = context.pathParam("consumer");
    var id = context.pathParam(part);
    source.change(
        What.CONSUMERS,
        (handle, draft, now) -> {
          if (!ending.end(handle, draft, consumer, id, now)) {
            throw ApiProblem.notFound(called, id);
          }
          Audit.add(
              handle, now, Guard.principal(context).actor(), audited, id, "consumer " + consumer);
          return id;
        });
    context.status(204);
  }
}
