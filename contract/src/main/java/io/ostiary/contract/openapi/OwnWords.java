package io.ostiary.contract.openapi;

import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Formats that demand something, and what OpenAPI 3.0 says in its own words, put into those of
/// JSON Schema 2020-12.
final class OwnWords {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private OwnWords() {}

  static void format(Mapping mapping, ObjectNode out) {
    if (!(mapping.get("format") instanceof Node.Text format)) {
      return;
    }
    switch (format.text()) {
      case "int32" -> range(out, Integer.MIN_VALUE, Integer.MAX_VALUE);
      case "int64" -> range(out, Long.MIN_VALUE, Long.MAX_VALUE);
      case "date-time", "date", "time", "duration", "email", "uuid", "uri", "uri-reference" ->
          out.put("format", format.text());
      case "ipv4", "ipv6", "hostname", "idn-hostname", "idn-email", "iri", "json-pointer" ->
          out.put("format", format.text());
      default -> {
        // `password`, `binary`, `float` and words of the author's own demand nothing.
      }
    }
  }

  private static void range(ObjectNode out, long least, long most) {
    var type = out.get("type");
    if (type == null || !type.toString().contains("integer")) {
      return;
    }
    if (!out.has("minimum") && !out.has("exclusiveMinimum")) {
      out.put("minimum", least);
    }
    if (!out.has("maximum") && !out.has("exclusiveMaximum")) {
      out.put("maximum", most);
    }
  }

  /// A boolean in 3.0, and often enough in 3.1 by mistake.
  static void exclusive(Mapping mapping, ObjectNode out) {
    for (var bound : List.of("Minimum", "Maximum")) {
      var limit = "m" + bound.substring(1);
      if (mapping.get("exclusive" + bound) instanceof Node.Flag flag
          && flag.value()
          && out.has(limit)) {
        out.set("exclusive" + bound, out.remove(limit));
      }
    }
  }

  static JsonNode nullable(Mapping mapping, ObjectNode out) {
    boolean nullable = mapping.get("nullable") instanceof Node.Flag flag && flag.value();
    if (!nullable) {
      return out;
    }
    var type = out.path("type");
    if (type.isString() && !hasParts(out)) {
      out.set("type", NODES.arrayNode().add(type).add("null"));
      if (out.get("enum") instanceof ArrayNode values && !holdsNull(values)) {
        values.addNull();
      }
      return out;
    }
    var either = NODES.arrayNode().add(NODES.objectNode().put("type", "null")).add(out);
    var whole = NODES.objectNode();
    whole.set("anyOf", either);
    return whole;
  }

  private static boolean hasParts(ObjectNode out) {
    return out.has("allOf") || out.has("anyOf") || out.has("oneOf") || out.has("not");
  }

  private static boolean holdsNull(ArrayNode values) {
    for (var value : values) {
      if (value.isNull()) {
        return true;
      }
    }
    return false;
  }
}
