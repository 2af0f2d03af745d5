package io.ostiary.contract.bind;

import io.ostiary.contract.tree.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// One setting as it is documented: in the table of a policy's page, which a test compares with the
/// record, and in the console. Both are made from the record, so neither can say something else.
///
/// @param name as written; a member of a section is `section.member`, of a list's items
///   `list[].member`
/// @param fallback what holds where nothing is written: `1m`; empty: nothing does
/// @param required whether it must be written
/// @param about what the record says of it
public record SettingRow(String name, String fallback, boolean required, String about) {
  private static final int DEPTH_MAX = 4;

  /// The rows of a settings record, in its own order.
  public static List<SettingRow> of(Class<? extends Record> settings) {
    var rows = new ArrayList<SettingRow>();
    collect("", new Shapes(Map.of()).fields(settings), rows, new HashSet<>(), 0);
    return List.copyOf(rows);
  }

  private static void collect(
      String before, Shape.Fields shape, List<SettingRow> rows, Set<Class<?>> told, int depth) {
    for (var field : shape.fields()) {
      var name = before + field.name();
      var inner = members(field.shape());
      boolean section = field.shape() instanceof Shape.Fields fields && fields.alone() == null;
      if (inner == null || !section || !field.about().isEmpty()) {
        rows.add(new SettingRow(name, fallback(field), field.required(), field.about()));
      }
      // What two sections have in common, such as a request's and a response's, is told once.
      if (inner != null && depth < DEPTH_MAX && told.add(inner.type())) {
        collect(name + infix(field.shape()) + ".", inner, rows, told, depth + 1);
      }
    }
  }

  private static Shape.@org.jspecify.annotations.Nullable Fields members(Shape shape) {
    return switch (shape) {
      case Shape.Fields fields -> fields;
      case Shape.Items(Shape item, _, _, _) when item instanceof Shape.Fields fields -> fields;
      case Shape.Entries(Shape value) when value instanceof Shape.Fields fields -> fields;
      default -> null;
    };
  }

  private static String infix(Shape shape) {
    return switch (shape) {
      case Shape.Items _ -> "[]";
      case Shape.Entries _ -> ".NAME";
      default -> "";
    };
  }

  private static String fallback(Shape.Field field) {
    return field.fallback() == null ? "" : text(Json.node(field.fallback()));
  }

  private static String text(JsonNode node) {
    if (node.isString()) {
      return node.stringValue();
    }
    if (node.isArray()) {
      var items = new ArrayList<String>();
      node.forEach(item -> items.add(text(item)));
      return "[" + String.join(", ", items) + "]";
    }
    return node.toString();
  }

  /// The row of a Markdown table.
  public String markdown() {
    var holds = required ? "must be given" : fallback.isEmpty() ? "" : "`" + fallback + "`";
    return "| `" + name + "` | " + holds + " | " + about.replace("|", "\\|") + " |";
  }
}
