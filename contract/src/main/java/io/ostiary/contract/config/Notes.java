package io.ostiary.contract.config;

import io.ostiary.contract.bind.Blamed;
import io.ostiary.contract.tree.Fault;
import io.ostiary.contract.tree.Faults;
import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What was noticed while one configuration was read, with the tree that gives the places. Used by
/// one thread.
final class Notes {
  private final Node root;
  private boolean misplaced;
  private final Faults faults = new Faults();
  private final Faults warnings = new Faults();

  Notes(Node root) {
    this.root = root;
  }

  /// Whether anything was said of a node of an earlier version, which is somewhere else now.
  boolean misplaced() {
    return misplaced;
  }

  /// The node of a JSON pointer, or the nearest that is there.
  Node at(String pointer) {
    return root.nearest(pointer);
  }

  void fault(String pointer, String message) {
    faults.add(at(pointer).fault(message));
  }

  void fault(Node node, String message) {
    faults.add(node.fault(message));
  }

  void faults(List<Fault> more) {
    faults.addAll(more);
  }

  void warning(String pointer, String message) {
    warning(at(pointer), message);
  }

  void warning(Node node, String message) {
    misplaced |= node.at().source() != root.at().source();
    warnings.add(node.fault(message));
  }

  void warnings(List<Fault> more) {
    warnings.addAll(more);
  }

  boolean faulty() {
    return faults.count() > 0;
  }

  /// What `make` makes, or null with a fault at the part of the node that its message names.
  <T> @Nullable T attempt(String pointer, Supplier<T> make) {
    try {
      return make.get();
    } catch (IllegalArgumentException e) {
      faults.add(Blamed.node(at(pointer), e).fault(String.valueOf(e.getMessage())));
      return null;
    }
  }

  List<Fault> sortedFaults() {
    return faults.sorted();
  }

  List<Fault> sortedWarnings() {
    return warnings.sorted();
  }

  /// The items of a list below the root; none where there is no list.
  static List<Node> items(Node parent, String name) {
    return parent instanceof Mapping mapping && mapping.get(name) instanceof Node.Sequence sequence
        ? sequence.items()
        : List.of();
  }

  /// Whether it has a member of this name.
  static boolean has(Node parent, String name) {
    return parent instanceof Mapping mapping && mapping.get(name) != null;
  }

  /// The text of a member, or null where there is none.
  static Node.@Nullable Text text(Node parent, String name) {
    return parent instanceof Mapping mapping && mapping.get(name) instanceof Node.Text text
        ? text
        : null;
  }

  /// A member, or null where there is none.
  static @Nullable Node member(Node parent, String name) {
    return parent instanceof Mapping mapping ? mapping.get(name) : null;
  }
}
