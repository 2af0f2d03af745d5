package io.ostiary.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ostiary.gateway.HandOver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The folder in which one process keeps its records, locked against a second one. The lock ends
/// with the process, also by `kill -9`.
public final class DataFolder implements AutoCloseable {
  private static final Path BPF = Path.of("/sys/fs/bpf/ostiary");
  private static final String LOCK = "lock";

  /// Made by who wants to take over, or by a person before a restart.
  private static final String WANTED = "take-over";

  private static final Duration WANTED_FOR = Duration.ofMinutes(2);
  private static final long POLL_MILLIS = 20;

  /// A folder that only this user may enter, and the socket in it over which processes hand over.
  private static final String RUN = "run";

  private static final String HAND_OVER = "hand-over";
  private static final int SOCKET_PATH_MAX = 107;

  private final Path path;
  private final FileChannel channel;

  private DataFolder(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /// Where kernel programs wait between two processes with this folder in this network namespace:
  /// interfaces have numbers only within one.
  Path handOver() {
    try {
      var namespace = Files.getAttribute(Path.of("/proc/self/ns/net"), "unix:ino");
      var sum = new CRC32C();
      sum.update(path.toRealPath().toString().getBytes(UTF_8));
      return BPF.resolve("%08x-%s".formatted(sum.getValue(), namespace));
    } catch (IOException | UnsupportedOperationException e) {
      return BPF.resolve("none");
    }
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
      channel.truncate(0);
      channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(UTF_8)));
      return new DataFolder(path, channel);
    } catch (IOException e) {
      throw new UserError(
          "--data: %s (expected: a folder we may write). %s".formatted(path, reason(e)));
    }
  }

  /// Where a next process asks for our sockets, or null where the path is too long for one.
  @Nullable Path handOverSocket() {
    var run = path.resolve(RUN);
    try {
      if (Files.notExists(run)) {
        Files.createDirectory(
            run,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwx------"));
      var socket = socket(path);
      Files.deleteIfExists(socket);
      return socket.toString().getBytes(UTF_8).length > SOCKET_PATH_MAX ? null : socket;
    } catch (IOException e) {
      return null;
    }
  }

  private static Path socket(Path data) {
    return data.toAbsolutePath().resolve(RUN).resolve(HAND_OVER);
  }

  /// Asks the process that runs here, if any, for its listening sockets, and waits until it has let
  /// go of the folder. Null: there is none, or it cannot hand over.
  ///
  /// @throws UserError when it does not let go in time
  static HandOver.@Nullable Given sockets(Path path, Duration limit) {
    if (!HandOver.available() || Files.notExists(socket(path))) {
      return null;
    }
    var given = HandOver.ask(socket(path), limit.toMillis());
    long end = System.nanoTime() + limit.toNanos();
    while (given != null && isLocked(path)) {
      if (System.nanoTime() > end) {
        given.close();
        throw new UserError(
            "--take-over: %s is still in use after %d s (expected: that the process lets go of it)"
                .formatted(path, limit.toSeconds()));
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        given.close();
        throw new UserError("--take-over: interrupted");
      }
    }
    return given;
  }

  /// Asks the process that runs here, if any, to end, to leave its kernel programs for us, and
  /// waits until it has.
  ///
  /// @throws UserError when it cannot be asked or does not end in time
  static void takeOver(Path path, Duration limit) {
    if (!isLocked(path)) {
      return;
    }
    try {
      long pid = Long.parseLong(Files.readString(path.resolve(LOCK)).strip());
      Files.writeString(path.resolve(WANTED), Instant.now() + "\n");
      boolean asked = ProcessHandle.of(pid).map(ProcessHandle::destroy).orElse(false);
      long end = System.nanoTime() + limit.toNanos();
      while (asked && isLocked(path)) {
        if (System.nanoTime() > end) {
          throw new UserError(
              "--take-over: process %d still runs after %d s (expected: that it ends)"
                  .formatted(pid, limit.toSeconds()));
        }
        Thread.sleep(POLL_MILLIS);
      }
      if (!asked) {
        throw new UserError(
            "--take-over: process %d cannot be asked to end (expected: one of this user, in this process namespace)"
                .formatted(pid));
      }
    } catch (IOException | NumberFormatException e) {
      throw new UserError("--take-over: %s: %s".formatted(path, e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserError("--take-over: interrupted");
    }
  }

  /// Whether the next process has asked for our kernel programs; asked once.
  boolean isWanted() {
    try {
      var wanted = path.resolve(WANTED);
      if (Files.notExists(wanted)) {
        return false;
      }
      boolean recent =
          Files.getLastModifiedTime(wanted).toInstant().isAfter(Instant.now().minus(WANTED_FOR));
      Files.delete(wanted);
      return recent;
    } catch (IOException e) {
      return false;
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
