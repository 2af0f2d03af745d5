package io.ostiary.contract.tree;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// An object in a list, such as a route of an API, that has the place of its text rather than
/// members, and beside it what its reader made of it. Of ten thousand routes only that is asked for
/// again and again; their members, with a place each, would be thirty objects to move at each
/// collection of garbage. Whoever wants members all the same gets them composed anew, as long as
/// the text is there; once it is gone there are none.
///
/// Immutable but for what was made of it, which one reading at a time sets.
final class Followed implements Mapping {
  private final Source source;
  private final int from;
  private final int to;
  private final int line;
  private final int column;
  private volatile @Nullable Object made;

  /// @param from where its dash or its bracket stands
  /// @param to up to what follows it
  Followed(Source source, int from, int to, int line, int column) {
    this.source = source;
    this.from = from;
    this.to = to;
    this.line = line;
    this.column = column;
  }

  @Override
  public Mapping opened() {
    var text = source.text();
    return text.isEmpty()
        ? new Members(new Position(source, line, column + 1), List.of())
        : SimpleYaml.again(source, text.substring(from, to), line, column);
  }

  @Override
  public Position at() {
    return opened().at();
  }

  @Override
  public List<Member> members() {
    return opened().members();
  }

  @Override
  public @Nullable Member member(String name) {
    return opened().member(name);
  }

  @Override
  public @Nullable Object made() {
    return made;
  }

  @Override
  public void made(Object of) {
    made = of;
  }

  @Override
  public boolean keeps() {
    return true;
  }

  @Override
  public String toString() {
    return opened().toString();
  }
}
