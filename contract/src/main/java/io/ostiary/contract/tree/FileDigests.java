package io.ostiary.contract.tree;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What files hold, by SHA-256 (FIPS 180-4). A file is read again only where its size, times or
/// identity say that somebody may have written to it: one that was changed less than two seconds
/// before it was read is not trusted to have another time after the next write, for clocks of file
/// systems are coarse. Used by one thread at a time.
public final class FileDigests {
  /// Of a file that is not there or cannot be read.
  public static final String ABSENT = "";

  private static final String ATTRIBUTES = "unix:ino,dev,size,lastModifiedTime,ctime";
  private static final long COARSE_SECONDS = 2;

  private final Map<Path, Known> known = new HashMap<>();

  /// @param attributes with which the file holds this; null: none that could be trusted
  private record Known(@Nullable Map<String, Object> attributes, String digest) {}

  public static String of(byte[] bytes) {
    return HexFormat.of().formatHex(sha256().digest(bytes));
  }

  /// What a file holds now.
  public String of(Path file) {
    var now = attributes(file);
    var before = known.get(file);
    if (before != null && now != null && now.equals(before.attributes)) {
      return before.digest;
    }
    var since = Instant.now();
    var digest = read(file);
    known.put(file, new Known(now != null && settled(now, since) ? now : null, digest));
    return digest;
  }

  /// Forgets all files but these.
  public void retain(Set<Path> files) {
    known.keySet().retainAll(files);
  }

  private static @Nullable Map<String, Object> attributes(Path file) {
    try {
      return Files.readAttributes(file, ATTRIBUTES);
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return null;
    }
  }

  private static boolean settled(Map<String, Object> attributes, Instant since) {
    return attributes.get("ctime") instanceof FileTime changed
        && changed.toInstant().isBefore(since.minusSeconds(COARSE_SECONDS));
  }

  private static String read(Path file) {
    var sha = sha256();
    try (var in = Files.newInputStream(file)) {
      var buffer = new byte[65_536];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        sha.update(buffer, 0, n);
      }
    } catch (IOException e) {
      return ABSENT;
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
