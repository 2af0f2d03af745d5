package io.ostiary.contract.config;

import io.ostiary.contract.tree.Parsed;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The configuration and the documents it names, as they are on the disk. Used by one thread.
final class WatchedFiles {
  private final ConfigSource source;
  private final Path file;
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

  boolean names(Path changed) {
    return all().contains(changed);
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
  record Content(long configuration, String documents) {}

  /// Changes if and only if the content does.
  Content content() {
    return new Content(source.number(), documents.isEmpty() ? "" : digest(documents));
  }

  private static String digest(Set<Path> files) {
    var sha = sha256();
    for (var one : files) {
      sha.update(one.toString().getBytes(StandardCharsets.UTF_8));
      try (var in = Files.newInputStream(one)) {
        var buffer = new byte[65_536];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          sha.update(buffer, 0, n);
        }
        sha.update((byte) 1);
      } catch (IOException e) {
        sha.update((byte) 0);
      }
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  private Set<Path> all() {
    var all = new LinkedHashSet<Path>();
    all.add(file);
    all.addAll(documents);
    return all;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
