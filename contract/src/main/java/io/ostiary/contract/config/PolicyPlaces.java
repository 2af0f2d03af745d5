package io.ostiary.contract.config;

import io.ostiary.contract.bind.Binder;
import io.ostiary.contract.bind.Blamed;
import io.ostiary.contract.bind.Kept;
import io.ostiary.contract.bind.Shapes;
import io.ostiary.contract.tree.Fault;
import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.Position;
import io.ostiary.contract.tree.TreeReader;
import io.ostiary.model.PolicyUse;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where the policies of one configuration stand, by identity: two uses may be equal. Which of an
/// API or a route it is, in the order in which they are bound, is found among what was kept; where
/// that one stands is found by reading the text once more, since hardly one is ever asked for.
/// Immutable.
///
/// @param others those that are not in an API
/// @param apis by their nodes
/// @param shapes that they were bound by
/// @param root of the tree
/// @param text the whole of it; empty: the source has it
record PolicyPlaces(
    List<PolicyUse> others,
    IdentityHashMap<Node, KnownApis.Known> apis,
    Shapes shapes,
    Node root,
    String text) {

  /// A fault at the setting of this policy that the message names, else where the policy stands, or
  /// where the text begins.
  Fault fault(@Nullable PolicyUse use, String message) {
    var at = of(use);
    var named = use == null ? -1 : message.indexOf(use.name() + ".");
    if (use == null || named < 0) {
      return at.fault(message);
    }
    var settings = settings(again(), at);
    if (settings == null) {
      return at.fault(message);
    }
    var blamed = new IllegalArgumentException(message.substring(named));
    var place = Blamed.node(settings, blamed);
    return place.equals(settings) ? at.fault(message) : place.fault(message);
  }

  /// What stands behind the name at a place; null: nothing.
  private static @Nullable Node settings(@Nullable Node node, Position at) {
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
      case null, default -> {}
    }
    return null;
  }

  /// The text is whole, or it would have no plan; it is read once more because trees are not kept.
  private @Nullable Node again() {
    var source = root.at().source();
    var words = text.isEmpty() ? source.text() : text;
    return TreeReader.parse(words, source.name(), Limits.CONFIGURATION)
            instanceof Parsed.Tree(var tree, var _)
        ? tree
        : null;
  }

  private Position of(@Nullable PolicyUse use) {
    var tree = use == null ? null : again();
    var place = tree == null || use == null ? null : find(use, tree);
    return place == null ? root.at().in(text) : place;
  }

  private @Nullable Position find(PolicyUse use, Node tree) {
    var nodes = Notes.items(root, "apis");
    var now = Notes.items(tree, "apis");
    for (int i = 0; i < nodes.size(); i++) {
      var api = apis.get(nodes.get(i));
      int own = api == null ? -1 : place(use, api.uses());
      var routes = Notes.items(nodes.get(i), "routes");
      var routesNow = Notes.items(now.get(i), "routes");
      if (own >= 0) {
        return bound(Written.Api.class, now.get(i), apart(routes, routesNow)).get(own);
      }
      for (int j = 0; j < routes.size(); j++) {
        var route = KnownRoute.of(routes.get(j), shapes);
        int ofRoute = route == null ? -1 : place(use, route.uses());
        if (ofRoute >= 0) {
          return bound(Written.Route.class, routesNow.get(j), Set.of()).get(ofRoute);
        }
      }
    }
    int other = place(use, others);
    return other < 0 ? null : bound(Written.class, tree, identical(now)).get(other);
  }

  @SuppressWarnings("ReferenceEquality") // Two uses may be equal.
  private static int place(PolicyUse use, List<PolicyUse> uses) {
    for (int i = 0; i < uses.size(); i++) {
      if (uses.get(i) == use) {
        return i;
      }
    }
    return -1;
  }

  /// Those of the routes that keep their policies themselves.
  private static Set<Node> apart(List<Node> routes, List<Node> now) {
    var apart = Collections.<Node>newSetFromMap(new IdentityHashMap<>());
    for (int i = 0; i < routes.size(); i++) {
      if (routes.get(i) instanceof Mapping route && route.keeps()) {
        apart.add(now.get(i));
      }
    }
    return apart;
  }

  private static Set<Node> identical(List<Node> nodes) {
    var set = Collections.<Node>newSetFromMap(new IdentityHashMap<>());
    set.addAll(nodes);
    return set;
  }

  /// The places of the policies in a node, but for those in nodes apart.
  private List<Position> bound(Class<? extends Record> type, Node node, Set<Node> apart) {
    var binder =
        Binder.placing(
            new Kept() {
              @Override
              public boolean keeps(Class<? extends Record> other) {
                return true;
              }

              @Override
              public @Nullable Bound get(Class<? extends Record> other, Node item) {
                return null;
              }

              @Override
              public boolean put(Class<? extends Record> other, Node item, Bound bound) {
                return apart.contains(item);
              }
            });
    binder.bind(shapes, type, node, "item");
    return binder.places();
  }
}
