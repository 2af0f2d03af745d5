package io.ostiary.contract.openapi;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// What kind of value a schema expects, to make one from text: parameters and forms carry only
/// text, and `5` is a number for one schema and a text for another. Immutable.
///
/// @param types of JSON Schema that may be meant; empty: any
/// @param items of a list, or null
/// @param members of an object
/// @param others of an object's other members; null: any kind
/// @param closed whether an object takes no other members
record Kind(
    Set<String> types,
    @Nullable Kind items,
    Map<String, Kind> members,
    @Nullable Kind others,
    boolean closed) {
  static final Kind ANY = new Kind(Set.of(), null, Map.of(), null, false);

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final int DEPTH_MAX = 8;
  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]{0,300})(\\.[0-9]{1,300})?([eE][+-]?[0-9]{1,2})?");

  /// The kind of one definition of a bundle.
  static Kind of(ObjectNode bundle, String name) {
    var collected = new Collected(bundle);
    collected.add(bundle.path("$defs").path(name), 0);
    return collected.kind(0);
  }

  boolean list() {
    return types.contains("array");
  }

  boolean object() {
    return types.contains("object");
  }

  Kind member(String name) {
    var known = members.get(name);
    if (known != null) {
      return known;
    }
    return others == null ? ANY : others;
  }

  Kind item() {
    return items == null ? ANY : items;
  }

  /// A text as the value that is most likely meant; what fits nothing stays a text, and the schema
  /// says what was expected.
  JsonNode read(String text) {
    if (types.contains("boolean") && (text.equals("true") || text.equals("false"))) {
      return NODES.booleanNode(text.equals("true"));
    }
    if ((types.contains("integer") || types.contains("number")) && NUMBER.matcher(text).matches()) {
      var value = new BigDecimal(text);
      return value.scale() <= 0 && value.scale() > -400
          ? NODES.numberNode(value.toBigInteger())
          : NODES.numberNode(value);
    }
    if (types.contains("null") && !types.contains("string") && text.isEmpty()) {
      return NODES.nullNode();
    }
    return NODES.stringNode(text);
  }

  /// Gathers a schema and all it is made of.
  private static final class Collected {
    private final ObjectNode bundle;
    private final Set<String> types = new HashSet<>();
    private final Map<String, JsonNode> members = new HashMap<>();
    private @Nullable JsonNode items;
    private @Nullable JsonNode others;

    Collected(ObjectNode bundle) {
      this.bundle = bundle;
    }

    void add(JsonNode schema, int depth) {
      if (depth > DEPTH_MAX || !schema.isObject()) {
        return;
      }
      var reference = schema.path("$ref");
      if (reference.isString()) {
        var name = reference.asString().replace("#/$defs/", "");
        add(bundle.path("$defs").path(name), depth + 1);
      }
      types(schema);
      schema
          .path("properties")
          .properties()
          .forEach(e -> members.putIfAbsent(e.getKey(), e.getValue()));
      items = items == null ? schema.get("items") : items;
      others = others == null ? schema.get("additionalProperties") : others;
      for (var composed : new String[] {"allOf", "anyOf", "oneOf"}) {
        for (var part : schema.path(composed)) {
          add(part, depth + 1);
        }
      }
      add(schema.path("then"), depth + 1);
      add(schema.path("else"), depth + 1);
    }

    private void types(JsonNode schema) {
      var type = schema.path("type");
      if (type.isString()) {
        types.add(type.asString());
      }
      type.forEach(item -> types.add(item.asString()));
      if (type.isMissingNode()) {
        schema.path("enum").forEach(this::typeOf);
        if (schema.has("const")) {
          typeOf(schema.path("const"));
        }
        if (schema.has("properties")) {
          types.add("object");
        }
        if (schema.has("items")) {
          types.add("array");
        }
      }
    }

    private void typeOf(JsonNode value) {
      switch (value.getNodeType()) {
        case NUMBER -> types.add("number");
        case BOOLEAN -> types.add("boolean");
        case STRING -> types.add("string");
        default -> types.add("null");
      }
    }

    Kind kind(int depth) {
      if (depth > DEPTH_MAX) {
        return ANY;
      }
      var kinds = new HashMap<String, Kind>();
      members.forEach((name, schema) -> kinds.put(name, below(schema, depth)));
      boolean closed = others != null && others.isBoolean() && !others.booleanValue();
      return new Kind(
          Set.copyOf(types),
          items == null ? null : below(items, depth),
          Map.copyOf(kinds),
          others == null || others.isBoolean() ? null : below(others, depth),
          closed);
    }

    private Kind below(JsonNode schema, int depth) {
      var collected = new Collected(bundle);
      collected.add(schema, 0);
      return collected.kind(depth + 1);
    }
  }
}
