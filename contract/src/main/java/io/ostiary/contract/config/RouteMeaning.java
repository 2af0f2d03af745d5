package io.ostiary.contract.config;

import io.ostiary.contract.tree.Node;
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
  private static final int METHOD_MAX = 32;

  private static final Written.CallLimits NO_LIMITS =
      new Written.CallLimits(null, null, null, null, null);

  private RouteMeaning() {}

  /// Whether it is written as methods are. By hand rather than by a regular expression: there may
  /// be ten thousand.
  static boolean method(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c < 'A' || c > 'Z') && (c != '-' || i == 0)) {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= METHOD_MAX;
  }

  /// @param nodes of its routes
  static List<Route> routes(
      Written.Api api,
      List<Node> nodes,
      ApiDocuments.Loaded.@Nullable Understood document,
      String pointer,
      Notes notes,
      KnownApis known) {
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
      var before = known.route(nodes.get(i));
      var meant = before == null ? null : before.meaning();
      var place = meant == null ? pointer + "/routes/" + i : "";
      var route =
          meant == null ? notes.attempt(place, () -> route(one, routes, place, notes)) : meant;
      if (route == null) {
        continue;
      }
      if (meant == null && before != null && one.path() != null) {
        before.means(route);
      }
      if (routes.put(route.id(), route) != null && one.operation() == null) {
        notes.fault(
            pointer + "/routes/" + i,
            "id: '"
                + route.id()
                + "' is given twice in this api. Where none is written it is made of methods and"
                + " path: give one of the two an 'id' of its own");
      }
    }
    return List.copyOf(routes.values());
  }

  /// @param pointer of what has the split
  static Split split(Written.Split written, String pointer, Notes notes) {
    if (written.to().isEmpty() && written.by() == Split.By.CALL) {
      return Split.NONE;
    }
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
    if (written.equals(NO_LIMITS)) {
      return CallLimits.NONE;
    }
    return new CallLimits(
        written.total(),
        written.answer(),
        written.idle(),
        written.requestBody(),
        written.responseBody());
  }

  private static Route route(
      Written.Route written, Map<String, Route> known, String place, Notes notes) {
    var path = written.path();
    if (path != null) {
      return route(
          written, id(written, path), written.methods(), new PathPattern(path), null, place, notes);
    }
    var given = known.get(written.operation());
    if (given == null) {
      throw Require.invalid("operation", written.operation() + "", "one of the document");
    }
    return route(
        written, given.id(), given.methods(), given.path(), given.operation(), place, notes);
  }

  private static Route route(
      Written.Route written,
      String id,
      Set<String> methods,
      PathPattern path,
      @Nullable String operation,
      String place,
      Notes notes) {
    return new Route(
        id,
        methods,
        path,
        Conditional.of(written.when()),
        written.upstream(),
        operation,
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
        switch (methods.size()) {
          case 0 -> "*";
          case 1 -> methods.iterator().next();
          default -> methods.stream().sorted().collect(Collectors.joining(","));
        };
    return which + " " + path;
  }
}
