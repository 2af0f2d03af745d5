package io.ostiary.contract.tree;

/// A place in a text.
///
/// @param line from 1
/// @param column from 1, in code points
public record Position(Source source, int line, int column) {
  /// What is wrong here.
  public Fault fault(String message) {
    return new Fault(source.name(), line, column, message, source.excerpt(line, column));
  }

  @Override
  public String toString() {
    return source.name() + ":" + line + ":" + column;
  }
}
