package io.ostiary.contract.tree;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One value of a document and where it starts. Immutable. Where a YAML alias repeats a node, the
/// same object stands in both places, with the position of the original.
public sealed interface Node permits Mapping, Node.Sequence, Node.Scalar {
  Position at();

  /// What it is, for messages: `a number`.
  String kind();

  /// What was seen, for messages: `'abc'`, `12`, `an object`.
  default String seen() {
    return kind();
  }

  /// A fault at this node.
  default Fault fault(String message) {
    return at().fault(message);
  }

  /// The node that a JSON pointer (RFC 6901) leads to, or null.
  default @Nullable Node at(String pointer) {
    Node node = this;
    for (var token : tokens(pointer)) {
      node = node.child(token);
      if (node == null) {
        return null;
      }
    }
    return node;
  }

  /// The deepest node on the way of a JSON pointer: where to report a fault about something that is
  /// missing.
  default Node nearest(String pointer) {
    Node node = this;
    for (var token : tokens(pointer)) {
      var next = node.child(token);
      if (next == null) {
        return node;
      }
      node = next;
    }
    return node;
  }

  /// The member or item of this name, or null.
  default @Nullable Node child(String token) {
    return null;
  }

  /// The unescaped parts of a JSON pointer.
  ///
  /// @throws IllegalArgumentException where it is neither empty nor starts with `/`
  static List<String> tokens(String pointer) {
    if (pointer.isEmpty()) {
      return List.of();
    }
    if (pointer.charAt(0) != '/') {
      throw new IllegalArgumentException(
          "pointer: " + pointer + " (expected: '' or a text that starts with '/')");
    }
    var tokens = new ArrayList<String>();
    for (var part : pointer.substring(1).split("/", -1)) {
      tokens.add(part.replace("~1", "/").replace("~0", "~"));
    }
    return tokens;
  }

  /// A list.
  record Sequence(Position at, List<Node> items) implements Node {
    public Sequence {
      items = List.copyOf(items);
    }

    @Override
    public String kind() {
      return "a list";
    }

    @Override
    public @Nullable Node child(String token) {
      if (token.isEmpty()
          || token.length() > 9
          || !token.chars().allMatch(c -> c >= '0' && c <= '9')) {
        return null;
      }
      int index = Integer.parseInt(token);
      return index < items.size() ? items.get(index) : null;
    }
  }

  /// A value without parts.
  sealed interface Scalar extends Node {
    /// As written, without quotes: `1.10` stays `1.10`.
    String text();
  }

  record Text(Position at, String text) implements Scalar {
    @Override
    public String kind() {
      return "a text";
    }

    @Override
    public String seen() {
      return "'" + (text.length() <= 100 ? text : text.substring(0, 100) + "...") + "'";
    }
  }

  /// @param value a Long, a BigInteger or a BigDecimal: exactly what was written
  record Numeral(Position at, String text, Number value) implements Scalar {
    @Override
    public String kind() {
      return "a number";
    }

    @Override
    public String seen() {
      return text;
    }
  }

  record Flag(Position at, boolean value) implements Scalar {
    @Override
    public String text() {
      return Boolean.toString(value);
    }

    @Override
    public String kind() {
      return "true or false";
    }

    @Override
    public String seen() {
      return text();
    }
  }

  /// `null`, `~`, or nothing behind a key.
  record Null(Position at) implements Scalar {
    @Override
    public String text() {
      return "null";
    }

    @Override
    public String kind() {
      return "nothing";
    }
  }
}
