package io.ostiary.contract.openapi;

import io.ostiary.contract.config.ApiDocuments;
import io.ostiary.contract.openapi.DocumentFiles.Place;
import io.ostiary.contract.schema.Mismatch;
import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import io.ostiary.model.Conditions;
import io.ostiary.model.PathPattern;
import io.ostiary.model.Route;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Reads OpenAPI 3.0, 3.1 and 3.2. Strict where a request depends on it, lenient about the rest:
/// documentation, responses, callbacks and links are only passed on. Immutable.
///
/// `servers` is not looked at: where an API is published is `path` in `ostiary.yaml`, and where it
/// is answered is its upstream.
public final class OpenApiReader implements ApiDocuments {
  private static final Set<String> METHODS =
      Set.of("get", "put", "post", "delete", "options", "head", "patch", "trace", "query");

  @Override
  public Loaded load(Path file, String name) {
    var files = DocumentFiles.of(file, name);
    try {
      return load(files, file, name);
    } finally {
      files.letGo();
    }
  }

  private static Loaded load(DocumentFiles files, Path file, String name) {
    var main = files.open(file.toAbsolutePath().normalize(), name);
    if (main == null) {
      return refused(files);
    }
    var reading = new Reading(files, new Place(main, "", main.root()));
    reading.read();
    if (files.isFaulty()) {
      return refused(files);
    }
    // Responses are not read yet, so the whole may lead to more files.
    var all = files.aside();
    byte[] whole = refersOtherwise(main.root()) ? WholeDocument.json(all, main) : null;
    var document =
        new OpenApi(
            name,
            reading.info("title", name),
            reading.info("version", ""),
            main.root(),
            whole,
            reading.recipes);
    return new Loaded.Understood(document, reading.routes, files.warnings(), all.digests());
  }

  /// False where the document is one file and refers by JSON pointers.
  private static boolean refersOtherwise(Node node) {
    return switch (node) {
      case Mapping mapping ->
          (mapping.get("$ref") instanceof Node.Text text && !text.text().startsWith("#/"))
              || mapping.members().stream().anyMatch(member -> refersOtherwise(member.value()));
      case Node.Sequence list -> list.items().stream().anyMatch(OpenApiReader::refersOtherwise);
      case Node.Scalar _ -> false;
    };
  }

  private static Loaded refused(DocumentFiles files) {
    return new Loaded.Refused(files.faults(), files.digests());
  }

  /// One document while it is read.
  private static final class Reading {
    private final DocumentFiles files;
    private final Place root;
    private final List<Route> routes = new ArrayList<>();
    private final Map<String, Supplier<Operation>> recipes = new LinkedHashMap<>();
    private final Set<String> ids = new HashSet<>();
    private final Map<String, String> taken = new HashMap<>();

    Reading(DocumentFiles files, Place root) {
      this.files = files;
      this.root = root;
    }

    void read() {
      var version = version();
      if (version == null) {
        return;
      }
      var operations = new OperationReader(files, version.startsWith("3.0"), keyNames());
      if (root.get("paths") instanceof Mapping paths) {
        for (var member : paths.members()) {
          if (member.name().startsWith("/")) {
            pathItem(
                root.child("paths", paths).child(member.name(), member.value()),
                member,
                operations);
          } else if (!member.name().startsWith("x-")) {
            files.fault(
                member.nameAt(),
                ("path: '" + member.name() + "' (expected: a path that starts with '/')"));
          }
        }
      } else {
        var paths = root.get("paths");
        if (paths != null && !(paths instanceof Node.Null)) {
          files.fault(paths, "paths: " + paths.seen() + " (expected: an object)");
        }
      }
      operations.finish();
    }

    String info(String name, String absent) {
      return root.get("info") instanceof Mapping info && info.get(name) instanceof Node.Scalar text
          ? text.text()
          : absent;
    }

    private @Nullable String version() {
      if (!(root.node() instanceof Mapping)) {
        files.fault(
            root.node(), "document: " + root.node().seen() + " (expected: an OpenAPI document)");
        return null;
      }
      if (root.get("swagger") instanceof Node.Scalar old) {
        files.fault(
            old,
            "swagger: "
                + old.seen()
                + " (expected: openapi: 3.0, 3.1 or 3.2). Convert the document first");
        return null;
      }
      if (!(root.get("openapi") instanceof Node.Scalar version)) {
        files.fault(root.node(), "openapi: nothing (expected: a version such as 3.1.0)");
        return null;
      }
      if (!version.text().matches("3\\.[012](\\..*)?")) {
        files.fault(version, "openapi: " + version.seen() + " (expected: 3.0, 3.1 or 3.2)");
        return null;
      }
      for (var name : List.of("title", "version")) {
        if (info(name, "").isEmpty()) {
          files.warn(root.node(), "info." + name + ": nothing (expected: a text)");
        }
      }
      return version.text();
    }

