package io.ostiary.control.api;

import io.ostiary.control.SnapshotSource;
import io.ostiary.control.Upstreams;
import io.ostiary.control.access.Sessions;
import io.ostiary.control.access.SignIn;
import io.ostiary.control.access.SignInCodes;
import io.ostiary.control.records.Database;
import io.ostiary.control.records.Ids;
import io.ostiary.insight.InsightView;
import io.ostiary.model.PacketView;
import io.ostiary.model.Tallies;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// All routes of the control plane.
public final class AdminApi implements AutoCloseable {
  private final List<Route> routes = new ArrayList<>();
  private final EventsApi events;
  private final TryApi tries;

  /// What the routes ask.
  ///
  /// @param address where the console is, such as `http://127.0.0.1:9080`
  /// @param webRoot of the built console on the class path
  public record Rooms(
      InsightView insight,
      PacketView packets,
      Upstreams upstreams,
      Database database,
      SnapshotSource source,
      Tallies tallies,
      Sessions sessions,
      SignIn signIn,
      SignInCodes codes,
      Supplier<String> address,
      String webRoot,
      Clock clock) {}

  public AdminApi(Rooms rooms) {
    var insight = rooms.insight();
    var source = rooms.source();
    var database = rooms.database();
    var clock = rooms.clock();
    var ids = new Ids();
    var live = new Live(insight, rooms.packets(), source, clock);
    events = new EventsApi(insight, live, source, rooms.sessions(), clock);
    tries = new TryApi(source);
    routes.addAll(new ProcessApi(source, insight).routes());
    routes.addAll(new SessionApi(rooms.signIn(), () -> link(rooms)).routes());
    routes.addAll(new NowApi(live).routes());
    routes.addAll(events.routes());
    routes.addAll(new CallsApi(insight, live).routes());
    routes.addAll(new PacketsApi(rooms.packets(), insight, source, clock).routes());
    routes.addAll(new RulesApi(rooms.packets(), source, clock).routes());
    routes.addAll(new RulePreviewApi(rooms.packets(), insight, source, clock).routes());
    routes.addAll(new FloodApi(rooms.packets(), source).routes());
    routes.addAll(new ServicesApi(rooms.packets()).routes());
    routes.addAll(new TrialApi(source, clock).routes());
    routes.addAll(new StagesApi(rooms.packets(), database, clock).routes());
    routes.addAll(new SnapshotApi(source, clock.instant()).routes());
    routes.addAll(new ApisApi(source, insight, database, clock).routes());
    routes.addAll(new RouteApi(source).routes());
    routes.addAll(tries.routes());
    routes.addAll(new UpstreamsApi(source, insight, rooms.upstreams(), database, clock).routes());
    routes.addAll(new ImportApi(source, ids).routes());
    routes.addAll(new ConsumersApi(database, source, clock, ids).routes());
    routes.addAll(new KeysApi(database, source, clock, ids).routes());
    routes.addAll(new CredentialsApi(database, source, clock, ids).routes());
    routes.addAll(new BansApi(database, source, rooms.packets(), clock, ids).routes());
    routes.addAll(
        new CapturesApi(rooms.packets().captures(), insight, source, database, clock).routes());
    routes.addAll(new UsageApi(insight, live, clock).routes());
    routes.addAll(new QuotasApi(rooms.tallies(), database, live, clock).routes());
    routes.addAll(new AuditApi(database).routes());
    routes.addAll(new WebFiles(rooms.webRoot()).routes());
  }

  public static SessionApi.Link link(Rooms rooms) {
    return SessionApi.Link.of(rooms.address().get(), rooms.codes().make());
  }

  /// In the order in which they are tried.
  public List<Route> routes() {
    return List.copyOf(routes);
  }

  @Override
  public void close() {
    events.close();
    tries.close();
  }
}
