package io.ostiary.kernel.stage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// An object in the folder as it stands there, and by what another one in its place is noticed.
///
/// @param off whether an operator switched it off: a file beside it says so
record StageFile(Path path, long bytes, FileTime changed, Object key, boolean off) {
  static final String SUFFIX = ".bpf.o";
  static final long BYTES_MAX = 4 << 20;

  private static final int FILES_MAX = 64;
  private static final Duration QUIET = Duration.ofMillis(300);

  /// All of the folder by name; none where there is no such folder.
  static List<StageFile> in(Path folder) throws IOException {
    var found = new ArrayList<StageFile>();
    if (!Files.isDirectory(folder)) {
      return found;
    }
    try (var paths = Files.list(folder)) {
      for (var path : paths.sorted().toList()) {
        if (path.getFileName().toString().endsWith(SUFFIX) && found.size() < FILES_MAX) {
          read(path, found);
        }
      }
    }
    return found;
  }

  private static void read(Path path, List<StageFile> into) {
    try {
      var attributes = Files.readAttributes(path, BasicFileAttributes.class);
      var key = attributes.fileKey();
      if (attributes.isRegularFile()) {
        into.add(
            new StageFile(
                path,
                attributes.size(),
                attributes.lastModifiedTime(),
                key == null ? "" : key,
                Files.exists(marker(path), LinkOption.NOFOLLOW_LINKS)));
      }
    } catch (IOException e) {
      // It went while it was looked at; the next look does not find it.
    }
  }

  /// The file that says that this one is switched off.
  static Path marker(Path path) {
    return path.resolveSibling(path.getFileName() + ".off");
  }

  String name() {
    var file = path.getFileName().toString();
    return file.substring(0, file.length() - SUFFIX.length());
  }

  boolean sameContent(StageFile other) {
    return bytes == other.bytes && changed.equals(other.changed) && key.equals(other.key);
  }

  /// Whether nobody has written to it for a while.
  boolean isQuiet(Instant now) {
    return changed.toInstant().plus(QUIET).isBefore(now);
  }
}