    /// Query parameters that carry keys are declared among the security schemes.
    private Set<String> keyNames() {
      var names = new HashSet<String>();
      if (root.get("components") instanceof Mapping components
          && components.get("securitySchemes") instanceof Mapping schemes) {
        for (var member : schemes.members()) {
          var scheme =
              files.follow(
                  root.child("components", components)
                      .child("securitySchemes", schemes)
                      .child(member.name(), member.value()));
          if (scheme != null
              && scheme.get("in") instanceof Node.Scalar in
              && in.text().equals("query")
              && scheme.get("name") instanceof Node.Scalar name) {
            names.add(name.text());
          }
        }
      }
      return names;
    }

    private void pathItem(Place written, Mapping.Member member, OperationReader operations) {
      var path = member.name();
      if (path.indexOf('#') >= 0 || path.indexOf('?') >= 0) {
        noRoute(member, "path: " + path + " (expected: a path without '?' and '#')");
        return;
      }
      var partial = PartialPath.of(path);
      PathPattern pattern;
      try {
        pattern = new PathPattern(partial == null ? path : partial.route());
      } catch (IllegalArgumentException e) {
        noRoute(member, String.valueOf(e.getMessage()));
        return;
      }
      var target = files.follow(written);
      if (target == null) {
        return;
      }
      if (!(target.node() instanceof Mapping)) {
        files.fault(target.node(), "path: " + target.node().seen() + " (expected: an object)");
        return;
      }
      for (var operation : operations(target)) {
        route(operation, target, path, pattern, partial, operations);
      }
    }

    private void noRoute(Mapping.Member path, String why) {
      files.warn(path.nameAt(), why + ". No request can meet it: it is no route");
    }

    /// @param below the pointer from the path to the operation
    private record Found(String method, Place place, String below, boolean alsoHead) {}

    private List<Found> operations(Place item) {
      var found = new ArrayList<Found>();
      if (!(item.node() instanceof Mapping mapping)) {
        return found;
      }
      boolean head = mapping.get("head") == null;
      for (var member : mapping.members()) {
        if (METHODS.contains(member.name())) {
          var method = member.name().toUpperCase(Locale.ROOT);
          var place = item.child(member.name(), member.value());
          var below = Mismatch.step(member.name());
          found.add(new Found(method, place, below, method.equals("GET") && head));
        }
      }
      if (mapping.get("additionalOperations") instanceof Mapping more) {
        for (var member : more.members()) {
          var place = item.child("additionalOperations", more).child(member.name(), member.value());
          var below = "/additionalOperations" + Mismatch.step(member.name());
          found.add(new Found(member.name(), place, below, false));
        }
      }
      return found;
    }

    private void route(
        Found found,
        Place item,
        String path,
        PathPattern pattern,
        @Nullable PartialPath partial,
        OperationReader operations) {
      if (!(found.place.node() instanceof Mapping mapping)) {
        files.fault(
            found.place.node(),
            found.method + ": " + found.place.node().seen() + " (expected: an operation)");
        return;
      }
      var conditions = partial == null ? Conditions.NONE : partial.condition();
      var shape = " " + pattern.text().replaceAll("\\{[^}]*}", "{}") + " " + conditions.path();
      var other = taken.putIfAbsent(found.method + shape, path);
      if (other != null) {
        var clash =
            "path: "
                + path
                + " for "
                + found.method
                + " (expected: a path that can be told from "
                + other
                + ")";
        if (partial == null) {
          files.fault(mapping, clash);
        } else {
          // As often as not both are the same operation, once by another name.
          files.warn(mapping, clash + ". It is no route");
        }
        return;
      }
      var methods = new LinkedHashSet<String>();
      methods.add(found.method);
      if (found.alsoHead && taken.putIfAbsent("HEAD" + shape, path) == null) {
        methods.add("HEAD");
      }
      var id = id(found, mapping, path);
      var shared = item.down("parameters");
      var key = "/paths" + Mismatch.step(path) + found.below();
      recipes.put(key, operations.read(id, found.place, shared, path, partial));
      routes.add(new Route(id, methods, pattern, conditions, null, key, List.of()));
    }

    private String id(Found found, Mapping operation, String path) {
      if (operation.get("operationId") instanceof Node.Scalar written
          && !written.text().isBlank()) {
        if (!ids.add(written.text())) {
          files.fault(
              written,
              "operationId: " + written.seen() + " (expected: one that no other operation has)");
        }
        return written.text();
      }
      var made = found.method + " " + path;
      ids.add(made);
      return made;
    }
  }
}
