package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.SnapshotState;
import io.ostiary.control.access.Access;
import io.ostiary.control.http.Query;
import io.ostiary.model.Listener;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Tls;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `snapshot`: what is in force, and what is wrong with the newest file.
final class SnapshotApi {
  private final SnapshotSource source;
  private final Instant startedAt;

  SnapshotApi(SnapshotSource source, Instant startedAt) {
    this.source = source;
    this.startedAt = startedAt;
  }

  List<Route> routes() {
    return List.of(Route.get("/api/v1/snapshot", Access.VIEWER, this::state));
  }

  record View(
      long version,
      @Nullable Instant publishedAt,
      Instant startedAt,
      Written configuration,
      List<String> listeners,
      List<ListenerCertificate> certificates,
      Counts counts) {}

  record ListenerCertificate(
      String listener, List<String> names, Instant expiresAt, String fingerprint) {
    static List<ListenerCertificate> of(Snapshot snapshot) {
      var all = new ArrayList<ListenerCertificate>();
      for (var listener : snapshot.listeners()) {
        var tls = listener.tls();
        for (var one : tls == null ? List.<Tls.Certificate>of() : tls.certificates()) {
          all.add(
              new ListenerCertificate(
                  listener.toString(), one.names(), one.notAfter(), one.fingerprint()));
        }
      }
      return all;
    }
  }

  record Written(
      @Nullable String file, String state, @Nullable Instant at, List<SnapshotState.Flaw> faults) {}

  record Counts(int apis, int routes, int upstreams, int consumers, int keys, int rules, int bans) {
    static Counts of(@Nullable Snapshot snapshot) {
      if (snapshot == null) {
        return new Counts(0, 0, 0, 0, 0, 0, 0);
      }
      return new Counts(
          snapshot.apis().size(),
          snapshot.apis().stream().mapToInt(api -> api.routes().size()).sum(),
          snapshot.upstreams().size(),
          snapshot.consumers().size(),
          snapshot.keys().size(),
          snapshot.kernel().rules().size(),
          snapshot.bans().size());
    }
  }

  private void state(Context context) {
    Query.of(context);
    var state = source.state();
    var running = state.running();
    context.json(
        new View(
            state.version(),
            running == null ? null : running.createdAt(),
            startedAt,
            new Written(
                state.file(),
                state.flaws().isEmpty() ? "in-force" : "refused",
                state.readAt(),
                state.flaws()),
            running == null
                ? List.of()
                : running.listeners().stream().map(Listener::toString).toList(),
            running == null ? List.of() : ListenerCertificate.of(running),
            Counts.of(running)));
  }
}
