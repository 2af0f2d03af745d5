package io.ostiary.contract.config;

import io.ostiary.contract.config.ApiDocuments.Loaded;
import io.ostiary.contract.tree.FileDigests;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The OpenAPI documents of one configuration, each loaded again only where one of its files holds
/// something else than it did. So what was made of a document lasts as long as the document, and a
/// reload because of something else costs nothing for it. Used by one reading at a time; [#files]
/// and [#changed] by all threads.
final class KnownDocuments {
  private final FileDigests digests = new FileDigests();
  private Map<Path, Loaded> before = new HashMap<>();
  private Map<Path, Loaded> now = new HashMap<>();
  private volatile List<Map<Path, String>> files = List.of();

  /// A reading of all documents begins.
  void begin() {
    before = now;
    now = new HashMap<>();
  }

  /// What it was loaded as in the reading before, as long as nothing of it has changed; null: it is
  /// to be loaded.
  @Nullable Loaded unchanged(Path file) {
    var known = before.get(file);
    if (!(known instanceof Loaded.Understood)
        || known.files().isEmpty()
        || !same(known.files(), digests)) {
      return null;
    }
    now.put(file, known);
    return known;
  }

  Loaded load(Path file, ApiDocuments documents) {
    var loaded = documents.load(file, file.toString());
    now.put(file, loaded);
    return loaded;
  }

  private static boolean same(Map<Path, String> files, FileDigests digests) {
    return files.entrySet().stream()
        .allMatch(one -> digests.of(one.getKey()).equals(one.getValue()));
  }

  /// The reading ends: documents that it did not ask for are let go.
  void end() {
    before = new HashMap<>();
    files = now.values().stream().map(Loaded::files).toList();
    digests.retain(files());
  }

  /// The files that the documents were read from. For all threads.
  Set<Path> files() {
    var all = new HashSet<Path>();
    files.forEach(one -> all.addAll(one.keySet()));
    return all;
  }

  /// Whether one of [#files] holds something else now. For all threads.
  ///
  /// @param digests of whoever asks
  boolean changed(FileDigests digests) {
    return !files.stream().allMatch(one -> same(one, digests));
  }
}
