package io.ostiary.contract.openapi;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Reads the texts of one parameter by its style (OpenAPI 3.1, "Style Values"). Texts are parted
/// first and decoded then, so that an encoded delimiter is data.
record StyledText(Parameter parameter) {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  static final String UNDECODABLE = "cannot be decoded (expected: percent-encoded UTF-8)";

  private static final Value BROKEN = new Value.Broken(UNDECODABLE);

  /// What a text turned out to be.
  sealed interface Value {
    /// One text, whose kind the schema knows.
    record Plain(String text) implements Value {}

    record Known(JsonNode node) implements Value {}

    record Broken(String message) implements Value {}
  }

  Value path(String text) {
    return switch (parameter.style()) {
      case LABEL -> delimited(text, parameter.explode() ? "." : ",", false);
      case MATRIX -> matrix(text);
      default -> delimited(text, ",", false);
    };
  }

  Value header(String text) {
    return delimited(text, ",", false);
  }

  Value query(List<Encoded.Pair> pairs, boolean spread) {
    if (parameter.style() == Parameter.Style.DEEP_OBJECT) {
      return DeepText.read(parameter.name(), parameter.kind(), pairs);
    }
    if (spread) {
      return members(pairs);
    }
    if (parameter.kind().list() && parameter.explode()) {
      return items(pairs.stream().map(Encoded.Pair::value).toList(), true);
    }
    var text = pairs.getFirst().value();
    return switch (parameter.style()) {
      case SPACE_DELIMITED -> delimited(text.replace("+", "%20"), "%20", true);
      case PIPE_DELIMITED -> delimited(text.replace("%7C", "|").replace("%7c", "|"), "|", true);
      default -> delimited(text, ",", true);
    };
  }

  /// `;id=3;id=4`, `;id=3,4`, `;role=admin;name=x`; the first `;` is gone.
  private Value matrix(String text) {
    if (parameter.explode() && (parameter.kind().list() || parameter.kind().object())) {
      var pairs = Encoded.pairs(text.replace("+", "%2B").replace('&', '\0').replace(';', '&'));
      if (pairs == null) {
        return BROKEN;
      }
      return parameter.kind().list()
          ? items(pairs.stream().map(Encoded.Pair::value).toList(), false)
          : members(pairs);
    }
    var start = parameter.name() + "=";
    if (!text.startsWith(start)) {
      return new Value.Broken("does not start with ';" + start + "'");
    }
    return delimited(text.substring(start.length()), ",", false);
  }

  private Value delimited(String text, String delimiter, boolean query) {
    var kind = parameter.kind();
    if (!parameter.json() && kind.list()) {
      return items(text.isEmpty() ? List.of() : parts(text, delimiter), query);
    }
    if (!parameter.json() && kind.object()) {
      return object(text, delimiter, query);
    }
    var decoded = decode(text, query);
    return decoded == null ? BROKEN : new Value.Plain(decoded);
  }

  private static List<String> parts(String text, String delimiter) {
    return List.of(text.split(Pattern.quote(delimiter), -1));
  }

  private Value items(List<String> texts, boolean query) {
    var array = NODES.arrayNode();
    for (var text : texts) {
      var decoded = decode(text, query);
      if (decoded == null) {
        return BROKEN;
      }
      array.add(parameter.kind().item().read(decoded));
    }
    return new Value.Known(array);
  }

  /// `role,admin,name,x`, or exploded `role=admin,name=x`.
  private Value object(String text, String delimiter, boolean query) {
    var pairs = new ArrayList<Encoded.Pair>();
    var parts = text.isEmpty() ? List.<String>of() : parts(text, delimiter);
    boolean assigned = parameter.explode() && parameter.style() != Parameter.Style.FORM;
    if (!assigned && parts.size() % 2 != 0) {
      return new Value.Broken("has a name without a value (expected: name,value,name,value)");
    }
    for (int i = 0; i < parts.size(); i += assigned ? 1 : 2) {
      int equals = assigned ? parts.get(i).indexOf('=') : parts.get(i).length();
      if (equals < 0) {
        return new Value.Broken("has a name without a value (expected: name=value)");
      }
      var name = decode(parts.get(i).substring(0, equals), query);
      if (name == null) {
        return BROKEN;
      }
      pairs.add(
          new Encoded.Pair(name, assigned ? parts.get(i).substring(equals + 1) : parts.get(i + 1)));
    }
    return members(pairs);
  }

  private Value members(List<Encoded.Pair> pairs) {
    return members(pairs, parameter.kind());
  }

  /// An object of pairs; a list takes all pairs of its name.
  static Value members(List<Encoded.Pair> pairs, Kind kind) {
    var object = NODES.objectNode();
    for (var pair : pairs) {
      var text = decode(pair.value(), true);
      if (text == null) {
        return BROKEN;
      }
      var member = kind.member(pair.name());
      if (member.list()) {
        list(object, pair.name()).add(member.item().read(text));
      } else if (object.has(pair.name())) {
        return new Value.Broken("'" + pair.name() + "' is given more than once");
      } else {
        object.set(pair.name(), member.read(text));
      }
    }
    return new Value.Known(object);
  }

  private static ArrayNode list(ObjectNode object, String name) {
    return object.get(name) instanceof ArrayNode list ? list : object.putArray(name);
  }

  private static @Nullable String decode(String text, boolean plusIsSpace) {
    return Encoded.decode(text, plusIsSpace);
  }
}
