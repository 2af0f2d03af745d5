package io.ostiary.contract.bind;

import io.ostiary.contract.tree.Json;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A shape as a JSON Schema (draft 2020-12), for editors and for forms. It refuses what the binder
/// refuses as far as a schema can say it: names, types, words and written forms, not what records
/// check in their constructors.
public final class JsonSchema {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final ObjectNode definitions = NODES.objectNode();

  private JsonSchema() {}

  /// A complete schema for documents of this shape.
  public static ObjectNode of(Shape.Fields shape) {
    var schema = new JsonSchema();
    var body = schema.fields(shape);
    var root = NODES.objectNode();
    root.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    root.setAll(body);
    if (!schema.definitions.isEmpty()) {
      root.set("$defs", schema.definitions);
    }
    return root;
  }

  private ObjectNode schema(Shape shape) {
    return switch (shape) {
      case Shape.Fields fields -> fields(fields);
      case Shape.Items items -> items(items);
      case Shape.Entries entries -> entries(entries);
      case Shape.Words words -> type("string").set("enum", names(words.values().keySet()));
      case Shape.Form form -> form(form);
      case Shape.Whole whole -> whole(whole);
      case Shape.Decimal _ -> type("number");
      case Shape.Flag _ -> type("boolean");
      case Shape.Text _ -> type("string");
      case Shape.Choice choice -> choice(choice);
      case Shape.Use use -> use(use);
    };
  }

  private ObjectNode fields(Shape.Fields shape) {
    var object = object();
    if (!shape.about().isEmpty()) {
      object.put("description", shape.about());
    }
    var properties = object.putObject("properties");
    var required = NODES.arrayNode();
    for (var field : shape.fields()) {
      properties.set(field.name(), field(field));
      if (field.required()) {
        required.add(field.name());
      }
    }
    if (!required.isEmpty()) {
      object.set("required", required);
    }
    if (shape.alone() == null) {
      return object;
    }
    return anyOf(schema(shape.alone().shape()), object);
  }

  private ObjectNode field(Shape.Field field) {
    var schema = schema(field.shape());
    if (!field.required()) {
      allowNothing(schema);
    }
    if (!field.about().isEmpty()) {
      schema.put("description", field.about());
    }
    if (field.fallback() != null) {
      schema.set("default", Json.node(field.fallback()));
    }
    return schema;
  }

  /// A name with nothing behind it, as in `rules:` with every rule commented out, means the
  /// default.
  private static void allowNothing(ObjectNode schema) {
    var type = schema.path("type");
    if (type.isString() && (type.asString().equals("object") || type.asString().equals("array"))) {
      schema.set("type", names(List.of(type.asString(), "null")));
    } else if (schema.path("anyOf") instanceof ArrayNode options) {
      options.add(type("null"));
    }
  }

  private ObjectNode items(Shape.Items shape) {
    var array = type("array");
    array.set("items", schema(shape.item()));
    if (shape.unique()) {
      array.put("uniqueItems", true);
    }
    if (shape.some()) {
      array.put("minItems", 1);
    }
    return shape.orOne() ? anyOf(schema(shape.item()), array) : array;
  }

  private ObjectNode entries(Shape.Entries shape) {
    return type("object").set("additionalProperties", schema(shape.value()));
  }

  private static ObjectNode form(Shape.Form shape) {
    var form = shape.numeric() ? NODES.objectNode() : type("string");
    if (shape.numeric()) {
      form.set("type", names(List.of("string", "number")));
    }
    if (!shape.pattern().isEmpty()) {
      form.put("pattern", shape.pattern());
    }
    return form.put("description", shape.expected());
  }

  private static ObjectNode whole(Shape.Whole shape) {
    var whole = type("integer");
    if (shape.max() == Integer.MAX_VALUE) {
      whole.put("maximum", shape.max()).put("minimum", shape.min());
    }
    return whole;
  }

  private ObjectNode choice(Shape.Choice shape) {
    var options = NODES.arrayNode();
    if (!shape.words().isEmpty()) {
      options.add(NODES.objectNode().set("enum", names(shape.words().keySet())));
    }
    for (var bare : shape.bare()) {
      options.add(schema(Objects.requireNonNull(bare.alone()).shape()));
    }
    if (!shape.members().isEmpty()) {
      var object = one();
      var properties = object.putObject("properties");
      shape.members().forEach((name, fields) -> properties.set(name, fields(fields)));
      options.add(object);
    }
    return NODES.objectNode().set("anyOf", options);
  }

  /// Policies are many and stand in two places, so they are defined once.
  private ObjectNode use(Shape.Use shape) {
    if (!definitions.has("policy")) {
      // Holds the place: the settings of a policy may hold policies.
      definitions.putObject("policy");
      var bare = NODES.arrayNode();
      var object = one();
      var properties = object.putObject("properties");
      shape
          .policies()
          .forEach((name, fields) -> {
            var settings = fields(fields);
            if (fields.fields().stream().noneMatch(Shape.Field::required)) {
              bare.add(name);
              allowNothing(settings);
            }
            definitions.set("policy-" + name, settings);
            properties.set(name, reference("policy-" + name));
          });
      var alone = NODES.objectNode();
      alone.set("enum", bare);
      definitions.set("policy", bare.isEmpty() ? object : anyOf(alone, object));
    }
    return reference("policy");
  }

  private static ObjectNode reference(String definition) {
    return NODES.objectNode().put("$ref", "#/$defs/" + definition);
  }

  private static ObjectNode object() {
    return type("object").put("additionalProperties", false);
  }

  private static ObjectNode one() {
    return object().put("minProperties", 1).put("maxProperties", 1);
  }

  private static ObjectNode anyOf(ObjectNode one, ObjectNode other) {
    return NODES.objectNode().set("anyOf", NODES.arrayNode().add(one).add(other));
  }

  private static ObjectNode type(String name) {
    return NODES.objectNode().put("type", name);
  }

  private static ArrayNode names(Collection<String> names) {
    var array = NODES.arrayNode();
    names.forEach(array::add);
    return array;
  }
}
