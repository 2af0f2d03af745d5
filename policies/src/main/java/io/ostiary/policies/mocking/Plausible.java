package io.ostiary.policies.mocking;

import tools.jackson.databind.JsonNode;

/// Whether a value that a document gives as an example can be one: of the type that its schema
/// says, one of the values it lists, as long as it says, with the members it requires. What follows
/// from references and compositions is not looked at.
final class Plausible {
  private Plausible() {}

  static boolean is(JsonNode value, JsonNode schema) {
    if (value.isNull() && schema.path("nullable").booleanValue(false)) {
      return true;
    }
    return typed(value, schema.path("type"))
        && listed(value, schema)
        && sized(value, schema)
        && composed(value, schema);
  }

  private static boolean typed(JsonNode value, JsonNode type) {
    if (type.isString()) {
      return is(value, type.stringValue());
    }
    for (var one : type) {
      if (is(value, one.stringValue(""))) {
        return true;
      }
    }
    return type.isEmpty();
  }

  private static boolean is(JsonNode value, String type) {
    return switch (type) {
      case "string" -> value.isString();
      case "integer" -> value.isNumber() && value.doubleValue() == Math.rint(value.doubleValue());
      case "number" -> value.isNumber();
      case "boolean" -> value.isBoolean();
      case "array" -> value.isArray();
      case "object" -> value.isObject();
      case "null" -> value.isNull();
      default -> true;
    };
  }

  private static boolean listed(JsonNode value, JsonNode schema) {
    var values = schema.path("enum");
    for (var one : values) {
      if (one.equals(value)) {
        return true;
      }
    }
    return values.isEmpty();
  }

  private static boolean sized(JsonNode value, JsonNode schema) {
    if (value.isString()) {
      var text = value.stringValue();
      int length = text.codePointCount(0, text.length());
      return length >= schema.path("minLength").intValue(0)
          && length <= schema.path("maxLength").intValue(Integer.MAX_VALUE);
    }
    if (value.isArray()) {
      return value.size() >= schema.path("minItems").intValue(0)
          && value.size() <= schema.path("maxItems").intValue(Integer.MAX_VALUE);
    }
    return !value.isNumber()
        || (value.doubleValue() >= schema.path("minimum").doubleValue(Double.NEGATIVE_INFINITY)
            && value.doubleValue() <= schema.path("maximum").doubleValue(Double.POSITIVE_INFINITY));
  }

  private static boolean composed(JsonNode value, JsonNode schema) {
    if (value.isArray()) {
      for (var item : value) {
        if (!is(item, schema.path("items"))) {
          return false;
        }
      }
    }
    if (!value.isObject()) {
      return true;
    }
    for (var name : schema.path("required")) {
      if (!value.has(name.stringValue(""))) {
        return false;
      }
    }
    for (var member : value.properties()) {
      if (!is(member.getValue(), schema.path("properties").path(member.getKey()))) {
        return false;
      }
    }
    return true;
  }
}
