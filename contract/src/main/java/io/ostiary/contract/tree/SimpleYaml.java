package io.ostiary.contract.tree;

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
final class SimpleYaml {
  /// Shorter than what YAML allows in a name (1,024) and than the longest number we take (400).
  private static final int NAME_MAX = 300;

  private static final int SCANNED_MAX = 8;
  private static final int SEEN = 1024;
  private static final int SEEN_LENGTH_MAX = 40;
  private static final String NEVER_FIRST = ",[]{}#&*!|>%@`:";
  private static final String FLOW = ",[]{}";

  private final Source source;
  private final String text;
  private final int end;

  /// Texts seen before, by a hash of theirs: names and settings are the same again and again.
  private final @Nullable String[] seen = new @Nullable String[SEEN];

  private final int depthMax;
  private final Before.Next versions;
  private int at;
  private int line = 1;
  private int lineStart;
  private boolean quoted;

  private SimpleYaml(Source source, Limits limits, Before.Next versions) {
    this.source = source;
    this.versions = versions;
    text = source.text();
    end = text.length();
    depthMax = limits.depthMax();
  }

  /// Null: it is not simple, or there is something wrong with it.
  static @Nullable Node compose(Source source, Limits limits) {
    return compose(source, limits, Before.none().next(source.text()));
  }

  /// The same with what is known of the version before, which it keeps for the one to come.
  static @Nullable Node compose(Source source, Limits limits, Before.Next versions) {
    try {
      return new SimpleYaml(source, limits, versions).document();
    } catch (NotSimple e) {
      return null;
    }
  }

  private Node document() {
    checkCharacters();
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

  /// No tab and no line end but one, and what is one `char` is one code point, so that columns can
  /// be counted by subtracting.
  private void checkCharacters() {
    for (int i = versions.unknownFrom(); i < versions.unknownTo(); i++) {
      char c = text.charAt(i);
      boolean ascii = (c >= ' ' && c < 0x7f) || c == '\n';
      check(ascii || (c >= 0xa0 && c < 0xd800 && c != 0x2028 && c != 0x2029));
    }
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
      items.add(depth == 1 ? itemBelowRoot(column) : item(column, depth));
    }
    check(at == end || at - lineStart <= column);
    return new Node.Sequence(start, items);
  }

  private Node item(int column, int depth) {
    at++;
    return value(column, false, depth + 1);
  }

  /// The same, or what was made of it before. What it means depends on nothing in front of it but
  /// the column of its dash.
  private Node itemBelowRoot(int column) {
    int from = at;
    int first = line;
    var known = versions.at(from, column);
    if (known != null) {
      versions.reuse(known, from, first);
      at += known.to() - known.from();
      line += known.lines();
      lineStart = at - known.then();
      return known.node();
    }
    var node = item(column, 1);
    int then = at - lineStart;
    versions.made(new Before.Item(node, from, at, first, line - first, column, then, first));
    return node;
  }

