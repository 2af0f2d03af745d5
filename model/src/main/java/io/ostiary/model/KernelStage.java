package io.ostiary.model;

import java.util.List;

/// A user's own program in the kernel, or the file that it should have come from.
///
/// @param name the file's name without `.bpf.o`
/// @param title what it says of itself
/// @param place `before` or `after` the classifier; empty where it was refused
/// @param sentence why it does not run, or what is wrong; empty where all is well
/// @param hooks `xdp`, `tcx` or both
public record KernelStage(
    String name,
    String title,
    State state,
    String place,
    int slot,
    String sentence,
    List<String> hooks,
    int instructions,
    long memoryBytes,
    Counts counts,
    List<StageMap> maps) {
  public KernelStage {
    hooks = List.copyOf(hooks);
    maps = List.copyOf(maps);
  }

  /// What is done with it.
  public enum State {
    RUNNING,
    /// Switched off by an operator.
    OFF,
    REFUSED
  }

  /// Packets since it was loaded: met = passed + dropped + taken.
  ///
  /// @param modified of those passed
  /// @param marked of those passed
  /// @param taken out of the chain without an answer, with a verdict of the kernel's own
  public record Counts(
      long met,
      long passed,
      long dropped,
      long modified,
      long marked,
      long taken,
      List<Reason> reasons) {
    public static final Counts NONE = new Counts(0, 0, 0, 0, 0, 0, List.of());

    public Counts {
      reasons = List.copyOf(reasons);
    }
  }

  /// One of the stage's own words for why it dropped.
  public record Reason(String word, long packets) {}

  /// @param entries the first that are not 0, of per-CPU maps the sums
  public record StageMap(
      String name, String type, long entriesMax, long bytes, List<Entry> entries) {
    public StageMap {
      entries = List.copyOf(entries);
    }
  }

  /// Numbers where key and value are of 1, 2, 4 or 8 bytes, else hexadecimal.
  public record Entry(String key, String value) {}
}
