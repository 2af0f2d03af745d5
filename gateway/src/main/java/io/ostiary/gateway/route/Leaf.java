package io.ostiary.gateway.route;

import io.ostiary.model.Conditions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The routes of one path, the most particular first: those that name methods, then those that ask
/// for more header fields, for more query parameters, for more of anything else; then as they were
/// added (Kubernetes Gateway API, HTTPRouteRule).
final class Leaf<R> {
  private record Entry<R>(Set<String> methods, Conditions conditions, R route) {
    private boolean admits(Predicate<R> asked) {
      return conditions.isEmpty() || asked.test(route);
    }

    private int others() {
      return conditions.cookies().size()
          + (conditions.from().isEmpty() ? 0 : 1)
          + (conditions.path() == null ? 0 : 1);
    }
  }

  private static final Comparator<Entry<?>> PARTICULAR =
      Comparator.<Entry<?>>comparingInt(entry -> entry.methods.isEmpty() ? 1 : 0)
          .thenComparingInt(entry -> -entry.conditions.headers().size())
          .thenComparingInt(entry -> -entry.conditions.query().size())
          .thenComparingInt(entry -> -entry.others());

  // No longer than they must be: of ten thousand routes most have a leaf of their own.
  private List<Entry<R>> entries = List.of();

  // Without conditions, which is the usual case, a method is found by itself.
  private List<String> methods = List.of();
  private List<R> routes = List.of();
  private @Nullable R any;
  private boolean conditional;

  /// Returns the method that is taken already, or null.
  @Nullable String add(Set<String> wanted, Conditions conditions, R route) {
    for (var entry : entries) {
      if (entry.conditions.equals(conditions)) {
        if (entry.methods.isEmpty() && wanted.isEmpty()) {
          return "every method";
        }
        for (var method : wanted) {
          if (entry.methods.contains(method)) {
            return method;
          }
        }
      }
    }
    entries = with(entries, new Entry<>(Set.copyOf(wanted), conditions, route));
    if (entries.size() > 1) {
      entries = entries.stream().sorted(PARTICULAR).toList();
    }
    if (!conditions.isEmpty()) {
      conditional = true;
    } else if (wanted.isEmpty()) {
      any = route;
    } else {
      for (var method : wanted) {
        methods = with(methods, method);
        routes = with(routes, route);
      }
    }
    return null;
  }

  private static <T> List<T> with(List<T> some, T more) {
    if (some.isEmpty()) {
      return List.of(more);
    }
    var all = new ArrayList<>(some);
    all.add(more);
    return List.copyOf(all);
  }

  /// Whether the path is known to this request: some route of it has no condition, or it holds.
  boolean takes(Predicate<R> asked) {
    return any != null || !routes.isEmpty() || some(asked) != null;
  }

  @Nullable R route(String method, Predicate<R> asked) {
    if (conditional) {
      var route = among(method, asked);
      if (route == null && method.equals("HEAD")) {
        route = among("GET", asked);
      }
      return route == null ? among("", asked) : route;
    }
    int at = methods.indexOf(method);
    if (at < 0 && method.equals("HEAD")) {
      at = methods.indexOf("GET");
    }
    return at < 0 ? any : routes.get(at);
  }

  /// @param method empty: those that name none
  private @Nullable R among(String method, Predicate<R> asked) {
    for (int i = 0; i < entries.size(); i++) {
      var entry = entries.get(i);
      boolean fits = method.isEmpty() ? entry.methods.isEmpty() : entry.methods.contains(method);
      if (fits && entry.admits(asked)) {
        return entry.route;
      }
    }
    return null;
  }

  /// Whatever route there is for a request, its method aside.
  @Nullable R some(Predicate<R> asked) {
    if (any != null) {
      return any;
    }
    for (int i = 0; i < entries.size(); i++) {
      if (entries.get(i).admits(asked)) {
        return entries.get(i).route;
      }
    }
    return null;
  }

  String allow() {
    var all = new TreeSet<String>();
    entries.forEach(entry -> all.addAll(entry.methods));
    if (all.contains("GET")) {
      all.add("HEAD");
    }
    return String.join(", ", all);
  }
}
