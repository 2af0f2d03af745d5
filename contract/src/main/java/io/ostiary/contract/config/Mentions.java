package io.ostiary.contract.config;

import io.ostiary.contract.tree.Spelling;
import io.ostiary.model.Api;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// APIs and routes that are named where they are not written. A rule for one that is not there
/// would silently never fit. Used once, by one thread.
final class Mentions {
  private static final int TOLD = 8;

  private final Written written;
  private final List<Api> apis;
  private final Notes notes;

  Mentions(Written written, List<Api> apis, Notes notes) {
    this.written = written;
    this.apis = apis;
    this.notes = notes;
  }

  void check() {
    for (int i = 0; i < written.accessLog().size(); i++) {
      var rules = written.accessLog().get(i).rules();
      for (int j = 0; j < rules.size(); j++) {
        var at = "/access-log/" + i + "/rules/" + j;
        var rule = rules.get(j);
        boolean known = api(rule.api(), at + "/api", "api");
        var route = rule.route();
        if (known && route != null) {
          routes(List.of(route), rule.api() == null ? List.of() : List.of(rule.api()), at, "route");
        }
      }
    }
    for (int i = 0; i < written.upstreams().size(); i++) {
      var rules = written.upstreams().get(i).overload().priorities();
      for (int j = 0; j < rules.size(); j++) {
        var at = "/upstreams/" + i + "/overload/priorities/" + j;
        var rule = rules.get(j);
        boolean known = true;
        for (var name : rule.apis()) {
          known &= api(name, at + "/apis", "apis");
        }
        routes(known ? rule.routes() : List.of(), rule.apis(), at, "routes");
      }
    }
  }

  private boolean api(@Nullable String name, String at, String field) {
    if (name != null && apis.stream().noneMatch(api -> api.name().equals(name))) {
      unknown(at, field, name, "the name of an API", apis.stream().map(Api::name).toList());
      return false;
    }
    return true;
  }

  /// @param of names of APIs; none: any
  private void routes(Collection<String> ids, Collection<String> of, String at, String field) {
    var known =
        apis.stream()
            .filter(api -> of.isEmpty() || of.contains(api.name()))
            .flatMap(api -> api.routes().stream())
            .map(route -> route.id())
            .collect(Collectors.toCollection(TreeSet::new));
    for (var id : ids) {
      if (!known.contains(id)) {
        unknown(at + "/" + field, field, id, "the id of a route", known);
      }
    }
  }

  private void unknown(
      String at, String field, String name, String what, Collection<String> known) {
    var hint = Spelling.hint(name, known);
    var few = known.stream().limit(TOLD).collect(Collectors.joining(", "));
    var more = known.size() > TOLD ? ", ..." : "";
    var list = hint.isEmpty() && !few.isEmpty() ? ": " + few + more : "";
    notes.attempt(
        at,
        () -> {
          throw new IllegalArgumentException(
              "%s: '%s' (expected: %s%s)%s".formatted(field, name, what, list, hint));
        });
  }
}
