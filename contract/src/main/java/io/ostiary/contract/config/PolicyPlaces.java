package io.ostiary.contract.config;

import io.ostiary.contract.tree.Fault;
import io.ostiary.contract.tree.Node;
import io.ostiary.contract.tree.Position;
import io.ostiary.model.PolicyUse;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/// Where the policies of one configuration stand, by identity: two uses may be equal. Immutable.
///
/// @param others those that are not in an API
/// @param apis by their nodes
/// @param shifts see [io.ostiary.contract.tree.FollowedText.Version]
/// @param start of the text
/// @param text the whole of it
record PolicyPlaces(
    IdentityHashMap<PolicyUse, Position> others,
    IdentityHashMap<Node, KnownApis.Known> apis,
    IdentityHashMap<Node, Integer> shifts,
    Position start,
    String text) {

  /// A fault where this policy stands, or where the text begins.
  Fault fault(@Nullable PolicyUse use, String message) {
    return of(use).fault(message);
  }

  private Position of(@Nullable PolicyUse use) {
    var other = use == null ? null : others.get(use);
    if (use == null || other != null) {
      return other == null ? start : start.in(text, other.line(), other.column());
    }
    for (var api : apis.entrySet()) {
      var at = api.getValue().uses().get(use);
      if (at != null) {
        int shift = shifts.getOrDefault(api.getKey(), 0);
        return start.in(text, at.line() + shift, at.column());
      }
    }
    return start;
  }
}
