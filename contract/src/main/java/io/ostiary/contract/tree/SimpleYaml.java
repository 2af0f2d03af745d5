package io.ostiary.contract.tree;

import io.ostiary.contract.tree.Items.Item;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The YAML that programs and most people write, composed straight from its text: lists and objects
/// in block or flow style, texts of one line with or without quotes, comments. Everything else
/// (anchors, tags, texts over several lines, tabs, and whatever is wrong) is left to the whole
/// parser, which then reads the text from its start.
///
/// Ten thousand routes are a megabyte and a half, and a reload should be over in a tenth of a
/// second; the whole parser needs longer than that for its tokens and events alone.
///
/// The one rule: a tree from here is the tree that the whole parser gives, every position included.
/// So where it is not certain what a text means, this gives up (`NotSimple`), and it never says
/// that something is wrong. `SimpleYamlTest` holds the two against each other.
final class SimpleYaml extends SimpleText {
  private static final int SCANNED_MAX = 8;

  /// How deep lists lie that are members of items of lists below the root.
  private static final int MAKING = 3;

  private final Source source;

  private final int depthMax;
  private final Before.Next versions;
  private final Makers makers;

  /// The lists that we are in: the one below the root, and that of its item.
  private String list = "";

  private String inner = "";

  private SimpleYaml(
      Source source, String text, int depthMax, Before.Next versions, Making making) {
    super(text);
    this.source = source;
    this.depthMax = depthMax;
    this.versions = versions;
    makers = new Makers(making);
  }

  /// Null: it is not simple, or there is something wrong with it.
  static @Nullable Node compose(Source source, Limits limits) {
    return compose(source, limits, Before.none().next(source.text()), Making.NOTHING);
  }

  /// The same with what is known of the version before, which it keeps for the one to come.
  static @Nullable Node compose(Source source, Limits limits, Before.Next versions, Making making) {
    var yaml = new SimpleYaml(source, source.text(), limits.depthMax(), versions, making);
    try {
      var root = yaml.document();
      yaml.makers.finish();
      return root;
    } catch (NotSimple e) {
      return null;
    } finally {
      yaml.makers.close();
    }
  }

  /// The members of an item of which something was made.
  ///
  /// @param item its text
  static Mapping again(Source source, String item, int line, int column) {
    var versions = Before.none().next(item);
    var yaml = new SimpleYaml(source, item, Integer.MAX_VALUE, versions, Making.NOTHING);
    yaml.line = line;
    yaml.lineStart = -column;
    return (Mapping) (yaml.dash() ? yaml.item(column, MAKING) : yaml.flow(MAKING + 1));
  }

  private Node document() {
    checkCharacters(versions.unknownFrom(), versions.unknownTo());
    blanks();
    if (at == end) {
      return new Node.Null(source.start());
    }
    if (at == lineStart && text.startsWith("---\n", at)) {
      at += 3;
      blanks();
    }
    check(at < end && !marker());
    var root = block(-1, 0);
    check(at == end);
    return root;
  }

  // Block style.

  /// What begins here, on a line of its own or behind the dash of a list.
  ///
  /// @param parent the column of what holds it: what is not further right is not part of it
  private Node block(int parent, int depth) {
    if (dash()) {
      return sequence(at - lineStart, depth);
    }
    if (opens()) {
      return closed(flow(depth), parent);
    }
    var start = here();
    int column = at - lineStart;
    var scalar = scalar(false);
    return colon(false)
        ? mapping(column, start, scalar, depth)
        : closed(resolved(start, scalar, depth), parent);
  }

  private Node sequence(int column, int depth) {
    checkDepth(depth);
    var start = here();
    var items = new ArrayList<Node>();
    while (at < end && at - lineStart == column && dash()) {
      items.add(depth == 1 ? followed() : making(depth) ? made(depth) : item(column, depth));
    }
    check(at == end || at - lineStart <= column);
    return new Node.Sequence(start, items);
  }

  private Node item(int column, int depth) {
    at++;
    return value(column, false, depth + 1);
  }

  // What is followed from version to version. What an item means depends on nothing in front of it
  // but the column of its dash or bracket.

  /// An item of a list below the root, or what was made of it before.
  private Node followed() {
    int from = at;
    int first = line;
    int column = at - lineStart;
    var known = known(column);
    if (known != null) {
      return known;
    }
    inner = "";
    versions.begins(from);
    var node = item(column, 1);
    versions.ends(new Item(node, from, at - from, line - first, column, at - lineStart));
    return node;
  }

  /// Whether something is made of the items of the list that begins here.
  private boolean making(int depth) {
    return depth == MAKING && versions.inside() && makers.makes(list, inner);
  }

  /// An item of such a list. It keeps its text, what is made of it, and nothing else.
  private Node made(int depth) {
    int from = at;
    int first = line;
    int column = at - lineStart;
    var known = known(column);
    if (known != null) {
      return known;
    }
    var node = dash() ? item(column, depth) : flow(depth + 1);
    if (node instanceof Members object) {
      var kept = new Followed(source, from, at, first, column);
      makers.add(kept, object);
      node = kept;
    }
    versions.made(new Item(node, from, at - from, line - first, column, at - lineStart));
    return node;
  }

