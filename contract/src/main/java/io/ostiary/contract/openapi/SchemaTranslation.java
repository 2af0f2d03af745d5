package io.ostiary.contract.openapi;

import io.ostiary.contract.openapi.DocumentFiles.File;
import io.ostiary.contract.openapi.DocumentFiles.Place;
import io.ostiary.contract.openapi.DynamicScopes.Scope;
import io.ostiary.contract.schema.Patterns;
import io.ostiary.contract.tree.Json;
import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Makes plain JSON Schema 2020-12 of the schemas of a document, as they hold in one direction.
///
/// Each schema that something refers to becomes one entry of `$defs`, whatever file it comes from,
/// and references are rewritten to these entries; so a bundle refers only to itself, and recursion
/// needs no care. What only OpenAPI knows is put into words of JSON Schema: `nullable`, boolean
/// `exclusiveMinimum`, `readOnly`, `writeOnly`, `discriminator`, the ranges of `int32` and `int64`.
/// Schemas that nothing asked for refers to are not looked at. Where a `$dynamicRef` is met, all is
/// made once more, with an entry for each scope in which a schema is met ([DynamicScopes]).
final class SchemaTranslation {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final Set<String> TYPES =
      Set.of("string", "number", "integer", "boolean", "array", "object", "null");

  private static final Set<String> COUNTS =
      Set.of(
          "maxLength",
          "minLength",
          "maxItems",
          "minItems",
          "maxProperties",
          "minProperties",
          "maxContains",
          "minContains");

  /// More than this many entries are a fault of whoever wrote names that can be bound in so many
  /// ways.
  private static final int SCOPED_MAX = 50_000;

  private final DocumentFiles files;
  private final boolean version30;
  private final Direction direction;
  private final Discriminators discriminators;
  private final ObjectNode definitions = NODES.objectNode();
  private final Map<Key, String> names = new HashMap<>();
  private final Deque<Pending> pending = new ArrayDeque<>();

  /// The entry that is being made.
  private @Nullable Place current;

  /// Null: no `$dynamicRef` has been met.
  private @Nullable DynamicScopes scopes;

  private Scope scope = Scope.NONE;
  private boolean dynamic;

  /// @param plain without the choice of its discriminator: a base that lists those who extend it,
  ///   and whom they extend in turn, would otherwise never end
  private record Key(Path file, String pointer, boolean plain, String scope) {}

  private record Pending(String name, Place place, boolean plain, Scope scope) {}

  /// Which way a value goes, and what marks the members that do not go along: they are neither
  /// demanded nor taken (OpenAPI 3.0, "Schema Object").
  enum Direction {
    REQUEST("readOnly"),
    RESPONSE("writeOnly");

    private final String hides;

    Direction(String hides) {
      this.hides = hides;
    }
  }

  SchemaTranslation(DocumentFiles files, boolean version30, Direction direction) {
    this.files = files;
    this.version30 = version30;
    this.direction = direction;
    discriminators = new Discriminators(files, place -> reference(place, false));
  }

  /// The name under `$defs` of the schema at a place. Its content is there after [#bundle].
  String add(Place place) {
    return add(place, false);
  }

  private String add(Place place, boolean plain) {
    return add(place, plain, "s" + names.size());
  }

  /// @param name where it has none yet
  private String add(Place place, boolean plain, String name) {
    var met = scopes == null ? Scope.NONE : scopes.enter(scope, place);
    var key = new Key(place.file().path(), place.pointer(), plain, met.text());
    var known = names.putIfAbsent(key, name);
    if (known != null) {
      return known;
    }
    pending.add(new Pending(name, place, plain, met));
    return name;
  }

  /// Everything added so far, and all that refers to.
  ObjectNode bundle() {
    var asked = List.copyOf(pending);
    translate();
    if (dynamic) {
      scopes = new DynamicScopes();
      definitions.removeAll();
      names.clear();
      asked.forEach(one -> add(one.place, one.plain, one.name));
      translate();
    }
    var bundle = NODES.objectNode();
    bundle.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    bundle.set("$defs", definitions);
    return bundle;
  }

  private void translate() {
    for (var next = pending.poll(); next != null; next = pending.poll()) {
      if (scopes != null && names.size() > SCOPED_MAX) {
        files.fault(
            next.place.node(),
            "$dynamicRef: more than %,d schemas, one for each way in which names are bound (expected: fewer names)"
                .formatted(SCOPED_MAX));
        pending.forEach(left -> definitions.put(left.name, true));
        definitions.put(next.name, true);
        pending.clear();
        break;
      }
      current = next.place;
      scope = next.scope;
      definitions.set(next.name, schema(next.place.node(), next.place.file(), next.plain));
    }
    scope = Scope.NONE;
  }

