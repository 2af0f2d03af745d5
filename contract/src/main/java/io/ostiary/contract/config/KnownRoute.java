package io.ostiary.contract.config;

import io.ostiary.contract.bind.Kept;
import io.ostiary.contract.bind.Shapes;
import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What was made of one route of an API, kept by its node in place of its members. All of it
/// follows from the node alone, given the same policies. Used by one reading at a time.
final class KnownRoute implements Kept.Bound {
  private final Shapes shapes;
  private final Written.Route written;
  private final List<PolicyUse> uses;
  private final List<Node.Text> upstreams;
  private final Node.@Nullable Text operation;
  private @Nullable Route meaning;

  /// @param shapes that it was bound by
  /// @param members its own
  KnownRoute(Shapes shapes, Kept.Bound bound, Mapping members) {
    this.shapes = shapes;
    written = (Written.Route) bound.value();
    var policies = written.policies();
    // Mostly they are the same, and then one list is enough.
    uses = bound.uses().size() == policies.size() ? policies : bound.uses();
    upstreams = References.upstreams(members);
    operation = Notes.text(members, "operation");
  }

  /// Null: it was bound by others.
  static @Nullable KnownRoute of(Node node, @Nullable Shapes shapes) {
    return made(node) instanceof KnownRoute known && known.shapes == shapes ? known : null;
  }

  private static @Nullable Object made(Node node) {
    return node instanceof Mapping mapping ? mapping.made() : null;
  }

  @Override
  public Object value() {
    return written;
  }

  @Override
  public List<PolicyUse> uses() {
    return uses;
  }

  /// Every name of an upstream in it.
  List<Node.Text> upstreams() {
    return upstreams;
  }

  /// The name of an operation of a document; null: it has none.
  Node.@Nullable Text operation() {
    return operation;
  }

  /// Null: not made yet, or it is that of a document.
  @Nullable Route meaning() {
    return meaning;
  }

  void means(Route route) {
    meaning = route;
  }
}
