package io.ostiary.server;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// The folder in which one process keeps its records, locked against a second one. The lock ends
/// with the process, also by `kill -9`.
public final class DataFolder implements AutoCloseable {
  private static final String LOCK = "lock";

  private final Path path;
  private final FileChannel channel;

  private DataFolder(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /// @throws UserError when it cannot be used
  static DataFolder open(Path path) {
    try {
      Files.createDirectories(path);
      var file = path.resolve(LOCK);
      var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (tryLock(channel) == null) {
        channel.close();
        throw new UserError(
            "--data: %s (expected: a folder no other Ostiary uses). One is running on it: stop it, or choose another folder"
                .formatted(path));
      }
      return new DataFolder(path, channel);
    } catch (IOException e) {
      throw new UserError(
          "--data: %s (expected: a folder we may write). %s".formatted(path, reason(e)));
    }
  }

  /// Whether a process has this folder open, as far as the kernel lists locks. Locking it to find
  /// out could keep a process from starting that tries at the same moment.
  public static boolean isLocked(Path path) {
    try {
      var inode = ":" + Files.getAttribute(path.resolve(LOCK), "unix:ino") + " ";
      try (var locks = Files.lines(Path.of("/proc/locks"))) {
        return locks.anyMatch(line -> line.contains(" WRITE ") && line.contains(inode));
      }
    } catch (IOException e) {
      return false;
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  private static String reason(IOException e) {
    return switch (e) {
      case FileAlreadyExistsException file -> file.getFile() + " is a file";
      case NoSuchFileException missing -> missing.getFile() + " cannot be made there";
      case AccessDeniedException denied -> denied.getFile() + " may not be written by this user";
      default -> String.valueOf(e.getMessage());
    };
  }

  Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