  /// @param name the first, which stands before us with its colon behind it
  private Node mapping(int column, Position start, String name, int depth) {
    checkDepth(depth + 1);
    var members = new ArrayList<Mapping.Member>(4);
    Set<String> names = Set.of();
    var nameAt = start;
    while (true) {
      names = checked(name, members, names);
      at++;
      members.add(new Mapping.Member(name, nameAt, value(column, true, depth + 1)));
      if (at == end || at - lineStart < column) {
        return new Mapping(start, members);
      }
      check(at - lineStart == column);
      nameAt = here();
      name = scalar(false);
      check(colon(false));
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
    while (!ended(']', !items.isEmpty())) {
      items.add(flowItem(depth + 1));
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
    return new Mapping(start, List.of(new Mapping.Member(scalar, start, flowValue(depth + 1))));
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
      at++;
      skip();
      members.add(new Mapping.Member(name, nameAt, flowValue(depth + 1)));
    }
    return new Mapping(start, members);
  }

  /// Goes over the comma behind an item, and over the closing bracket.
  private boolean ended(char bracket, boolean comma) {
    skip();
    check(at < end);
    if (comma && text.charAt(at) == ',') {
      at++;
      skip();
    } else {
      check(!comma || text.charAt(at) == bracket);
    }
    if (at < end && text.charAt(at) == bracket) {
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

  // Scalars.

  /// The scalar that begins here, of which `quoted` then says whether it is a text in any case.
  private String scalar(boolean flow) {
    check(at < end);
    char first = text.charAt(at);
    quoted = first == '"' || first == '\'';
    if (quoted) {
      return first == '"' ? doubleQuoted() : singleQuoted();
    }
    check(NEVER_FIRST.indexOf(first) < 0);
    check((first != '-' && first != '?') || !(flow ? separates(at + 1) : blank(at + 1)));
    check(!flow || first != '?');
    int begun = at;
    int behind = at;
    for (; at < end; at++) {
      char c = text.charAt(at);
      if (c == '\n'
          || (c == ':' && (flow ? separates(at + 1) : blank(at + 1)))
          || (c == '#' && text.charAt(at - 1) == ' ')
          || (flow && FLOW.indexOf(c) >= 0)) {
        break;
      }
      if (c != ' ') {
        behind = at + 1;
      }
    }
    return piece(begun, behind);
  }

  private String singleQuoted() {
    int begun = at + 1;
    int close = closing('\'', begun);
    at = close + 1;
    check(at == end || text.charAt(at) != '\''); // a doubled one stands for itself
    return piece(begun, close);
  }

  private String doubleQuoted() {
    int begun = at + 1;
    int close = closing('"', begun);
    int escape = text.indexOf('\\', begun, close);
    if (escape < 0) {
      at = close + 1;
      return piece(begun, close);
    }
    var value = new StringBuilder();
    for (at = begun; ; at++) {
      check(at < end);
      char c = text.charAt(at);
      if (c == '"') {
        at++;
        return value.toString();
      }
      check(c != '\n');
      value.append(c == '\\' ? escaped() : c);
    }
  }

  private String piece(int from, int to) {
    int length = to - from;
    if (length > SEEN_LENGTH_MAX) {
      return text.substring(from, to);
    }
    int hash = length;
    for (int i = from; i < to; i++) {
      hash = hash * 31 + text.charAt(i);
    }
    int place = (hash ^ (hash >>> 10)) & (SEEN - 1);
    var before = seen[place];
    if (before != null && before.length() == length && text.startsWith(before, from)) {
      return before;
    }
    var piece = text.substring(from, to);
    seen[place] = piece;
    return piece;
  }

  private char escaped() {
    at++;
    check(at < end);
    return switch (text.charAt(at)) {
      case '\\' -> '\\';
      case '"' -> '"';
      case 'n' -> '\n';
      case 't' -> '\t';
      default -> throw new NotSimple();
    };
  }

  private int closing(char quote, int from) {
    int close = text.indexOf(quote, from);
    check(close >= 0 && text.indexOf('\n', from, close) < 0);
    return close;
  }

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

  // Where we are.

  private Position here() {
    return new Position(source, line, at - lineStart + 1);
  }

  /// To what is neither blank nor comment, here or further down.
  private void skip() {
    blanks();
    check(at == end || !marker());
  }

  private void blanks() {
    while (at < end) {
      char c = text.charAt(at);
      if (c == '\n') {
        line++;
        lineStart = at + 1;
      } else if (c == '#' && (at == lineStart || text.charAt(at - 1) == ' ')) {
        int next = text.indexOf('\n', at);
        at = next < 0 ? end : next;
        continue;
      } else if (c != ' ') {
        return;
      }
      at++;
    }
  }

  /// Whether the line is one that ends or begins a document.
  private boolean marker() {
    return at == lineStart
        && (text.startsWith("---", at) || text.startsWith("...", at))
        && blank(at + 3);
  }

  private boolean dash() {
    return text.charAt(at) == '-' && blank(at + 1);
  }

  private boolean opens() {
    char c = text.charAt(at);
    return c == '[' || c == '{';
  }

  /// Whether a colon follows on this line, which makes a name of what was just read; then we stand
  /// before it.
  ///
  /// @param close whether a value may stand close behind it, as in JSON
  private boolean colon(boolean close) {
    int i = at;
    while (i < end && text.charAt(i) == ' ') {
      i++;
    }
    if (i == end || text.charAt(i) != ':' || (!close && !blank(i + 1))) {
      return false;
    }
    check(i - at < NAME_MAX);
    at = i;
    return true;
  }

  private boolean blank(int index) {
    return index >= end || text.charAt(index) == ' ' || text.charAt(index) == '\n';
  }

  private boolean separates(int index) {
    return blank(index) || FLOW.indexOf(text.charAt(index)) >= 0;
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

  private static void check(boolean simple) {
    if (!simple) {
      throw new NotSimple();
    }
  }

  /// Ends the reading; carries no stack, for it is an answer rather than an accident.
  private static final class NotSimple extends RuntimeException {
    private NotSimple() {
      super("", null, false, false);
    }
  }
}