  private ObjectNode reference(Place place, boolean plain) {
    return NODES.objectNode().put("$ref", "#/$defs/" + add(place, plain));
  }

  private JsonNode schema(Node node, File file, boolean plain) {
    return switch (node) {
      case Mapping mapping -> {
        var outer = scope;
        scope = scopes == null ? outer : scopes.inside(outer, mapping);
        var made = object(mapping, file, plain);
        scope = outer;
        yield made;
      }
      case Node.Flag flag -> NODES.booleanNode(flag.value());
      default -> {
        files.fault(node, "schema: " + node.seen() + " (expected: an object, true or false)");
        yield NODES.booleanNode(true);
      }
    };
  }

  private JsonNode object(Mapping mapping, File file, boolean plain) {
    var out = NODES.objectNode();
    if (mapping.get("$ref") instanceof Node.Text reference) {
      var target = files.resolve(reference, reference.text(), file);
      if (target == null) {
        return NODES.booleanNode(true);
      }
      out = reference(target, plain);
      if (version30) {
        return out;
      }
    }
    boolean chosen = !plain && discriminators.choose(mapping, file, out);
    boolean bare = plain && mapping.get("discriminator") != null;
    for (var member : mapping.members()) {
      if ((chosen || bare) && (member.name().equals("oneOf") || member.name().equals("anyOf"))) {
        continue;
      }
      keyword(member.name(), member.value(), file, out);
    }
    required(mapping, file, out);
    OwnWords.format(mapping, out);
    OwnWords.exclusive(mapping, out);
    return version30 ? OwnWords.nullable(mapping, out) : out;
  }

  private void keyword(String name, Node value, File file, ObjectNode out) {
    switch (name) {
      case "type" -> type(value, out);
      case "multipleOf",
          "maximum",
          "minimum",
          "exclusiveMaximum",
          "exclusiveMinimum",
          "maxLength",
          "minLength",
          "maxItems",
          "minItems",
          "maxProperties",
          "minProperties",
          "maxContains",
          "minContains" ->
          number(name, value, out);
      case "enum" -> list(name, value, out);
      case "const" -> out.set(name, Json.node(value));
      case "uniqueItems" -> {
        if (value instanceof Node.Flag flag) {
          out.put(name, flag.value());
        } else {
          wrong(name, value, "true or false");
        }
      }
      case "pattern" -> pattern(value, out);
      case "dependentRequired" -> out.set(name, Json.node(value));
      case "properties", "patternProperties", "dependentSchemas" -> schemas(name, value, file, out);
      case "items",
          "additionalProperties",
          "unevaluatedItems",
          "unevaluatedProperties",
          "contains",
          "propertyNames",
          "not",
          "if",
          "then",
          "else" ->
          out.set(name, schema(value, file, false));
      case "allOf", "anyOf", "oneOf", "prefixItems" -> schemaList(name, value, file, out);
      case "$dynamicRef" -> dynamicReference(value, file, out);
      case "$recursiveRef" ->
          files.warn(value, name + ": is not understood and not checked. Use $dynamicRef");
      default -> {
        // Annotations, and keywords of others, say nothing about validity.
      }
    }
  }

  /// A reference whose target depends on the way to it, where its target says so.
  private void dynamicReference(Node value, File file, ObjectNode out) {
    if (version30) {
      files.warn(value, "$dynamicRef: is not known to OpenAPI 3.0, and not checked. Use $ref");
      return;
    }
    if (!(value instanceof Node.Text written)) {
      wrong("$dynamicRef", value, "a reference");
      return;
    }
    dynamic = true;
    var text = written.text();
    var name = text.substring(text.indexOf('#') + 1);
    var own =
        scopes == null || current == null || !text.startsWith("#")
            ? null
            : scopes.named(name, current);
    var target = own == null ? files.resolve(written, text, file) : own;
    if (target == null) {
      return;
    }
    boolean bound =
        target.get("$dynamicAnchor") instanceof Node.Text anchor && anchor.text().equals(name);
    var reference = reference(bound ? scope.bound().getOrDefault(name, target) : target, false);
    if (out.has("$ref")) {
      out.withArray("allOf").add(reference);
    } else {
      out.setAll(reference);
    }
  }

  private void wrong(String name, Node value, String expected) {
    files.fault(value, name + ": " + value.seen() + " (expected: " + expected + ")");
  }

