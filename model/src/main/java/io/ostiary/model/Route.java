package io.ostiary.model;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One thing an API can be asked for: methods on a path, with policies of its own.
///
/// @param id unique within its API: the OpenAPI operation id where there is one, else made of
///   method and path
/// @param methods empty: every method
/// @param path relative to the API's path
/// @param conditions what else a request must be like
/// @param upstream in place of the API's and its split; null: those
/// @param operation the key of the operation in the API's document, or null
/// @param policies run after the API's own
/// @param split in place of the API's; without shares: the API's, unless `upstream` is given
/// @param limits of its calls, before the API's
/// @param upgrade to which protocols its clients may change; null: as the API's
public record Route(
    String id,
    Set<String> methods,
    PathPattern path,
    Conditions conditions,
    @Nullable String upstream,
    @Nullable String operation,
    List<PolicyUse> policies,
    Split split,
    CallLimits limits,
    @Nullable Upgrades upgrade) {
  public Route {
    Require.notBlank("route.id", id);
    methods = Set.copyOf(methods);
    policies = List.copyOf(policies);
  }

  /// With its API's upgrades.
  public Route(
      String id,
      Set<String> methods,
      PathPattern path,
      Conditions conditions,
      @Nullable String upstream,
      @Nullable String operation,
      List<PolicyUse> policies,
      Split split,
      CallLimits limits) {
    this(id, methods, path, conditions, upstream, operation, policies, split, limits, null);
  }

  /// Without a split and limits of its own.
  public Route(
      String id,
      Set<String> methods,
      PathPattern path,
      Conditions conditions,
      @Nullable String upstream,
      @Nullable String operation,
      List<PolicyUse> policies) {
    this(id, methods, path, conditions, upstream, operation, policies, Split.NONE, CallLimits.NONE);
  }
}
