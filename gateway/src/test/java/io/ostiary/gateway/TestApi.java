package io.ostiary.gateway;

import io.ostiary.model.Api;
import io.ostiary.model.CallLimits;
import io.ostiary.model.ErrorPage;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import io.ostiary.model.Split;
import io.ostiary.model.Upgrades;
import java.util.List;

/// An API before the upstream `up` of a [Kit], which says only what its test is about.
record TestApi(
    String path,
    boolean strip,
    List<Route> routes,
    List<PolicyUse> uses,
    Upgrades upgrade,
    CallLimits limits,
    boolean slashes,
    List<ErrorPage> errors) {
  /// One route for everything below the path, which the upstream sees as well.
  static TestApi at(String path) {
    return new TestApi(
        path,
        false,
        List.of(Kit.route("all", "/*")),
        List.of(),
        Upgrades.DEFAULT,
        CallLimits.NONE,
        false,
        List.of());
  }

  TestApi stripped() {
    return new TestApi(path, true, routes, uses, upgrade, limits, slashes, errors);
  }

  TestApi with(Route... others) {
    var all = List.of(others);
    return new TestApi(path, strip, all, uses, upgrade, limits, slashes, errors);
  }

  TestApi with(PolicyUse... others) {
    var all = List.of(others);
    return new TestApi(path, strip, routes, all, upgrade, limits, slashes, errors);
  }

  TestApi with(Upgrades other) {
    return new TestApi(path, strip, routes, uses, other, limits, slashes, errors);
  }

  TestApi with(CallLimits other) {
    return new TestApi(path, strip, routes, uses, upgrade, other, slashes, errors);
  }

  TestApi with(ErrorPage... others) {
    var all = List.of(others);
    return new TestApi(path, strip, routes, uses, upgrade, limits, slashes, all);
  }

  /// With `%2F` in its paths or without.
  TestApi slashes(boolean taken) {
    return new TestApi(path, strip, routes, uses, upgrade, limits, taken, errors);
  }

  /// It is called by its path.
  Api made() {
    return new Api(
        path.length() == 1 ? "api" : path.substring(1),
        List.of(),
        path,
        "up",
        Split.NONE,
        strip,
        null,
        routes,
        uses,
        upgrade,
        limits,
        slashes,
        errors);
  }
}
