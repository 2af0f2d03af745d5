package io.ostiary.contract.testing;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// A good document with one value replaced by a bad one, written so that it is known where that
/// value stands: whoever reads it must blame this place and no other. Immutable.
///
/// @param pointer of the value (RFC 6901)
/// @param value what stands there, as JSON
/// @param text the whole document
/// @param places of all values: `line:column` to pointer
public record Spoilt(String pointer, String value, String text, Map<String, String> places) {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /// Of the wrong kind for most settings, empty, below and above what any setting may be.
  private static final List<JsonNode> BAD =
      List.of(
          JSON.objectNode().put("no-such-setting", 1),
          JSON.arrayNode().add(JSON.arrayNode()),
          JSON.stringNode(""),
          JSON.stringNode("no such \u0007 value, \u00e9"),
          JSON.numberNode(0),
          JSON.numberNode(-1),
          JSON.numberNode(Long.MAX_VALUE));

  public Spoilt {
    places = Map.copyOf(places);
  }

  /// Every value of a document spoilt in every way, and in each object one member too many.
  public static List<Spoilt> all(JsonNode document) {
    var all = new ArrayList<Spoilt>();
    spoil(document, document, "", all);
    return List.copyOf(all);
  }

  private static void spoil(JsonNode root, JsonNode node, String pointer, List<Spoilt> all) {
    for (var bad : BAD) {
      if (!bad.equals(node)) {
        all.add(new Writer(pointer, bad).write(root));
      }
    }
    if (node.isObject()) {
      all.add(new Writer(pointer + "/no-such-setting", JSON.numberNode(1)).write(root));
      node.properties()
          .forEach(member -> spoil(root, member.getValue(), pointer + "/" + member.getKey(), all));
    }
    for (int i = 0; node.isArray() && i < node.size(); i++) {
      spoil(root, node.get(i), pointer + "/" + i, all);
    }
  }

  /// What stands at a place, as a pointer; null: nothing begins there.
  public @Nullable String at(int line, int column) {
    return places.get(line + ":" + column);
  }

  /// Whether the value is none that any setting could have.
  public boolean everWrong() {
    return value.startsWith("{")
        || value.startsWith("[[")
        || value.equals("-1")
        || value.equals(Long.toString(Long.MAX_VALUE));
  }

  /// Whether it is a text that means nothing.
  public boolean isText() {
    return value.equals("\"\"") || value.startsWith("\"no such");
  }

  /// Whether the place is the spoilt value's, or one inside of it.
  public boolean blames(int line, int column) {
    var found = at(line, column);
    return found != null && (found.equals(pointer) || found.startsWith(pointer + "/"));
  }

  @Override
  public String toString() {
    return pointer + ": " + value;
  }

  /// Writes one value a line, and notes where each stands.
  private static final class Writer {
    private final StringBuilder text = new StringBuilder();
    private final Map<String, String> places = new HashMap<>();
    private final String spoilt;
    private final JsonNode bad;
    private int line = 1;
    private int lineStart;

    Writer(String spoilt, JsonNode bad) {
      this.spoilt = spoilt;
      this.bad = bad;
    }

    Spoilt write(JsonNode root) {
      value(root, "");
      return new Spoilt(spoilt, bad.toString(), text.toString(), places);
    }

    private void value(JsonNode given, String pointer) {
      boolean here = pointer.equals(spoilt);
      var node = here ? bad : given;
      note(pointer);
      if (node.isObject()) {
        text.append('{');
        node.properties().forEach(one -> member(one.getKey(), one.getValue(), pointer));
        if (!here && spoilt.equals(pointer + "/no-such-setting")) {
          member("no-such-setting", bad, pointer);
        }
        text.append('}');
      } else if (node.isArray()) {
        text.append('[');
        for (int i = 0; i < node.size(); i++) {
          next(i > 0);
          value(node.get(i), pointer + "/" + i);
        }
        text.append(']');
      } else {
        text.append(node);
      }
    }

    private void member(String name, JsonNode value, String parent) {
      next(text.charAt(text.length() - 1) != '{');
      note(parent + "/" + name);
      text.append('"').append(name).append("\": ");
      value(value, parent + "/" + name);
    }

    private void next(boolean comma) {
      text.append(comma ? ",\n" : "\n");
      line++;
      lineStart = text.length();
    }

    private void note(String pointer) {
      places.put(line + ":" + (text.length() - lineStart + 1), pointer);
    }
  }
}