  private void type(Node value, ObjectNode out) {
    var types = NODES.arrayNode();
    var written = value instanceof Node.Sequence list ? list.items() : List.of(value);
    for (var item : written) {
      if (item instanceof Node.Text text && TYPES.contains(text.text())) {
        types.add(text.text());
      } else if (item instanceof Node.Null) {
        types.add("null");
      } else {
        wrong("type", item, "string, number, integer, boolean, array, object or null");
        return;
      }
    }
    out.set("type", types.size() == 1 ? types.get(0) : types);
  }

  private void number(String name, Node value, ObjectNode out) {
    if (value instanceof Node.Numeral numeral) {
      double number = numeral.value().doubleValue();
      if ((COUNTS.contains(name) && number < 0) || (name.equals("multipleOf") && number <= 0)) {
        wrong(name, value, "a number above 0");
        return;
      }
      out.set(name, Json.node(value));
    } else if (!(name.startsWith("exclusive") && value instanceof Node.Flag)) {
      wrong(name, value, "a number");
    }
  }

  private void list(String name, Node value, ObjectNode out) {
    if (value instanceof Node.Sequence) {
      out.set(name, Json.node(value));
    } else {
      wrong(name, value, "a list");
    }
  }

  private void pattern(Node value, ObjectNode out) {
    if (!(value instanceof Node.Text text)) {
      wrong("pattern", value, "a regular expression");
      return;
    }
    try {
      Patterns.compile(text.text());
      out.put("pattern", text.text());
    } catch (IllegalArgumentException e) {
      files.warn(
          value,
          "pattern: " + value.seen() + " is not checked, for it cannot be read: " + e.getMessage());
    }
  }

  private void schemas(String name, Node value, File file, ObjectNode out) {
    if (!(value instanceof Mapping mapping)) {
      wrong(name, value, "an object of schemas");
      return;
    }
    var object = NODES.objectNode();
    for (var member : mapping.members()) {
      if (name.equals("patternProperties") && !readable(member)) {
        continue;
      }
      boolean hidden = name.equals("properties") && hidden(member.value(), file);
      object.set(
          member.name(), hidden ? NODES.booleanNode(false) : schema(member.value(), file, false));
    }
    out.set(name, object);
  }

  private boolean readable(Mapping.Member member) {
    try {
      Patterns.compile(member.name());
      return true;
    } catch (IllegalArgumentException e) {
      files.warn(member.value(), "patternProperties: '" + member.name() + "' is not checked");
      return false;
    }
  }

  private void schemaList(String name, Node value, File file, ObjectNode out) {
    if (!(value instanceof Node.Sequence list) || list.items().isEmpty()) {
      wrong(name, value, "a list of schemas");
      return;
    }
    // What a discriminator chose may already stand here.
    var array = out.get(name) instanceof ArrayNode before ? before : NODES.arrayNode();
    for (var item : list.items()) {
      array.add(
          schema(item, file, name.equals("allOf") && discriminators.isBase(item, file, current)));
    }
    out.set(name, array);
  }

  private boolean hidden(Node node, File file) {
    var place = new Place(file, "", node);
    if (place.get(direction.hides) instanceof Node.Flag flag) {
      return flag.value();
    }
    if (!(place.get("$ref") instanceof Node.Text)) {
      return false;
    }
    var target = files.follow(place);
    return target != null && target.get(direction.hides) instanceof Node.Flag flag && flag.value();
  }

  private void required(Mapping mapping, File file, ObjectNode out) {
    var value = mapping.get("required");
    if (value == null) {
      return;
    }
    if (!(value instanceof Node.Sequence list)) {
      // A boolean here is a leftover of older drafts and common in the wild.
      files.warn(
          value, "required: " + value.seen() + " (expected: a list of names). It is ignored");
      return;
    }
    var spared = new HashSet<String>();
    hiddenNames(new Place(file, "", mapping), spared, 0);
    var names = NODES.arrayNode();
    var seen = new HashSet<String>();
    for (var item : list.items()) {
      if (!(item instanceof Node.Text text)) {
        wrong("required", item, "a name");
      } else if (!spared.contains(text.text()) && seen.add(text.text())) {
        names.add(text.text());
      }
    }
    out.set("required", names);
  }

  private void hiddenNames(Place place, Set<String> into, int depth) {
    var target = depth > 8 ? null : files.follow(place);
    if (target == null) {
      return;
    }
    if (target.get("properties") instanceof Mapping properties) {
      for (var member : properties.members()) {
        if (hidden(member.value(), target.file())) {
          into.add(member.name());
        }
      }
    }
    if (target.get("allOf") instanceof Node.Sequence parts) {
      for (var part : parts.items()) {
        hiddenNames(new Place(target.file(), "", part), into, depth + 1);
      }
    }
  }
}
