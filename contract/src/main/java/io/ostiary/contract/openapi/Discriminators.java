package io.ostiary.contract.openapi;

import io.ostiary.contract.openapi.DocumentFiles.File;
import io.ostiary.contract.openapi.DocumentFiles.Place;
import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Puts discriminators into words of JSON Schema: the alternative that the value names is the only
/// one that is checked, so that faults are about what was meant. Confined to the thread that reads.
final class Discriminators {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final DocumentFiles files;
  private final Function<Place, ObjectNode> reference;

  /// @param reference makes a reference to the schema at a place
  Discriminators(DocumentFiles files, Function<Place, ObjectNode> reference) {
    this.files = files;
    this.reference = reference;
  }

  /// Adds the choice to `out`; false: there is none, or it cannot be made.
  boolean choose(Mapping mapping, File file, ObjectNode out) {
    var alternatives = mapping.get("oneOf") == null ? mapping.get("anyOf") : mapping.get("oneOf");
    if (!(mapping.get("discriminator") instanceof Mapping discriminator)
        || !(discriminator.get("propertyName") instanceof Node.Text property)
        || !(alternatives instanceof Node.Sequence list)) {
      return false;
    }
    var chosen = NODES.objectNode();
    if (!implicitNames(list, file, chosen) || !mappedNames(discriminator, file, chosen)) {
      return false;
    }
    var all = NODES.arrayNode();
    var known = NODES.arrayNode();
    chosen.propertyNames().forEach(known::add);
    var demand = NODES.objectNode();
    var one = only(property.text(), NODES.objectNode().set("enum", known));
    boolean required = requiredByAll(list, property.text(), file);
    boolean mapped = discriminator.get("mapping") instanceof Mapping;
    if (required) {
      demand.set("required", NODES.arrayNode().add(property.text()));
    }
    if (mapped) {
      demand.set("properties", one);
    }
    if (!required || !mapped) {
      all.add(undiscriminated(mapping, property.text(), mapped ? null : one, list, file));
    }
    all.add(demand);
    for (var choice : chosen.properties()) {
      var rule = NODES.objectNode();
      var condition = NODES.objectNode();
      condition.set("required", NODES.arrayNode().add(property.text()));
      condition.set(
          "properties", only(property.text(), NODES.objectNode().put("const", choice.getKey())));
      rule.set("if", condition);
      rule.set("then", choice.getValue());
      all.add(rule);
    }
    out.set("allOf", all);
    return true;
  }

  /// A value without the property, or with one that is no schema's name where nothing is mapped (as
  /// often as not it is a word of the authors' own): the alternatives decide by themselves.
  private ObjectNode undiscriminated(
      Mapping mapping, String property, @Nullable ObjectNode names, Node.Sequence list, File file) {
    var rule = NODES.objectNode();
    var condition = rule.putObject("if");
    condition.putArray("required").add(property);
    if (names != null) {
      condition.set("properties", names);
    }
    var alternatives =
        rule.putObject("else").putArray(mapping.get("oneOf") == null ? "anyOf" : "oneOf");
    for (var alternative : list.items()) {
      if (alternative instanceof Mapping one && one.get("$ref") instanceof Node.Text written) {
        var target = files.resolve(written, written.text(), file);
        if (target != null) {
          alternatives.add(reference.apply(target));
        }
      }
    }
    return rule;
  }

  private boolean requiredByAll(Node.Sequence alternatives, String property, File file) {
    for (var alternative : alternatives.items()) {
      if (!required(new Place(file, "", alternative), property, 0)) {
        return false;
      }
    }
    return true;
  }

  /// By itself, or by a part. A base that chooses among those who extend it counts as one that
  /// does.
  private boolean required(Place place, String property, int depth) {
    var target = depth > 8 ? null : files.follow(place);
    if (target == null) {
      return false;
    }
    if (target.get("discriminator") != null) {
      return true;
    }
    if (target.get("required") instanceof Node.Sequence names
        && names.items().stream()
            .anyMatch(name -> name instanceof Node.Text text && text.text().equals(property))) {
      return true;
    }
    if (target.get("allOf") instanceof Node.Sequence parts) {
      for (var part : parts.items()) {
        if (required(new Place(target.file(), "", part), property, depth + 1)) {
          return true;
        }
      }
    }
    return false;
  }

  private static ObjectNode only(String name, JsonNode schema) {
    var object = NODES.objectNode();
    object.set(name, schema);
    return object;
  }

  /// The last part of an alternative's reference is its name. An alternative without reference has
  /// none, so then the discriminator cannot choose.
  private boolean implicitNames(Node.Sequence alternatives, File file, ObjectNode chosen) {
    for (var alternative : alternatives.items()) {
      if (!(alternative instanceof Mapping mapping)
          || !(mapping.get("$ref") instanceof Node.Text written)) {
        return false;
      }
      var target = files.resolve(written, written.text(), file);
      if (target == null) {
        return false;
      }
      var text = written.text();
      var last = text.substring(text.lastIndexOf('/') + 1).replaceAll("\\.(json|ya?ml)$", "");
      chosen.set(last.replace("~1", "/").replace("~0", "~"), reference.apply(target));
    }
    return true;
  }

  private boolean mappedNames(Mapping discriminator, File file, ObjectNode chosen) {
    if (!(discriminator.get("mapping") instanceof Mapping mapping)) {
      return true;
    }
    for (var member : mapping.members()) {
      if (!(member.value() instanceof Node.Text text)) {
        files.fault(
            member.value(),
            "mapping: "
                + member.value().seen()
                + " (expected: a reference or the name of a schema)");
        return false;
      }
      boolean name =
          text.text().matches("[A-Za-z0-9._-]+") && !text.text().matches(".*\\.(json|ya?ml)");
      var target =
          files.resolve(text, name ? "#/components/schemas/" + text.text() : text.text(), file);
      if (target == null) {
        return false;
      }
      chosen.set(member.name(), reference.apply(target));
    }
    return true;
  }

  /// Whether `item`, a part of the schema at hand, is a base that has it among its own
  /// alternatives.
  ///
  /// @param current the schema at hand
  boolean isBase(Node item, File file, @Nullable Place current) {
    var base = new Place(file, "", item);
    if (current == null || !(base.get("$ref") instanceof Node.Text written)) {
      return false;
    }
    var target = files.resolve(written, written.text(), file);
    if (target == null || target.get("discriminator") == null) {
      return false;
    }
    var alternatives = target.get("oneOf") == null ? target.get("anyOf") : target.get("oneOf");
    if (!(alternatives instanceof Node.Sequence list)) {
      return false;
    }
    for (var alternative : list.items()) {
      if (new Place(target.file(), "", alternative).get("$ref") instanceof Node.Text text) {
        var extender = files.resolve(text, text.text(), target.file());
        if (extender != null
            && extender.pointer().equals(current.pointer())
            && extender.file().path().equals(current.file().path())) {
          return true;
        }
      }
    }
    return false;
  }
}
