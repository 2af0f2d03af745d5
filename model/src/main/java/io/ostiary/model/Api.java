package io.ostiary.model;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A set of routes published under one path, answered by one upstream or by its policies.
///
/// @param hosts for which it is published: names in lower case, or `*.example.com` for every name
///   below that one; none: for every host
/// @param path `/` or a path without a trailing slash
/// @param upstream the name of an upstream of the same snapshot; null: each route has its own, or
///   is answered by a policy
/// @param split shares of the calls that go elsewhere
/// @param stripPath whether `path` is cut off before the request goes on
/// @param document the OpenAPI document the routes came from, or null
/// @param routes none where the document has only webhooks
/// @param policies run for every route, in this order
/// @param upgrade to which protocols a connection may be changed
/// @param limits of its calls
/// @param errors what clients are told in the place of problems, before the gateway's own
/// @param encodedSlashes whether `%2F` may stand in its paths, where it is a part of its segment
public record Api(
    String name,
    List<String> hosts,
    String path,
    @Nullable String upstream,
    Split split,
    boolean stripPath,
    @Nullable Document document,
    List<Route> routes,
    List<PolicyUse> policies,
    Upgrades upgrade,
    CallLimits limits,
    boolean encodedSlashes,
    List<ErrorPage> errors) {
  private static final Pattern NOT_IN_PATH = Pattern.compile("[*?#]");
  private static final Pattern HOST =
      Pattern.compile(
          "(\\*\\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*"
              + "|\\[[0-9a-f:.]+]");

  public Api {
    Require.name("api.name", name);
    if (upstream != null) {
      Require.name("api.upstream", upstream);
    }
    if (!path.startsWith("/")
        || (path.length() > 1 && path.endsWith("/"))
        || NOT_IN_PATH.matcher(path).find()) {
      throw Require.invalid(
          "api.path",
          path,
          "'/' or a path like '/orders', without a final slash, '*', '?' and '#'");
    }
    hosts = List.copyOf(hosts);
    hosts.forEach(Api::checkHost);
    routes = List.copyOf(routes);
    policies = List.copyOf(policies);
    errors = List.copyOf(errors);
    if (upstream == null && (divided(split) || routes.stream().anyMatch(Api::dividedOnly))) {
      throw Require.invalid(
          "api.upstream", "none", "one, for the calls that no share of split takes");
    }
    Require.between("api.routes (count)", routes.size(), 0, 100_000);
  }

  /// With what may be changed where nothing is said, without limits and pages of its own, and with
  /// refusing `%2F`.
  public Api(
      String name,
      List<String> hosts,
      String path,
      @Nullable String upstream,
      Split split,
      boolean stripPath,
      @Nullable Document document,
      List<Route> routes,
      List<PolicyUse> policies) {
    this(
        name,
        hosts,
        path,
        upstream,
        split,
        stripPath,
        document,
        routes,
        policies,
        Upgrades.DEFAULT,
        CallLimits.NONE,
        false,
        List.of());
  }

  /// The upstream of a route's calls: its own, or else the API's; null: neither has one.
  public @Nullable String upstream(Route route) {
    return route.upstream() == null ? upstream : route.upstream();
  }

  private static boolean divided(Split split) {
    return !split.to().isEmpty();
  }

  private static boolean dividedOnly(Route route) {
    return route.upstream() == null && divided(route.split());
  }

  /// Names of all upstreams that its calls may go to: its own, its routes', and those of shares.
  public Set<String> upstreams() {
    var names = new LinkedHashSet<String>();
    add(names, upstream, split);
    routes.forEach(route -> add(names, route.upstream(), route.split()));
    return names;
  }

  private static void add(Set<String> names, @Nullable String own, Split split) {
    if (own != null) {
      names.add(own);
    }
    split.to().forEach(share -> names.add(share.upstream()));
  }

  /// The same but for its routes.
  public Api withRoutes(List<Route> others) {
    return new Api(
        name,
        hosts,
        path,
        upstream,
        split,
        stripPath,
        document,
        others,
        policies,
        upgrade,
        limits,
        encodedSlashes,
        errors);
  }

  private static void checkHost(String host) {
    if (!HOST.matcher(host).matches() || host.length() > 253) {
      throw Require.invalid(
          "api.hosts",
          host,
          "a name such as api.example.com or *.example.com, without a port; none stands for every"
              + " host");
    }
  }
}
