package io.ostiary.contract.tree;

import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// One text that was read: what it is called and what it holds. Immutable. Every node of its tree
/// leads here, so a tree that is kept keeps its text as well, unless the text is only lent.
public final class Source {
  private static final int EXCERPT_MAX = 160;

  private final String name;
  private final @Nullable String text;
  private final WeakReference<String> lent;
  private volatile int @Nullable [] lineStarts;

  /// @param name as faults show it: the path as the user wrote it
  public Source(String name, String text) {
    this(name, text, new WeakReference<>(text));
  }

  private Source(String name, @Nullable String text, WeakReference<String> lent) {
    this.name = name;
    this.text = text;
    this.lent = lent;
  }

  /// A text that somebody else keeps for as long as faults may be found in it: nodes outlive many
  /// versions of a text, and must not keep them all.
  static Source lent(String name, String text) {
    return new Source(name, null, new WeakReference<>(text));
  }

  public String name() {
    return name;
  }

  public String text() {
    var whole = text == null ? lent.get() : text;
    return whole == null ? "" : whole;
  }

  /// The place of a character, counted in code points as editors do.
  Position position(int offset) {
    var text = text();
    int end = Math.clamp(offset, 0, text.length());
    int found = Arrays.binarySearch(lineStarts(text), end);
    int line = found >= 0 ? found + 1 : -found - 1;
    return new Position(this, line, text.codePointCount(lineStarts(text)[line - 1], end) + 1);
  }

  public Position start() {
    return new Position(this, 1, 1);
  }

  /// A line without its end; empty behind the last one, and where the text was lent and is gone.
  String line(int number) {
    var text = text();
    int[] starts = lineStarts(text);
    int start = number > starts.length ? Integer.MAX_VALUE : starts[number - 1];
    if (start > text.length()) {
      return "";
    }
    int end = text.indexOf('\n', start);
    var whole = text.substring(start, end < 0 ? text.length() : end);
    return whole.endsWith("\r") ? whole.substring(0, whole.length() - 1) : whole;
  }

  /// Where each line starts. Made when first asked for: most texts have no fault. Two threads may
  /// both make it, which does no harm.
  private int[] lineStarts(String text) {
    var starts = lineStarts;
    if (starts == null) {
      starts = findLines(text);
      lineStarts = starts;
    }
    return starts;
  }

  private static int[] findLines(String text) {
    var starts = IntStream.builder().add(0);
    for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) {
      starts.add(end + 1);
    }
    return starts.build().toArray();
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
