package io.ostiary.model;

import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A set of routes published under one path, answered by one upstream.
///
/// @param hosts for which it is published: names in lower case, or `*.example.com` for every name
///   below that one; none: for every host
/// @param path `/` or a path without a trailing slash
/// @param upstream the name of an upstream of the same snapshot
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
    String upstream,
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
    Require.name("api.upstream", upstream);
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
    Require.between("api.routes (count)", routes.size(), 0, 100_000);
  }

  /// With what may be changed where nothing is said, without limits and pages of its own, and with
  /// refusing `%2F`.
  public Api(
      String name,
      List<String> hosts,
      String path,
      String upstream,
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
