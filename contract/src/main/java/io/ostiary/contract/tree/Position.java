package io.ostiary.contract.tree;

/// A place in a text.
///
/// @param line from 1
/// @param column from 1, in code points
public record Position(Source source, int line, int column) {
  /// What is wrong here.
  public Fault fault(String message) {
    return new Fault(source.name(), line, column, shown(message), source.excerpt(line, column));
  }

  /// Messages show what was written, and go to terminals.
  private static String shown(String message) {
    if (message.chars().noneMatch(Position::hidden)) {
      return message;
    }
    var shown = new StringBuilder(message.length());
    message.codePoints().forEach(point -> shown.appendCodePoint(hidden(point) ? 0xfffd : point));
    return shown.toString();
  }

  private static boolean hidden(int point) {
    return Character.isISOControl(point) && point != '\n';
  }

  /// The same place in a text whose words are given: see [Source#lent].
  ///
  /// @param text the whole of it; empty: the source has it
  public Position in(String text) {
    var words = text.isEmpty() ? source : new Source(source.name(), text);
    return new Position(words, line, column);
  }

  @Override
  public String toString() {
    return source.name() + ":" + line + ":" + column;
  }
}
