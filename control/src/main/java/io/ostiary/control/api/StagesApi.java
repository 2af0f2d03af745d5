package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.access.Access;
import io.ostiary.control.access.Guard;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Query;
import io.ostiary.control.records.Audit;
import io.ostiary.control.records.Database;
import io.ostiary.model.KernelStage;
import io.ostiary.model.PacketView;
import java.time.Clock;
import java.util.List;
import java.util.Locale;

/// `kernel/stages`: users' own programs that packets meet.
final class StagesApi {
  private final PacketView packets;
  private final Database database;
  private final Clock clock;

  StagesApi(PacketView packets, Database database, Clock clock) {
    this.packets = packets;
    this.database = database;
    this.clock = clock;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/api/v1/kernel/stages", Access.VIEWER, this::list),
        Route.post(
            "/api/v1/kernel/stages/{stage}/on", Access.ADMIN, context -> turn(context, true)),
        Route.post(
            "/api/v1/kernel/stages/{stage}/off", Access.ADMIN, context -> turn(context, false)));
  }

  record Items(List<View> items) {}

  /// As it goes out.
  record View(
      String name,
      String title,
      String state,
      String place,
      int slot,
      String sentence,
      List<String> hooks,
      int instructions,
      long memoryBytes,
      KernelStage.Counts counts,
      List<KernelStage.StageMap> maps) {
    static View of(KernelStage stage) {
      return new View(
          stage.name(),
          stage.title(),
          stage.state().name().toLowerCase(Locale.ROOT),
          stage.place(),
          stage.slot(),
          stage.sentence(),
          stage.hooks(),
          stage.instructions(),
          stage.memoryBytes(),
          stage.counts(),
          stage.maps());
    }
  }

  private void list(Context context) {
    Query.of(context);
    context.json(new Items(packets.stages().stream().map(View::of).toList()));
  }

  private void turn(Context context, boolean on) {
    Query.of(context);
    var name = context.pathParam("stage");
    find(name);
    var problem = packets.turnStage(name, on);
    if (!problem.isEmpty()) {
      throw ApiProblem.conflict(problem);
    }
    database.write(handle -> {
      Audit.add(
          handle,
          clock.instant(),
          Guard.principal(context).actor(),
          on ? "stage-on" : "stage-off",
          name,
          "");
      return name;
    });
    context.json(View.of(find(name)));
  }

  private KernelStage find(String name) {
    return packets.stages().stream()
        .filter(stage -> stage.name().equals(name))
        .findFirst()
        .orElseThrow(() -> ApiProblem.notFound("stage", name));
  }
}
