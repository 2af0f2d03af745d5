package io.ostiary.policies.mocking;

import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Values that fit schemas, always the same for the same schema: what the document gives as an
/// example, a default, a constant or the first of a list of values, else the least that fits.
/// Confined to the thread that compiles a plan.
///
/// A `pattern` is solved where [PatternText] can; else an example should be given, too.
final class Examples {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /// Schemas that contain themselves end here.
  private static final int DEPTH_MAX = 6;

  private static final int ITEMS_MAX = 20;

  private static final Map<String, String> FORMATS =
      Map.ofEntries(
          Map.entry("date-time", "2026-01-01T12:00:00Z"),
          Map.entry("date", "2026-01-01"),
          Map.entry("time", "12:00:00Z"),
          Map.entry("duration", "PT1H"),
          Map.entry("uuid", "3fa85f64-5717-4562-b3fc-2c963f66afa6"),
          Map.entry("email", "ann@example.com"),
          Map.entry("idn-email", "ann@example.com"),
          Map.entry("hostname", "example.com"),
          Map.entry("idn-hostname", "example.com"),
          Map.entry("ipv4", "203.0.113.7"),
          Map.entry("ipv6", "2001:db8::7"),
          Map.entry("uri", "https://example.com/"),
          Map.entry("url", "https://example.com/"),
          Map.entry("uri-reference", "/a"),
          Map.entry("iri", "https://example.com/"),
          Map.entry("iri-reference", "/a"),
          Map.entry("uri-template", "/a/{b}"),
          Map.entry("json-pointer", "/a"),
          Map.entry("byte", "dGV4dA=="),
          Map.entry("regex", ".*"));

  private final JsonNode document;

  /// The references that led here.
  private final Set<String> open = new HashSet<>();

  Examples(JsonNode document) {
    this.document = document;
  }

  /// Follows references within the document.
  ///
  /// @throws IllegalArgumentException where one leads elsewhere
  JsonNode follow(JsonNode node) {
    var at = node;
    for (int i = 0; i < 32; i++) {
      var reference = at.path("$ref");
      if (!reference.isString()) {
        return at;
      }
      var text = reference.stringValue();
      if (!text.startsWith("#/")) {
        throw new IllegalArgumentException(
            "$ref: " + text + " (expected: a place in the API's own document)");
      }
      at =
          document.at(
              java.net.URLDecoder.decode(
                  text.substring(1).replace("+", "%2B"), java.nio.charset.StandardCharsets.UTF_8));
    }
    return NODES.objectNode();
  }

  JsonNode of(JsonNode schema) {
    return value(schema, 0);
  }

  private JsonNode value(JsonNode written, int depth) {
    var reference = written.path("$ref").stringValue("");
    boolean entered = !reference.isEmpty() && open.add(reference);
    try {
      return made(written, depth);
    } finally {
      if (entered) {
        open.remove(reference);
      }
    }
  }

  /// Whether this would lead into a schema that is being answered already.
  private boolean again(JsonNode written) {
    return open.contains(written.path("$ref").stringValue(""));
  }

  private JsonNode made(JsonNode written, int depth) {
    var schema = merged(follow(written), depth);
    var given = given(schema);
    if (given != null) {
      return given;
    }
    return switch (type(schema)) {
      case "object" -> object(schema, depth);
      case "array" -> array(schema, depth);
      case "integer", "number" -> number(schema);
      case "boolean" -> NODES.booleanNode(true);
      case "null" -> NODES.nullNode();
      default -> NODES.stringNode(text(schema));
    };
  }

  private static @Nullable JsonNode given(JsonNode schema) {
    for (var name : new String[] {"example", "const", "default"}) {
      if (schema.has(name)) {
        return schema.get(name);
      }
    }
    for (var name : new String[] {"examples", "enum"}) {
      if (schema.path(name).isArray() && !schema.path(name).isEmpty()) {
        return schema.get(name).get(0);
      }
    }
    return null;
  }

  /// With what `allOf` adds, and the first of `oneOf` or `anyOf`.
  private JsonNode merged(JsonNode schema, int depth) {
    boolean composed = schema.has("allOf") || schema.has("oneOf") || schema.has("anyOf");
    if (!composed || depth > DEPTH_MAX || !(schema instanceof ObjectNode)) {
      return schema;
    }
    var all = NODES.objectNode();
    for (var part : schema.path("allOf")) {
      add(all, merged(follow(part), depth + 1));
    }
    for (var name : new String[] {"oneOf", "anyOf"}) {
      if (!schema.path(name).isEmpty()) {
        add(all, merged(follow(schema.get(name).get(0)), depth + 1));
      }
    }
    var own = NODES.objectNode();
    schema
        .properties()
        .forEach(member -> {
          if (!member.getKey().endsWith("Of")) {
            own.set(member.getKey(), member.getValue());
          }
        });
    add(all, own);
    return all;
  }

