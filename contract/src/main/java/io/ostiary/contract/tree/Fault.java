package io.ostiary.contract.tree;

import java.util.Comparator;

/// Something wrong in what a person wrote, with its place. Made by [Position#fault].
///
/// @param message `name: seen (expected: what)`, then the repair where we know it
/// @param excerpt the line and a caret under the place, two lines
public record Fault(String file, int line, int column, String message, String excerpt)
    implements Comparable<Fault> {
  private static final Comparator<Fault> ORDER =
      Comparator.comparing(Fault::file)
          .thenComparingInt(Fault::line)
          .thenComparingInt(Fault::column)
          .thenComparing(Fault::message);

  @Override
  public int compareTo(Fault other) {
    return ORDER.compare(this, other);
  }

  /// The fault with the line it is about, for a terminal.
  public String render() {
    return excerpt.isBlank() ? toString() : this + "\n" + excerpt.indent(4).stripTrailing();
  }

  /// `ostiary.yaml:14:9: what is wrong`
  @Override
  public String toString() {
    return file + ":" + line + ":" + column + ": " + message;
  }
}
