package io.ostiary.contract.config;

import io.ostiary.contract.bind.Binder;
import io.ostiary.contract.bind.Shapes;
import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Node;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.TreeReader;
import io.ostiary.model.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Files of targets that upstreams name. They are read with the configuration and watched like it,
/// so that a bad one is refused with its faults, and everything that was in force stays.
final class TargetFiles {
  private TargetFiles() {}

  /// The targets of a file; with faults where it cannot be understood.
  ///
  /// @param beside the configuration
  /// @param at where the configuration names it
  static List<Target> read(String file, Path beside, String at, Notes notes) {
    var path = ConfigReader.beside(beside, file);
    if (path == null) {
      notes.fault(at, "file: '" + file + "' (expected: a file)");
      return List.of();
    }
    if (!Files.isReadable(path) || Files.isDirectory(path)) {
      notes.fault(
          at, "file: '%s' (expected: a file that can be read, as %s)".formatted(file, path));
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
        yield bound == null ? List.of() : meant(bound, new Notes(root), notes);
      }
    };
  }

  private static List<Target> meant(Written.TargetFile bound, Notes here, Notes notes) {
    var targets = new ArrayList<Target>();
    for (int i = 0; i < bound.targets().size(); i++) {
      var one = bound.targets().get(i);
      var target = here.attempt("/targets/" + i, () -> Upstreams.target(one));
      if (target != null) {
        targets.add(target);
      }
    }
    notes.faults(here.sortedFaults());
    return targets;
  }

  /// The files that a configuration names.
  static Set<Path> named(Node root, Path beside) {
    var files = new LinkedHashSet<Path>();
    for (var upstream : Notes.items(root, "upstreams")) {
      var discovery = Notes.member(upstream, "discovery");
      var named = discovery == null ? null : Notes.text(discovery, "file");
      var path = named == null ? null : ConfigReader.beside(beside, named.text());
      if (path != null) {
        files.add(path);
      }
    }
    return files;
  }
}
