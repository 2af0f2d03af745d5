package io.ostiary.contract.config;

import io.ostiary.model.CidrFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// What the files of a configuration's sets held when they were read last: one that has not changed
/// since is not read again only because something else in the configuration has. Used by one
/// reading at a time.
final class KnownSets {
  private Map<Path, CidrFile> before = Map.of();
  private Map<Path, CidrFile> now = new HashMap<>();

  /// A reading begins. What the one before did not ask for is forgotten.
  void begin() {
    if (!now.isEmpty()) {
      before = now;
    }
    now = new HashMap<>();
  }

  CidrFile read(Path path) throws IOException {
    var known = before.get(path);
    var name = path.getFileName().toString();
    var read =
        known == null
            ? CidrFile.read(name, path)
            : known.isCertainlyOf(path) ? known : known.again(name, path);
    now.put(path, read);
    return read;
  }
}
