package io.ostiary.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// The repository as the tidy tests read it.
final class Tree {
  /// Tests run in the folder of their module.
  static final Path ROOT = Path.of("").toAbsolutePath().getParent();

  private static final Set<String> LEFT_OUT =
      Set.of("target", "node_modules", ".git", ".tools", "data");

  private Tree() {}

  static List<Path> files(String ending) {
    try (Stream<Path> all = Files.walk(ROOT)) {
      return all.filter(path -> path.toString().endsWith(ending))
          .filter(Predicate.not(Tree::leftOut))
          .filter(Files::isRegularFile)
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<String> lines(Path file) {
    return read(file).lines().toList();
  }

  /// `path:line`, as an editor opens it.
  static String at(Path file, int line) {
    return ROOT.relativize(file) + ":" + line;
  }

  private static boolean leftOut(Path path) {
    for (var part : ROOT.relativize(path)) {
      if (LEFT_OUT.contains(part.toString())) {
        return true;
      }
    }
    return false;
  }
}
