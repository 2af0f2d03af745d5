package io.ostiary.policies.mocking;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Follows the references of a document. Confined to the thread that compiles a plan.
final class References {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final int HOPS_MAX = 32;

  /// What says nothing about values where it stands beside a reference.
  private static final Set<String> SILENT =
      Set.of(
          "$ref",
          "$dynamicRef",
          "$defs",
          "$id",
          "$anchor",
          "$dynamicAnchor",
          "$comment",
          "title",
          "summary",
          "description",
          "deprecated",
          "readOnly",
          "writeOnly",
          "externalDocs",
          "xml");

  private final JsonNode document;

  /// Whether a reference stands for all that is written beside it, as in OpenAPI 3.0.
  private final boolean alone;

  /// Schemas by the names that they give themselves (`$dynamicAnchor`), of each name the outermost
  /// of those that led here.
  private final Map<String, JsonNode> bound = new HashMap<>();

  References(JsonNode document) {
    this.document = document;
    alone = document.path("openapi").stringValue("").startsWith("3.0");
  }

  /// The text of a schema's reference; empty: it has none.
  static String of(JsonNode written) {
    return written.path("$ref").stringValue(written.path("$dynamicRef").stringValue(""));
  }

  /// What stands at the end of the references, whatever stands beside them.
  ///
  /// @throws IllegalArgumentException where one leads elsewhere
  JsonNode follow(JsonNode node) {
    var at = node;
    for (int i = 0; i < HOPS_MAX && at.path("$ref").isString(); i++) {
      at = target(at.get("$ref").stringValue());
    }
    return at.path("$ref").isString() ? NODES.objectNode() : at;
  }

  /// What a schema is: where more stands beside a reference, both, as parts.
  JsonNode opened(JsonNode written) {
    var at = written;
    for (int i = 0; i < HOPS_MAX; i++) {
      bind(at);
      at.path("$defs").forEach(this::bind);
      var reference = of(at);
      if (reference.isEmpty()) {
        return at;
      }
      if (!alone && at.propertyStream().anyMatch(member -> !SILENT.contains(member.getKey()))) {
        return parts((ObjectNode) at);
      }
      at = at.path("$ref").isString() ? target(reference) : dynamic(reference);
    }
    return NODES.objectNode();
  }

  /// The names that are bound, for [#leave].
  Set<String> enter() {
    return Set.copyOf(bound.keySet());
  }

  /// Names that were bound since count no more.
  void leave(Set<String> before) {
    bound.keySet().retainAll(before);
  }

  private void bind(JsonNode schema) {
    var name = schema.path("$dynamicAnchor").stringValue("");
    if (!name.isEmpty()) {
      bound.putIfAbsent(name, schema);
    }
  }

  private JsonNode dynamic(String reference) {
    var known = bound.get(reference.substring(reference.indexOf('#') + 1));
    if (known != null) {
      return known;
    }
    return reference.startsWith("#/") ? target(reference) : NODES.objectNode();
  }

  private static JsonNode parts(ObjectNode schema) {
    var whole = NODES.objectNode();
    var parts = NODES.arrayNode();
    schema
        .properties()
        .forEach(member -> {
          if (member.getKey().equals("$ref") || member.getKey().equals("$dynamicRef")) {
            parts.addObject().set(member.getKey(), member.getValue());
          } else if (!member.getKey().equals("allOf")) {
            whole.set(member.getKey(), member.getValue());
          }
        });
    schema.path("allOf").forEach(parts::add);
    whole.set("allOf", parts);
    return whole;
  }

  private JsonNode target(String text) {
    if (!text.startsWith("#/")) {
      throw new IllegalArgumentException(
          "$ref: " + text + " (expected: a place in the API's own document)");
    }
    return document.at(
        URLDecoder.decode(text.substring(1).replace("+", "%2B"), StandardCharsets.UTF_8));
  }
}
