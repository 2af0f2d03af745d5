package io.ostiary.contract.config;

import io.ostiary.model.CallLimits;
import io.ostiary.model.Conditions;
import io.ostiary.model.PathPattern;
import io.ostiary.model.Require;
import io.ostiary.model.Route;
import io.ostiary.model.Split;
import io.ostiary.model.Upgrades;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The routes of an API, from what is written to what is meant.
final class RouteMeaning {
  private RouteMeaning() {}

  static List<Route> routes(
      Written.Api api,
      ApiDocuments.Loaded.@Nullable Understood document,
      String pointer,
      Notes notes) {
    var routes = new LinkedHashMap<String, Route>();
    if (document != null) {
      document.routes().forEach(route -> routes.put(route.id(), route));
    } else if (api.routes().isEmpty()) {
      return List.of(
          new Route(
              "* /*", Set.of(), new PathPattern("/*"), Conditions.NONE, null, null, List.of()));
    }
    for (int i = 0; i < api.routes().size(); i++) {
      var one = api.routes().get(i);
      var place = pointer + "/routes/" + i;
      var route = notes.attempt(place, () -> route(one, routes, place, notes));
      if (route == null) {
        continue;
      }
      if (one.operation() == null && routes.containsKey(route.id())) {
        notes.fault(place, "id: '" + route.id() + "' is given twice in this api");
      }
      routes.put(route.id(), route);
    }
    return List.copyOf(routes.values());
  }

  /// @param pointer of what has the split
  static Split split(Written.Split written, String pointer, Notes notes) {
    var shares = new ArrayList<Split.Share>();
    for (int i = 0; i < written.to().size(); i++) {
      var share = written.to().get(i);
      var meant =
          notes.attempt(
              pointer + "/split/to/" + i,
              () ->
                  new Split.Share(
                      share.upstream(),
                      share.percent(),
                      Conditional.of(share.when()),
                      share.consumers()));
      if (meant != null) {
        shares.add(meant);
      }
    }
    return new Split(written.by(), shares);
  }

  static CallLimits limits(Written.CallLimits written) {
    return new CallLimits(
        written.total(),
        written.answer(),
        written.idle(),
        written.requestBody(),
        written.responseBody());
  }

  private static Route route(
      Written.Route written, Map<String, Route> known, String place, Notes notes) {
    Route given;
    if (written.path() == null) {
      var route = known.get(written.operation());
      if (route == null) {
        throw Require.invalid("operation", written.operation() + "", "one of the document");
      }
      given = route;
    } else {
      given =
          new Route(
              id(written, written.path()),
              written.methods(),
              new PathPattern(written.path()),
              Conditions.NONE,
              null,
              null,
              List.of());
    }
    return new Route(
        given.id(),
        given.methods(),
        given.path(),
        Conditional.of(written.when()),
        written.upstream(),
        given.operation(),
        written.policies(),
        split(written.split(), place, notes),
        limits(written.limits()),
        written.upgrade() == null ? null : upgrade(written.upgrade()));
  }

  static Upgrades upgrade(Written.Upgrade written) {
    return new Upgrades(written.protocols(), written.idle());
  }

  private static String id(Written.Route written, String path) {
    var id = written.id();
    if (id != null) {
      return id;
    }
    var methods = written.methods();
    var which =
        methods.isEmpty() ? "*" : methods.stream().sorted().collect(Collectors.joining(","));
    return which + " " + path;
  }
}
