package io.ostiary.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a file of blocks held when it was read, and how to tell whether it has changed since.
///
/// @param list with the faults of the file
/// @param key of the file itself, as another may take its name; null where there is none
/// @param read when it was read
/// @param text what was read, for the next time
public record CidrFile(
    CidrList list,
    FileTime modified,
    long size,
    @Nullable Object key,
    Instant read,
    CidrText text) {
  /// In bytes.
  public static final int SIZE_MAX = 64 << 20;

  /// A file system may not tell two changes apart that are closer together: some count seconds.
  private static final Duration SAME_TIME = Duration.ofSeconds(2);

  /// @param name of the file, for the faults
  public static CidrFile read(String name, Path path) throws IOException {
    return read(name, path, new CidrText());
  }

  /// What stands there now. Of a text that differs from the one before in a few lines only these
  /// are read.
  ///
  /// @param name as above
  public CidrFile again(String name, Path path) throws IOException {
    return read(name, path, text);
  }

  /// Makes the first change of a file as quick to read as the next ones; takes some hundredths of a
  /// second.
  public static void rehearse() throws IOException {
    CidrText.rehearse();
  }

  private static CidrFile read(String name, Path path, CidrText text) throws IOException {
    var start = Instant.now();
    var now = Files.readAttributes(path, BasicFileAttributes.class);
    var list =
        now.size() > SIZE_MAX
            ? new CidrList(List.of(), List.of(name + ": larger than 64 MiB (expected: less)"))
            : text.read(name, path);
    return new CidrFile(list, now.lastModifiedTime(), now.size(), now.fileKey(), start, text);
  }

  /// Whether a file has changed so lately that it may not be whole yet.
  public static boolean isBeingWritten(Path path) {
    try {
      var changed = Files.getLastModifiedTime(path).toInstant();
      var now = Instant.now();
      return changed.isAfter(now.minus(SAME_TIME)) && !changed.isAfter(now);
    } catch (IOException e) {
      return false;
    }
  }

  /// Whether another file has taken the place of this one, which was whole before it came there:
  /// what is written in place stays the same file.
  ///
  /// @param path to which something was moved
  public boolean isReplacedAt(Path path) {
    try {
      var now = Files.readAttributes(path, BasicFileAttributes.class);
      return now.fileKey() != null && !now.fileKey().equals(key);
    } catch (IOException e) {
      return false;
    }
  }

  /// Whether what stands there now is less than half as long: it was emptied to be written anew.
  public boolean isHalvedAt(Path path) {
    try {
      return Files.size(path) < size / 2;
    } catch (IOException e) {
      return true;
    }
  }

  /// Whether this is still what stands there, and no change can have been missed because it came
  /// right behind the one before.
  public boolean isCertainlyOf(Path path) {
    return modified.toInstant().plus(SAME_TIME).isBefore(read) && isOf(path);
  }

  /// Whether this is still what stands there.
  public boolean isOf(Path path) {
    try {
      var now = Files.readAttributes(path, BasicFileAttributes.class);
      return now.lastModifiedTime().equals(modified)
          && now.size() == size
          && Objects.equals(now.fileKey(), key);
    } catch (IOException e) {
      return false;
    }
  }
}