  private @Nullable Node known(int column) {
    var known = versions.at(at, column);
    if (known == null) {
      return null;
    }
    versions.reuse(known, at);
    at += known.length();
    line += known.lines();
    lineStart = at - known.then();
    return known.node();
  }

  /// @param name the first, which stands before us with its colon behind it
  private Node mapping(int column, Position start, String name, int depth) {
    checkDepth(depth + 1);
    var members = new ArrayList<Mapping.Member>(4);
    Set<String> names = Set.of();
    var nameAt = start;
    while (true) {
      names = checked(name, members, names);
      in(name, depth);
      at++;
      members.add(new Mapping.Member(name, nameAt, value(column, true, depth + 1)));
      if (at == end || at - lineStart < column) {
        return Mapping.of(start, members);
      }
      check(at - lineStart == column);
      nameAt = here();
      name = scalar(false);
      check(colon(false));
    }
  }

  private void in(String name, int depth) {
    if (depth == 0) {
      list = name;
    } else if (depth == MAKING - 1) {
      inner = name;
    }
  }

  /// What stands behind the colon or the dash that was just read, or below it.
  private Node value(int column, boolean named, int depth) {
    var nothing = here();
    int before = line;
    skip();
    if (at < end && line == before) {
      return named ? behind(column, depth) : block(column, depth);
    }
    int below = at < end ? at - lineStart : -1;
    if (below > column) {
      return block(column, depth);
    }
    if (named && below == column && dash()) {
      return sequence(column, depth);
    }
    checkDepth(depth);
    return new Node.Null(nothing);
  }

  /// A value on the line of its name: neither a list nor an object in block style.
  private Node behind(int column, int depth) {
    if (opens()) {
      return closed(flow(depth), column);
    }
    check(!dash());
    var start = here();
    var scalar = scalar(false);
    check(!colon(false));
    return closed(resolved(start, scalar, depth), column);
  }

  /// Goes to what follows a value, which must not be a part of it.
  private Node closed(Node value, int parent) {
    int before = line;
    skip();
    check(at == end || (line > before && at - lineStart <= parent));
    return value;
  }

  // Flow style.

  private Node flow(int depth) {
    checkDepth(depth);
    var start = here();
    return text.charAt(at++) == '[' ? flowSequence(start, depth) : flowMapping(start, depth);
  }

  private Node flowSequence(Position start, int depth) {
    var items = new ArrayList<Node>();
    boolean making = making(depth);
    while (!ended(']', !items.isEmpty())) {
      items.add(making && at < end && opens() ? made(depth) : flowItem(depth + 1));
    }
    return new Node.Sequence(start, items);
  }

  /// A value, or an object of one member without braces: `[ key-auth: {} ]`.
  private Node flowItem(int depth) {
    check(at < end);
    if (opens()) {
      return flow(depth);
    }
    var start = here();
    var scalar = scalar(true);
    if (!colon(quoted)) {
      return resolved(start, scalar, depth);
    }
    checkDepth(depth + 1);
    checked(scalar, List.of(), Set.of());
    at++;
    skip();
    return Mapping.of(start, List.of(new Mapping.Member(scalar, start, flowValue(depth + 1))));
  }

  private Node flowMapping(Position start, int depth) {
    var members = new ArrayList<Mapping.Member>(4);
    Set<String> names = Set.of();
    while (!ended('}', !members.isEmpty())) {
      checkDepth(depth + 1);
      var nameAt = here();
      var name = scalar(true);
      check(colon(quoted));
      names = checked(name, members, names);
      in(name, depth);
      at++;
      skip();
      members.add(new Mapping.Member(name, nameAt, flowValue(depth + 1)));
    }
    return Mapping.of(start, members);
  }

  /// Goes over the comma behind an item, and over the closing bracket.
  private boolean ended(char bracket, boolean comma) {
    skip();
    check(at < end);
    if (comma && chars[at] == ',') {
      at++;
      skip();
    } else {
      check(!comma || chars[at] == bracket);
    }
    if (at < end && chars[at] == bracket) {
      at++;
      return true;
    }
    return false;
  }

  private Node flowValue(int depth) {
    check(at < end);
    if (opens()) {
      return flow(depth);
    }
    var start = here();
    return resolved(start, scalar(true), depth);
  }

  // Parts.

  private Node resolved(Position start, String scalar, int depth) {
    checkDepth(depth);
    if (quoted) {
      return new Node.Text(start, scalar);
    }
    var node = CoreSchema.resolve(start, scalar);
    if (node == null) {
      throw new NotSimple();
    }
    return node;
  }

  private Position here() {
    return new Position(source, line, at - lineStart + 1);
  }

  // What is left to the whole parser.

  private void checkDepth(int depth) {
    check(depth <= depthMax);
  }

  /// @param names of the members before, once they are many
  /// @return the same with this one
  private static Set<String> checked(String name, List<Mapping.Member> before, Set<String> names) {
    check(name.length() <= NAME_MAX);
    if (before.size() < SCANNED_MAX) {
      for (int i = 0; i < before.size(); i++) {
        check(!before.get(i).name().equals(name));
      }
      return names;
    }
    var all = names;
    if (all.isEmpty()) {
      all = new HashSet<>();
      for (var member : before) {
        all.add(member.name());
      }
    }
    check(all.add(name));
    return all;
  }
}
