package io.ostiary.contract.openapi;

import io.ostiary.contract.openapi.DocumentFiles.File;
import io.ostiary.contract.schema.Mismatch;
import io.ostiary.contract.tree.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/// A document with the files that it refers to, as one: who reads it elsewhere, such as the
/// console, does not have them. Each file stands whole under `x-files`, by its name, and references
/// lead there; all are JSON pointers then. A reference that leads nowhere stays as it is. Confined
/// to the thread that reads.
final class WholeDocument {
  private static final String FILES = "x-files";

  private final DocumentFiles files;
  private final File main;
  private final Map<Path, String> names = new LinkedHashMap<>();
  private final Deque<File> open = new ArrayDeque<>();

  private WholeDocument(DocumentFiles files, File main) {
    this.files = files;
    this.main = main;
  }

  /// @param files whose faults nobody is told: all that a request depends on was found
  static byte[] json(DocumentFiles files, File main) {
    return new WholeDocument(files, main).whole().toString().getBytes(StandardCharsets.UTF_8);
  }

  private JsonNode whole() {
    var root = Json.node(main.root());
    rewrite(root, main);
    var others = JsonNodeFactory.instance.objectNode();
    for (var file = open.poll(); file != null; file = open.poll()) {
      var tree = Json.node(file.root());
      rewrite(tree, file);
      others.set(name(file), tree);
    }
    if (root instanceof ObjectNode object && !others.isEmpty()) {
      object.set(FILES, others);
    }
    return root;
  }

  private String name(File file) {
    return names.getOrDefault(file.path(), "");
  }

  private void rewrite(JsonNode node, File file) {
    for (var child : node) {
      rewrite(child, file);
    }
    if (!(node instanceof ObjectNode object)) {
      return;
    }
    rewrite(object, "$ref", file);
    if (object.path("discriminator").path("mapping") instanceof ObjectNode mapping) {
      // Names of schemas are no references.
      mapping.propertyNames().stream()
          .filter(name -> mapping.path(name).asString("").matches(".*[#/.].*"))
          .toList()
          .forEach(name -> rewrite(mapping, name, file));
    }
  }

  private void rewrite(ObjectNode object, String member, File file) {
    if (object.get(member) instanceof StringNode written) {
      var elsewhere = elsewhere(written.stringValue(), file);
      if (elsewhere != null) {
        object.put(member, elsewhere);
      }
    }
  }

  /// Null: where it is.
  private @Nullable String elsewhere(String reference, File file) {
    int hash = reference.indexOf('#');
    var target = files.quietly(reference, file);
    if (target == null) {
      return null;
    }
    var pointer = hash < 0 ? "" : reference.substring(hash + 1);
    if (!pointer.isEmpty() && !pointer.startsWith("/")) {
      var place = files.anchored(pointer, target);
      if (place == null) {
        return null;
      }
      pointer = place.pointer().replace("%", "%25");
    }
    if (target.equals(main)) {
      return "#" + pointer;
    }
    if (names.putIfAbsent(target.path(), files.relative(target)) == null) {
      open.add(target);
    }
    return "#/" + FILES + Mismatch.step(name(target)).replace("%", "%25") + pointer;
  }
}
