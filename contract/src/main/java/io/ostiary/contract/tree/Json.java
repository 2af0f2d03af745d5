package io.ostiary.contract.tree;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// Trees without their positions, for libraries that know nothing of ours.
public final class Json {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private Json() {}

  /// As a Jackson tree; the order of members stays.
  public static JsonNode node(Node node) {
    return switch (node) {
      case Mapping mapping -> {
        var object = NODES.objectNode();
        mapping.members().forEach(member -> object.set(member.name(), node(member.value())));
        yield object;
      }
      case Node.Sequence sequence -> {
        var array = NODES.arrayNode(sequence.items().size());
        sequence.items().forEach(item -> array.add(node(item)));
        yield array;
      }
      case Node.Text text -> NODES.stringNode(text.text());
      case Node.Flag flag -> NODES.booleanNode(flag.value());
      case Node.Null _ -> NODES.nullNode();
      case Node.Numeral numeral -> number(numeral.value());
    };
  }

  private static JsonNode number(Number value) {
    return switch (value) {
      case BigInteger big -> NODES.numberNode(big);
      case BigDecimal decimal -> NODES.numberNode(decimal);
      default -> {
        long whole = value.longValue();
        yield whole == (int) whole ? NODES.numberNode((int) whole) : NODES.numberNode(whole);
      }
    };
  }

  /// As maps, lists, strings, numbers, booleans and null.
  public static @Nullable Object plain(Node node) {
    return switch (node) {
      case Mapping mapping -> plain(mapping);
      case Node.Sequence sequence -> plain(sequence);
      case Node.Text text -> text.text();
      case Node.Flag flag -> flag.value();
      case Node.Null _ -> null;
      case Node.Numeral numeral -> numeral.value();
    };
  }

  private static Map<String, @Nullable Object> plain(Mapping mapping) {
    var map = new LinkedHashMap<String, @Nullable Object>();
    mapping.members().forEach(member -> map.put(member.name(), plain(member.value())));
    return map;
  }

  private static List<@Nullable Object> plain(Node.Sequence sequence) {
    var list = new ArrayList<@Nullable Object>();
    sequence.items().forEach(item -> list.add(plain(item)));
    return list;
  }
}
