package io.ostiary.contract.config;

import io.ostiary.contract.tree.FileDigests;
import io.ostiary.contract.tree.Parsed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The configuration and the documents it names, as they are on the disk. Used by one thread.
final class WatchedFiles {
  private final ConfigSource source;
  private final Path file;
  private final FileDigests digests = new FileDigests();
  private Set<Path> documents = Set.of();

  /// Of the configuration itself, as another file may take its name; null: not known.
  private @Nullable Object key;

  WatchedFiles(ConfigSource source) {
    this.source = source;
    file = source.file().toAbsolutePath();
    refresh();
  }

  /// Makes the tree of what the configuration is now where that is quick, for whoever asks for it
  /// next.
  void prepare() {
    source.prepare();
  }

  /// Reads again which documents the configuration names. Where it cannot be read, those it named
  /// before stay.
  void refresh() {
    if (source.parsed() instanceof Parsed.Tree(var root, var _)) {
      var named = new LinkedHashSet<>(Documents.named(root, file));
      named.addAll(TargetFiles.named(root, file));
      named.addAll(WrittenPage.named(root, file));
      documents = named;
    }
  }

  /// Directories in which something happens when one of the files changes: where each file is
  /// named, and where it really is.
  Set<Path> directories() {
    var directories = new LinkedHashSet<Path>();
    for (var one : all()) {
      directories.add(one.getParent());
      try {
        directories.add(one.toRealPath().getParent());
      } catch (IOException e) {
        // Not there now; its directory says when it comes.
      }
    }
    return directories;
  }

  /// Whether one of the files, or a folder that one of them is named in, is it.
  boolean names(Path changed) {
    var all = all();
    return all.contains(changed) || all.stream().anyMatch(one -> changed.equals(one.getParent()));
  }

  Path configuration() {
    return file;
  }

  boolean isConfiguration(Path changed) {
    return file.equals(changed);
  }

  /// Whether the configuration is missing or empty, as it is for a moment while some programs
  /// write.
  boolean unfinished() {
    try {
      return Files.size(file) == 0;
    } catch (IOException e) {
      return true;
    }
  }

  /// Whether another file than the one of the last [#signature] has got the configuration's name,
  /// and nothing was written to it since: to rename it was the last that happened to it. Then it is
  /// whole. Where the clock of the file system is too coarse to tell, this is false.
  boolean renamed() {
    try {
      var now = Files.readAttributes(file, BasicFileAttributes.class);
      return key != null
          && !key.equals(now.fileKey())
          && now.size() > 0
          && Files.getAttribute(file, "unix:ctime") instanceof FileTime changed
          && changed.compareTo(now.lastModifiedTime()) > 0;
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  /// Changes with every write and every swap of a link, at the cost of a few system calls; also
  /// changes where the content does not.
  String signature() {
    var text = new StringBuilder();
    for (var one : all()) {
      text.append(one).append('|');
      try {
        var attributes = Files.readAttributes(one, BasicFileAttributes.class);
        text.append(one.toRealPath()).append('|').append(attributes.size()).append('|');
        text.append(attributes.lastModifiedTime()).append('|').append(attributes.fileKey());
        if (one.equals(file)) {
          key = attributes.fileKey();
        }
      } catch (IOException e) {
        text.append("absent");
      }
      text.append('\n');
    }
    return text.toString();
  }

  /// What the files hold.
  ///
  /// @param configuration see [ConfigSource#number]
  /// @param documents and what they hold, see [FileDigests]
  record Content(long configuration, Map<Path, String> documents) {}

  /// Whether a document has changed since the configuration was read, or a file that it refers to:
  /// of these only whoever reads the document knows.
  boolean outdated() {
    return source.known().documents().changed(digests);
  }

  /// Changes if and only if the content does.
  Content content() {
    var held = new HashMap<Path, String>();
    documents.forEach(one -> held.put(one, digests.of(one)));
    digests.retain(all());
    return new Content(source.number(), held);
  }

  private Set<Path> all() {
    var all = new LinkedHashSet<Path>();
    all.add(file);
    all.addAll(documents);
    all.addAll(source.known().documents().files());
    return all;
  }
}
