package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.access.Access;
import io.ostiary.control.http.Query;
import io.ostiary.model.PacketView;
import io.ostiary.model.Service;
import io.ostiary.model.ServiceView;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// `services`: virtual addresses spread over targets by the kernel.
final class ServicesApi {
  private final PacketView packets;

  ServicesApi(PacketView packets) {
    this.packets = packets;
  }

  List<Route> routes() {
    return List.of(Route.get("/api/v1/services", Access.VIEWER, this::list));
  }

  record Listed(String sentence, List<View> items) {}

  record View(
      String name,
      String address,
      String protocol,
      String algorithm,
      @Nullable String check,
      String warning,
      long attempts,
      long proven,
      long stateless,
      long withoutTarget,
      long withoutRoom,
      long strays,
      long flood,
      long local,
      List<TargetView> targets) {}

  record TargetView(
      String target,
      int weight,
      double weightNow,
      String state,
      String why,
      Instant since,
      long open,
      double newPerSecond,
      long connections,
      @Nullable Long rttMicros,
      @Nullable Long answerMicros) {}

  private void list(Context context) {
    Query.of(context);
    var view = packets.services();
    context.json(
        new Listed(view.sentence(), view.services().stream().map(ServicesApi::view).toList()));
  }

  private static View view(ServiceView.Status status) {
    var service = status.service();
    var events = status.events();
    return new View(
        service.name(),
        service.place().substring(service.protocol().word().length() + 1),
        service.protocol().word(),
        word(service.algorithm()),
        check(service),
        status.warning(),
        events.attempts(),
        events.proven(),
        events.stateless(),
        events.withoutTarget(),
        events.withoutRoom(),
        events.strays(),
        events.flood(),
        events.local(),
        status.targets().stream().map(ServicesApi::target).toList());
  }

  private static @Nullable String check(Service service) {
    var check = service.check();
    if (check == null) {
      return null;
    }
    var port = check.port() == 0 ? "" : " at port " + check.port();
    return (check.path() == null ? "TCP connection" : "GET " + check.path()) + port;
  }

  private static TargetView target(ServiceView.TargetStatus target) {
    return new TargetView(
        target.target().toString(),
        target.target().weight(),
        target.weightNow(),
        word(target.state()),
        target.why(),
        target.since(),
        target.open(),
        target.newPerSecond(),
        target.connections(),
        target.rttMicros() == 0 ? null : target.rttMicros(),
        target.answerMicros() == 0 ? null : target.answerMicros());
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
