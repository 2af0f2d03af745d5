package io.ostiary.contract.config;

import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The OpenAPI documents of one configuration, each file read once. Immutable once loaded.
final class Documents {
  private final Map<Path, ApiDocuments.Loaded> byFile = new HashMap<>();
  private final Path file;

  private Documents(Path file) {
    this.file = file;
  }

  /// @param known those of the readings before
  static Documents load(
      Node root, Path file, ApiDocuments documents, KnownDocuments known, Notes notes) {
    var all = new LinkedHashMap<Path, Node.Text>();
    for (var api : Notes.items(root, "apis")) {
      var named = Notes.text(api, "openapi");
      var path = named == null ? null : path(file, named.text());
      if (named != null && path == null) {
        notes.fault(named, "openapi: " + named.seen() + " (expected: a file)");
      }
      if (named != null && path != null) {
        all.putIfAbsent(path, named);
      }
    }
    long bytes = all.keySet().stream().mapToLong(Documents::size).sum();
    var loaded = new Documents(file);
    known.begin();
    all.forEach((path, named) -> {
      var document = known.unchanged(path);
      var refusal =
          document == null
              ? DocumentRoom.refusal(bytes, size(path), Runtime.getRuntime().maxMemory())
              : null;
      if (refusal == null) {
        loaded.add(path, document == null ? known.load(path, documents) : document, named, notes);
      } else {
        notes.fault(named, "openapi: " + named.seen() + " has " + refusal);
      }
    });
    known.end();
    return loaded;
  }

  /// 0 of what cannot be asked: whoever reads it says why.
  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }

  private void add(Path path, ApiDocuments.Loaded document, Node.Text named, Notes notes) {
    byFile.put(path, document);
    switch (document) {
      case ApiDocuments.Loaded.Understood understood -> notes.warnings(understood.warnings());
      case ApiDocuments.Loaded.Refused(var faults, var _) -> {
        notes.fault(
            named,
            "openapi: "
                + named.seen()
                + " cannot be used, it has "
                + (faults.size() == 1 ? "1 fault" : faults.size() + " faults"));
        notes.faults(faults);
      }
    }
  }

  /// Null: not loaded, or refused.
  ApiDocuments.Loaded.@Nullable Understood get(@Nullable String openapi) {
    var path = openapi == null ? null : path(file, openapi);
    return path != null && byFile.get(path) instanceof ApiDocuments.Loaded.Understood understood
        ? understood
        : null;
  }

  /// The files that a configuration names, itself not among them.
  static Set<Path> named(Node root, Path file) {
    var files = new LinkedHashSet<Path>();
    for (var api : Notes.items(root, "apis")) {
      var named = Notes.text(api, "openapi");
      var path = named == null ? null : path(file, named.text());
      if (path != null) {
        files.add(path);
      }
    }
    for (var listener : Notes.items(root, "listeners")) {
      tlsFiles(listener, file, files);
    }
    return files;
  }

  private static void tlsFiles(Node listener, Path file, Set<Path> files) {
    if (!(listener instanceof Mapping mapping) || !(mapping.get("tls") instanceof Mapping tls)) {
      return;
    }
    add(tls, "client-authorities", file, files);
    var written = tls.get("certificates");
    var certificates = Notes.items(tls, "certificates");
    if (written instanceof Mapping alone) {
      certificates = List.of(alone);
    }
    for (var one : certificates) {
      for (var name : List.of("chain", "key", "ocsp")) {
        add(one, name, file, files);
      }
    }
  }

  private static void add(Node parent, String name, Path file, Set<Path> files) {
    var named = Notes.text(parent, name);
    var path = named == null ? null : path(file, named.text());
    if (path != null) {
      files.add(path);
    }
  }

  private static @Nullable Path path(Path file, String openapi) {
    try {
      return openapi.isBlank() ? null : file.resolveSibling(openapi).normalize();
    } catch (InvalidPathException e) {
      return null;
    }
  }
}
