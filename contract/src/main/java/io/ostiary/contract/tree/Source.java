package io.ostiary.contract.tree;

/// One text that was read: what it is called and what it holds. Immutable. Every node of its tree
/// leads here, so a tree that is kept keeps its text as well.
public final class Source {
  private static final int EXCERPT_MAX = 160;

  private final String name;
  private final String text;

  /// @param name as faults show it: the path as the user wrote it
  public Source(String name, String text) {
    this.name = name;
    this.text = text;
  }

  public String name() {
    return name;
  }

  public String text() {
    return text;
  }

  /// The place of a character, counted in code points as editors do.
  Position position(int offset) {
    int line = 1;
    int lineStart = 0;
    int end = Math.clamp(offset, 0, text.length());
    for (int next = text.indexOf('\n');
        next >= 0 && next < end;
        next = text.indexOf('\n', next + 1)) {
      line++;
      lineStart = next + 1;
    }
    return new Position(this, line, text.codePointCount(lineStart, end) + 1);
  }

  public Position start() {
    return new Position(this, 1, 1);
  }

  /// A line without its end; empty behind the last one.
  String line(int number) {
    int start = 0;
    for (int line = 1; line < number; line++) {
      int next = text.indexOf('\n', start);
      if (next < 0) {
        return "";
      }
      start = next + 1;
    }
    int end = text.indexOf('\n', start);
    var whole = text.substring(start, end < 0 ? text.length() : end);
    return whole.endsWith("\r") ? whole.substring(0, whole.length() - 1) : whole;
  }

  /// The line around a position and a caret under it. Minified documents have lines of megabytes,
  /// so only the neighbourhood is shown. Control characters are replaced, for the excerpt goes to
  /// terminals.
  String excerpt(int line, int column) {
    int[] points = line(line).codePoints().map(Source::visible).toArray();
    int caret = Math.min(column - 1, points.length);
    int from = points.length <= EXCERPT_MAX ? 0 : Math.max(0, caret - EXCERPT_MAX / 2);
    int count = Math.min(EXCERPT_MAX, points.length - from);
    return new String(points, from, count) + "\n" + " ".repeat(caret - from) + "^";
  }

  private static int visible(int point) {
    if (point == '\t') {
      return ' ';
    }
    return Character.isISOControl(point) || Character.getType(point) == Character.FORMAT
        ? 0xfffd
        : point;
  }

  @Override
  public String toString() {
    return name;
  }
}
