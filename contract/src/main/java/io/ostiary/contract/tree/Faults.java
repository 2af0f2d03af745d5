package io.ostiary.contract.tree;

import java.util.ArrayList;
import java.util.List;

/// Faults that are being collected. All are counted and the first thousand kept, so that a file of
/// a million wrong lines does not fill the memory with what is said about it. Used by one thread.
public final class Faults {
  private static final int KEPT_MAX = 1_000;

  private final List<Fault> kept = new ArrayList<>();
  private long count;

  public void add(Position at, String message) {
    if (count++ < KEPT_MAX) {
      kept.add(at.fault(message));
    }
  }

  public void add(Fault fault) {
    if (count++ < KEPT_MAX) {
      kept.add(fault);
    }
  }

  public void addAll(List<Fault> faults) {
    faults.forEach(this::add);
  }

  /// How many were added, kept or not.
  public long count() {
    return count;
  }

  /// Those that were kept, each once, in the order of the text.
  public List<Fault> sorted() {
    return kept.stream().distinct().sorted().toList();
  }
}
