package io.ostiary.contract.tree;

import java.util.List;

/// What became of a text.
public sealed interface Parsed {
  /// What is wrong with it, by position.
  List<Fault> faults();

  /// The whole text was understood. Faults here, such as a name given twice, leave a tree that can
  /// be searched for more faults, but must not be used.
  record Tree(Node root, List<Fault> faults) implements Parsed {
    public Tree {
      faults = List.copyOf(faults);
    }
  }

  /// The text could not be read to its end, so nothing can be said about its content.
  record Broken(List<Fault> faults) implements Parsed {
    public Broken {
      faults = List.copyOf(faults);
    }
  }
}
