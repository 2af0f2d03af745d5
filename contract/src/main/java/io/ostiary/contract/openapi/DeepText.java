package io.ostiary.contract.openapi;

import io.ostiary.contract.openapi.StyledText.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// Reads `filter[age]=5&filter[tags][]=a&filter[lines][0][sku]=b`, the style `deepObject`. OpenAPI
/// says what the first step means and leaves open what stands behind it; here it is read as nearly
/// everybody writes it (Stripe, JSON:API, PHP, Rails): a name of a member, a number or nothing for
/// an item of a list. Whether it is a list or an object says the schema.
final class DeepText {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final int STEPS_MAX = 8;

  private final String name;
  private final Branch root;

  /// Numbers in a list only say what belongs together and in which order it came.
  private static final class Branch {
    private final Kind kind;
    private final Map<String, Branch> below = new LinkedHashMap<>();
    private @Nullable String text;
    private int appended;
    private boolean names;

    Branch(Kind kind) {
      this.kind = kind;
    }

    private Branch step(String step) {
      boolean number = step.matches("[0-9]{0,9}");
      names |= !number || (kind.object() && !kind.list());
      var key = step.isEmpty() ? "[" + appended++ : step;
      var next = kind.list() && number ? kind.item() : kind.member(step);
      return below.computeIfAbsent(key, _ -> new Branch(next));
    }

    private boolean isList() {
      return !names && (kind.list() || kind.types().isEmpty());
    }

    private JsonNode value() {
      if (text != null) {
        return kind.read(text);
      }
      if (isList()) {
        var list = NODES.arrayNode();
        below.values().forEach(branch -> list.add(branch.value()));
        return list;
      }
      var object = NODES.objectNode();
      below.forEach((step, branch) -> object.set(step, branch.value()));
      return object;
    }
  }

  private DeepText(String name, Kind kind) {
    this.name = name;
    root = new Branch(kind);
  }

  /// @param pairs whose names begin with `name[`, or are it
  static Value read(String name, Kind kind, List<Encoded.Pair> pairs) {
    var deep = new DeepText(name, kind);
    for (var pair : pairs) {
      var broken = deep.add(pair);
      if (broken != null) {
        return new Value.Broken(broken);
      }
    }
    return new Value.Known(deep.root.value());
  }

  private @Nullable String add(Encoded.Pair pair) {
    var steps = steps(pair.name().substring(name.length()));
    var text = Encoded.decode(pair.value(), true);
    if (text == null) {
      return StyledText.UNDECODABLE;
    }
    if (steps == null) {
      return "'" + pair.name() + "' (expected: " + name + "[name]=value)";
    }
    var at = root;
    for (var step : steps) {
      if (step.isEmpty() && at.kind.object() && !at.kind.list()) {
        return "'" + pair.name() + "' (expected: a name between the brackets)";
      }
      if (at.text != null) {
        return "'" + pair.name() + "' is given more than once";
      }
      at = at.step(step);
    }
    if (at.kind.list() && !at.kind.types().contains("string")) {
      at = at.step("");
    }
    if (at.text != null || !at.below.isEmpty()) {
      return "'" + pair.name() + "' is given more than once";
    }
    at.text = text;
    return null;
  }

  /// @return null where it is not `[step]` and that again
  private static @Nullable List<String> steps(String text) {
    var steps = new ArrayList<String>();
    int at = 0;
    while (at < text.length()) {
      int end = text.charAt(at) == '[' ? text.indexOf(']', at) : -1;
      if (end < 0 || steps.size() == STEPS_MAX || text.substring(at + 1, end).indexOf('[') >= 0) {
        return null;
      }
      steps.add(text.substring(at + 1, end));
      at = end + 1;
    }
    return steps;
  }
}