  private static void add(ObjectNode into, JsonNode more) {
    for (var member : more.properties()) {
      var known = into.path(member.getKey());
      if (member.getKey().equals("properties") && known instanceof ObjectNode object) {
        member.getValue().properties().forEach(p -> object.set(p.getKey(), p.getValue()));
      } else if (member.getKey().equals("required") && known instanceof ArrayNode array) {
        member.getValue().forEach(array::add);
      } else {
        into.set(member.getKey(), member.getValue().deepCopy());
      }
    }
  }

  private static String type(JsonNode schema) {
    var type = schema.path("type");
    if (type.isArray()) {
      for (var one : type) {
        if (!one.stringValue("").equals("null")) {
          return one.stringValue("");
        }
      }
    }
    if (type.isString()) {
      return type.stringValue();
    }
    if (schema.has("properties") || schema.has("additionalProperties")) {
      return "object";
    }
    return schema.has("items") ? "array" : schema.has("minimum") ? "number" : "string";
  }

  private JsonNode object(JsonNode schema, int depth) {
    var object = NODES.objectNode();
    if (depth >= DEPTH_MAX) {
      return object;
    }
    for (var property : schema.path("properties").properties()) {
      boolean hidden = follow(property.getValue()).path("writeOnly").booleanValue(false);
      boolean endless = again(property.getValue()) && !required(schema, property.getKey());
      if (!hidden && !endless) {
        object.set(property.getKey(), value(property.getValue(), depth + 1));
      }
    }
    var more = schema.path("additionalProperties");
    if (object.isEmpty() && more.isObject()) {
      object.set("name", value(more, depth + 1));
    }
    return object;
  }

  private static boolean required(JsonNode schema, String name) {
    for (var one : schema.path("required")) {
      if (one.stringValue("").equals(name)) {
        return true;
      }
    }
    return false;
  }

  private JsonNode array(JsonNode schema, int depth) {
    var array = NODES.arrayNode();
    boolean endless = again(schema.path("items")) && !schema.has("minItems");
    if (depth >= DEPTH_MAX || endless) {
      return array;
    }
    Iterator<JsonNode> prefix = schema.path("prefixItems").iterator();
    while (prefix.hasNext()) {
      array.add(value(prefix.next(), depth + 1));
    }
    int wanted = Math.clamp(schema.path("minItems").intValue(1), 1, ITEMS_MAX);
    if (schema.path("maxItems").intValue(1) == 0) {
      return array;
    }
    while (array.size() < wanted && schema.has("items")) {
      array.add(value(schema.get("items"), depth + 1));
    }
    return array;
  }

  private static JsonNode number(JsonNode schema) {
    double step = schema.path("multipleOf").doubleValue(1);
    double least = schema.path("minimum").doubleValue(0);
    var exclusive = schema.path("exclusiveMinimum");
    if (exclusive.isNumber() || exclusive.booleanValue(false)) {
      least = exclusive.isNumber() ? exclusive.doubleValue() : least;
      least = Math.floor(least / step) * step + step;
    }
    double most = schema.path("maximum").doubleValue(Double.MAX_VALUE);
    double value = Math.min(Math.ceil(least / step) * step, most);
    boolean whole = type(schema).equals("integer") || value == Math.rint(value);
    return whole && Math.abs(value) < 1e15
        ? NODES.numberNode((long) value)
        : NODES.numberNode(value);
  }

  private static String text(JsonNode schema) {
    int least = Math.clamp(schema.path("minLength").intValue(0), 0, 10_000);
    int most = Math.max(least, schema.path("maxLength").intValue(10_000));
    var known = FORMATS.get(schema.path("format").stringValue(""));
    var pattern = schema.path("pattern").stringValue("");
    if (known == null && !pattern.isEmpty()) {
      var solved = PatternText.of(pattern, least, most);
      if (solved != null) {
        return solved;
      }
    }
    if (known != null) {
      return known;
    }
    var text = new StringBuilder("text");
    while (text.length() < least) {
      text.append("text");
    }
    text.setLength(Math.min(text.length(), Math.max(least, Math.min(most, text.length()))));
    return text.toString();
  }

  /// The named examples of a media type or header, in the order written; `""` where it has none of
  /// a name.
  Map<String, JsonNode> named(JsonNode media) {
    var named = new LinkedHashMap<String, JsonNode>();
    for (var example : media.path("examples").properties()) {
      var value = follow(example.getValue());
      if (value.has("value")) {
        named.put(example.getKey(), value.get("value"));
      }
    }
    if (media.has("example")) {
      named.put("", media.get("example"));
    } else if (named.isEmpty()) {
      named.put("", of(media.path("schema")));
    }
    return named;
  }
}
