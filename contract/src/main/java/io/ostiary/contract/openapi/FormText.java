package io.ostiary.contract.openapi;

import io.ostiary.contract.openapi.StyledText.Value;
import io.ostiary.contract.schema.JsonText;
import io.ostiary.contract.schema.SchemaCheck;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Reads a form (`application/x-www-form-urlencoded`) as the object that its schema describes. A
/// member is read as its `encoding` says; without one, a list is a field for each item, and an
/// object is JSON text (OpenAPI 3.1, "Encoding Object").
record FormText(Kind kind, List<Parameter> members) {
  List<ContractFault> check(String form, SchemaCheck check) {
    if (!kind.types().isEmpty() && !kind.object()) {
      // Described as the text that it is.
      return Body.faults(check.check(JsonNodeFactory.instance.stringNode(form)));
    }
    var pairs = Encoded.pairs(form);
    if (pairs == null) {
      return fault("", "is not a form (expected: name=value&..., at most 10,000 times)");
    }
    var object = JsonNodeFactory.instance.objectNode();
    var others = new ArrayList<>(pairs);
    for (var member : members) {
      var own = pairs.stream().filter(pair -> member.takes(pair.name())).toList();
      others.removeAll(own);
      var broken = own.isEmpty() ? null : add(object, member, own);
      if (broken != null) {
        return fault("/" + member.name(), broken);
      }
    }
    return switch (StyledText.members(others, kind)) {
      case Value.Known(JsonNode node) -> {
        node.properties().forEach(e -> object.set(e.getKey(), parsed(e.getKey(), e.getValue())));
        yield Body.faults(check.check(object));
      }
      case Value.Broken(String message) -> fault("", message);
      case Value.Plain(String _) -> throw new IllegalStateException("members make an object");
    };
  }

  /// @return what is wrong, or null
  private static @Nullable String add(
      ObjectNode object, Parameter member, List<Encoded.Pair> pairs) {
    switch (member.value(pairs)) {
      case Value.Known(JsonNode node) -> object.set(member.name(), node);
      case Value.Plain(String text) ->
          object.set(member.name(), member.json() ? json(text) : member.kind().read(text));
      case Value.Broken(String message) -> {
        return message;
      }
    }
    return null;
  }

  /// JSON where the schema wants an object.
  private JsonNode parsed(String name, JsonNode value) {
    var member = kind.member(name);
    if (value.isString() && wantsJson(member)) {
      return json(value.stringValue());
    }
    if (value.isArray() && wantsJson(member.item())) {
      var list = JsonNodeFactory.instance.arrayNode();
      value.forEach(item -> list.add(item.isString() ? json(item.stringValue()) : item));
      return list;
    }
    return value;
  }

  private static boolean wantsJson(Kind kind) {
    return kind.object() && !kind.types().contains("string");
  }

  /// What is not JSON stays a text, and the schema says what was expected.
  private static JsonNode json(String text) {
    var bytes = text.getBytes(StandardCharsets.UTF_8);
    return switch (JsonText.read(bytes, 0, bytes.length)) {
      case JsonText.Read.Value(JsonNode node) -> node;
      case JsonText.Read.Unreadable _ -> JsonNodeFactory.instance.stringNode(text);
    };
  }

  private static List<ContractFault> fault(String pointer, String message) {
    return List.of(new ContractFault("body", pointer, message));
  }
}
