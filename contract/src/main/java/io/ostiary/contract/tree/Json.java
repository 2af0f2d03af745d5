package io.ostiary.contract.tree;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// Trees without their positions, for libraries that know nothing of ours.
public final class Json {
  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  private Json() {}

  /// As a Jackson tree; the order of members stays.
  public static JsonNode node(Node node) {
    return switch (node) {
      case Mapping mapping -> {
        var object = JsonNodeFactory.instance.objectNode();
        mapping.members().forEach(member -> object.set(member.name(), node(member.value())));
        yield object;
      }
      case Node.Sequence sequence -> {
        var array = JsonNodeFactory.instance.arrayNode(sequence.items().size());
        sequence.items().forEach(item -> array.add(node(item)));
        yield array;
      }
      case Node.Text text -> JsonNodeFactory.instance.stringNode(text.text());
      case Node.Flag flag -> JsonNodeFactory.instance.booleanNode(flag.value());
      case Node.Null _ -> JsonNodeFactory.instance.nullNode();
      case Node.Numeral numeral -> number(numeral.value());
    };
  }

  private static JsonNode number(Number value) {
    return switch (value) {
      case BigInteger big -> JsonNodeFactory.instance.numberNode(big);
      case BigDecimal decimal -> JsonNodeFactory.instance.numberNode(decimal);
      default -> {
        long whole = value.longValue();
        yield whole == (int) whole
            ? JsonNodeFactory.instance.numberNode((int) whole)
            : JsonNodeFactory.instance.numberNode(whole);
      }
    };
  }

  /// As JSON text, the same that the Jackson tree gives: a start needs this much of a tree, and
  /// would wait for the making of a whole mapper.
  public static String text(Node node) {
    var text = new StringBuilder(256);
    write(node, text);
    return text.toString();
  }

  @SuppressWarnings("IfChainToSwitch") // Which every process links anew: milliseconds of its start.
  private static void write(Node node, StringBuilder to) {
    if (node instanceof Mapping mapping) {
      char before = '{';
      for (var member : mapping.members()) {
        quote(member.name(), to.append(before));
        write(member.value(), to.append(':'));
        before = ',';
      }
      to.append(before == '{' ? "{}" : "}");
    } else if (node instanceof Node.Sequence sequence) {
      char before = '[';
      for (var item : sequence.items()) {
        write(item, to.append(before));
        before = ',';
      }
      to.append(before == '[' ? "[]" : "]");
    } else if (node instanceof Node.Text text) {
      quote(text.text(), to);
    } else if (node instanceof Node.Flag flag) {
      to.append(flag.value());
    } else if (node instanceof Node.Numeral numeral && numeral.value() instanceof Long whole) {
      to.append(whole.longValue());
    } else {
      to.append(node(node));
    }
  }

  private static void quote(String text, StringBuilder to) {
    to.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> to.append('\\').append(c);
        case '\b' -> to.append("\\b");
        case '\t' -> to.append("\\t");
        case '\n' -> to.append("\\n");
        case '\f' -> to.append("\\f");
        case '\r' -> to.append("\\r");
        default -> {
          if (c < ' ') {
            to.append("\\u").append(HEX.toHexDigits(c));
          } else {
            to.append(c);
          }
        }
      }
    }
    to.append('"');
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
