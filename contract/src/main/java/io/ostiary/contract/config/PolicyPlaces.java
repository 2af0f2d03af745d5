package io.ostiary.contract.config;

import io.ostiary.contract.bind.Blamed;
import io.ostiary.contract.tree.Fault;
import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.Position;
import io.ostiary.contract.tree.TreeReader;
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

  /// A fault at the setting of this policy that the message names, else where the policy stands, or
  /// where the text begins.
  Fault fault(@Nullable PolicyUse use, String message) {
    var at = of(use);
    var named = use == null ? -1 : message.indexOf(use.name() + ".");
    if (use == null || named < 0) {
      return at.fault(message);
    }
    // The text is whole, or it would have no plan; it is read once more because trees are not kept.
    var parsed = TreeReader.parse(at.source().text(), at.source().name(), Limits.CONFIGURATION);
    var settings = parsed instanceof Parsed.Tree(var root, var _) ? settings(root, at) : null;
    if (settings == null) {
      return at.fault(message);
    }
    var blamed = new IllegalArgumentException(message.substring(named));
    var place = Blamed.node(settings, blamed);
    return place.equals(settings) ? at.fault(message) : place.fault(message);
  }

  /// What stands behind the name at a place; null: nothing.
  private static @Nullable Node settings(Node node, Position at) {
    switch (node) {
      case Mapping mapping -> {
        for (var member : mapping.members()) {
          var name = member.nameAt();
          boolean here = name.line() == at.line() && name.column() == at.column();
          var found = here ? member.value() : settings(member.value(), at);
          if (found != null) {
            return found;
          }
        }
      }
      case Node.Sequence sequence -> {
        for (var item : sequence.items()) {
          var found = settings(item, at);
          if (found != null) {
            return found;
          }
        }
      }
      default -> {}
    }
    return null;
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
