package io.ostiary.policies.mocking;

import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonPointer;
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

  /// Members that are not required are given down to here, or less far where that is too much.
  private static final int DEPTH_MAX = 6;

  /// Schemas whose required members contain themselves end here; no value fits those.
  private static final int DEPTH_END = 20;

  /// How much one example holds. Wide schemas within each other would else fill the memory.
  private static final int VALUES_MAX = 1_000;

  private static final int ITEMS_MAX = 20;
  private static final int WAYS = 5;

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
  private final References references;

  /// The references that led here.
  private final Set<String> open = new HashSet<>();

  /// The compositions that are being merged.
  private final Set<String> merging = new HashSet<>();

  private int depthMax = DEPTH_MAX;
  private int values;
  private int way;

  Examples(JsonNode document) {
    this.document = document;
    references = new References(document);
  }

  JsonNode at(String pointer) {
    var at = document;
    for (var rest = JsonPointer.compile(pointer); !rest.matches(); rest = rest.tail()) {
      at = follow(at.path(rest.getMatchingProperty()));
    }
    return at;
  }

  /// Follows references within the document.
  ///
  /// @throws IllegalArgumentException where one leads elsewhere
  JsonNode follow(JsonNode node) {
    return references.follow(node);
  }

  /// The first way of making one that fits; the first of all where none does.
  private JsonNode made(JsonNode schema, Predicate<JsonNode> fits) {
    var first = of(schema, 0);
    return IntStream.range(0, WAYS)
        .mapToObj(number -> number == 0 ? first : of(schema, number))
        .filter(fits)
        .findFirst()
        .orElse(first);
  }

  /// @param number 0: with the examples, defaults and constants that the schemas give; above it
  ///   without the first two, and with the second, third and fourth of alternatives
  private JsonNode of(JsonNode schema, int number) {
    way = number;
    for (depthMax = DEPTH_MAX; depthMax > 0; depthMax -= 2) {
      values = 0;
      var value = value(schema, 0);
      if (values <= VALUES_MAX) {
        return value;
      }
    }
    values = 0;
    return value(schema, 0);
  }

  private JsonNode value(JsonNode written, int depth) {
    values++;
    var reference = References.of(written);
    boolean entered = !reference.isEmpty() && open.add(reference);
    var names = references.enter();
    try {
      return made(written, depth);
    } finally {
      references.leave(names);
      if (entered) {
        open.remove(reference);
      }
    }
  }

  /// Whether this would lead into a schema that is being answered already.
  private boolean again(JsonNode written) {
    return open.contains(References.of(written));
  }

  private JsonNode made(JsonNode written, int depth) {
    var schema = merged(references.opened(written), depth);
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

  /// What the document gives itself. What is not even of the schema's type was a slip of its
  /// author, such as `example: 12` for a text, and is no example.
  private @Nullable JsonNode given(JsonNode schema) {
    for (var name : new String[] {"example", "const", "default"}) {
      boolean wanted = way == 0 || name.equals("const");
      if (wanted && schema.has(name) && Plausible.is(schema.get(name), schema)) {
        return schema.get(name);
      }
    }
    for (var name : new String[] {"examples", "enum"}) {
      for (var value : schema.path(name)) {
        boolean wanted = way == 0 || name.equals("enum");
        if (wanted && Plausible.is(value, schema)) {
          return value;
        }
      }
    }
    return null;
  }

  /// With what `allOf` adds, and the first of `oneOf` or `anyOf`.
  private JsonNode merged(JsonNode schema, int depth) {
    boolean composed = schema.has("allOf") || schema.has("oneOf") || schema.has("anyOf");
    if (!composed || full(depth) || !(schema instanceof ObjectNode)) {
      return schema;
    }
    var all = NODES.objectNode();
    for (var part : schema.path("allOf")) {
      add(all, part(part, depth));
    }
    for (var name : new String[] {"oneOf", "anyOf"}) {
      if (!schema.path(name).isEmpty()) {
        var alternative = alternative(schema.get(name));
        add(all, part(alternative, depth));
        discriminate(all, schema.path("discriminator"), alternative);
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

  /// Nothing where it is a part of itself.
  private JsonNode part(JsonNode written, int depth) {
    var reference = References.of(written);
    if (reference.isEmpty()) {
      return merged(written, depth + 1);
    }
    if (!merging.add(reference)) {
      return NODES.objectNode();
    }
    values++;
    try {
      return merged(references.opened(written), depth + 1);
    } finally {
      merging.remove(reference);
    }
  }

  /// The first that does not lead back to itself and is not just null, or one behind it.
  private JsonNode alternative(JsonNode alternatives) {
    int spare = Math.max(0, way - 1);
    var found = alternatives.get(0);
    for (var one : alternatives) {
      if (!again(one) && !one.path("type").stringValue("").equals("null")) {
        found = one;
        if (spare-- == 0) {
          break;
        }
      }
    }
    return found;
  }

  /// Says by which value of the discriminating property an alternative is known.
  private static void discriminate(ObjectNode all, JsonNode discriminator, JsonNode alternative) {
    var property = discriminator.path("propertyName").stringValue("");
    var reference = alternative.path("$ref").stringValue("");
    if (property.isEmpty() || reference.isEmpty()) {
      return;
    }
    var name = reference.substring(reference.lastIndexOf('/') + 1);
    var own = all.path("properties").path(property);
    var value = own.has("enum") || own.has("const") ? null : name;
    for (var mapped : discriminator.path("mapping").properties()) {
      var to = mapped.getValue().stringValue("");
      if (to.equals(reference) || to.equals(name)) {
        value = mapped.getKey();
        break;
      }
    }
    if (value != null) {
      var known = NODES.objectNode();
      known.putObject("properties").putObject(property).put("type", "string").put("const", value);
      add(all, known);
    }
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
    if (full(depth)) {
      return object;
    }
    for (var property : schema.path("properties").properties()) {
      boolean hidden = follow(property.getValue()).path("writeOnly").booleanValue(false);
      boolean spared = depth >= depthMax || again(property.getValue());
      if (!hidden && (!spared || required(schema, property.getKey()))) {
        object.set(property.getKey(), value(property.getValue(), depth + 1));
      }
    }
    var more = schema.path("additionalProperties");
    for (var name : schema.path("required")) {
      // Demanded, and described nowhere.
      if (!schema.path("properties").has(name.stringValue("")) && !more.isBoolean()) {
        object.set(name.stringValue(""), value(more, depth + 1));
      }
    }
    if (object.isEmpty() && more.isObject() && depth < depthMax) {
      object.set("name", value(more, depth + 1));
    }
    return object;
  }

  private boolean full(int depth) {
    return depth >= DEPTH_END || values > VALUES_MAX;
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
    boolean spared = depth >= depthMax || again(schema.path("items"));
    if (full(depth) || (spared && schema.path("minItems").intValue(0) == 0)) {
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
    var below = schema.path("exclusiveMaximum");
    double most = schema.path("maximum").doubleValue(Double.MAX_VALUE);
    double value = Math.min(Math.ceil(least / step) * step, most);
    double end = below.isNumber() ? below.doubleValue() : most;
    if (value >= end && (below.isNumber() || below.booleanValue(false))) {
      double start = schema.path("minimum").doubleValue(exclusive.doubleValue(end - 2));
      value = Math.max((start + end) / 2, end - 1);
    }
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
  /// a name. Where the document gives none, one that fits is made.
  ///
  /// @param fits what the document says of a value
  Map<String, JsonNode> named(JsonNode media, Predicate<JsonNode> fits) {
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
      named.put("", made(media.path("schema"), fits));
    }
    return named;
  }
}
