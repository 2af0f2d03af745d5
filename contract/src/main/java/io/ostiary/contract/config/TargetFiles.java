package io.ostiary.contract.config;

import io.ostiary.contract.bind.Binder;
import io.ostiary.contract.bind.Shapes;
import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Node;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.TreeReader;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Files of targets that upstreams name. They are read with the configuration and watched like it,
/// so that a bad one is refused with its faults, and everything that was in force stays.
final class TargetFiles {
  private TargetFiles() {}

  /// The targets of a file; with faults where it cannot be understood.
  ///
  /// @param beside the configuration
  /// @param at where the configuration names it
  static List<Written.Target> read(String file, Path beside, String at, Notes notes) {
    var path = path(beside, file);
    if (path == null) {
      notes.fault(at, "file: '" + file + "' (expected: a file)");
      return List.of();
    }
    var parsed = TreeReader.read(path, path.toString(), Limits.CONFIGURATION);
    return switch (parsed) {
      case Parsed.Broken(var faults) -> {
        notes.faults(faults);
        yield List.of();
      }
      case Parsed.Tree(var root, var faults) -> {
        notes.faults(faults);
        var binder = new Binder();
        var bound = binder.bind(new Shapes(Map.of()), Written.TargetFile.class, root, "document");
        notes.faults(binder.faults());
        yield bound == null ? List.of() : bound.targets();
      }
    };
  }

  /// The files that a configuration names.
  static Set<Path> named(Node root, Path beside) {
    var files = new LinkedHashSet<Path>();
    for (var upstream : Notes.items(root, "upstreams")) {
      var discovery = Notes.member(upstream, "discovery");
      var named = discovery == null ? null : Notes.text(discovery, "file");
      var path = named == null ? null : path(beside, named.text());
      if (path != null) {
        files.add(path);
      }
    }
    return files;
  }

  private static @Nullable Path path(Path beside, String file) {
    try {
      return file.isBlank() ? null : beside.resolveSibling(file).normalize();
    } catch (InvalidPathException e) {
      return null;
    }
  }
}
