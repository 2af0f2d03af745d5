package io.ostiary.kernel.capture;

import io.ostiary.model.capture.Capture;
import io.ostiary.model.capture.CaptureRefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;

/// The folder of captures: of each one its packets (`ID.pcapng`) and what is known of it
/// (`ID.properties`). Only the owner may read them. Immutable; callers take turns.
final class CaptureFolder {
  private static final Pattern ID = Pattern.compile("[0-9]{8}-[0-9]{6}-[0-9]{1,6}");
  private static final long FREE_MIN = 16L << 20;

  private final Path folder;

  CaptureFolder(Path folder) {
    this.folder = folder;
  }

  Path file(String id) {
    return folder.resolve(id + ".pcapng");
  }

  private Path known(String id) {
    return folder.resolve(id + ".properties");
  }

  /// Whether a text could be an id; nothing else ever becomes part of a path.
  static boolean isId(String text) {
    return ID.matcher(text).matches();
  }

  /// Makes the folder, and sees whether a capture has room.
  void open(long bytesMax) throws CaptureRefusedException {
    try {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      long taken = bytes();
      if (taken >= bytesMax) {
        throw new CaptureRefusedException(
            "captures: %d bytes are kept (expected: less than kernel.capture.bytes, %d). Delete some"
                .formatted(taken, bytesMax));
      }
      long free = free();
      if (free < FREE_MIN) {
        throw new CaptureRefusedException(
            "captures: the disk of %s is full, %d bytes are free (expected: at least %d). Make room, or run with another --data"
                .formatted(folder, free, FREE_MIN));
      }
    } catch (IOException e) {
      throw new CaptureRefusedException(
          "captures: %s cannot be written: %s (expected: a folder of ours)"
              .formatted(folder, e.getMessage()));
    }
  }

  private long free() throws IOException {
    return Files.getFileStore(folder).getUsableSpace();
  }

  /// Fails where the disk is nearly full: the database and the history need what is left.
  void leaveRoom() throws IOException {
    long free = free();
    if (free < FREE_MIN) {
      throw new IOException(
          "%d bytes are free on the disk (expected: at least %d)".formatted(free, FREE_MIN));
    }
  }

  /// What all files take.
  long bytes() throws IOException {
    if (Files.notExists(folder)) {
      return 0;
    }
    try (var files = Files.list(folder)) {
      long sum = 0;
      for (var file : files.toList()) {
        sum += Files.size(file);
      }
      return sum;
    } catch (NoSuchFileException e) {
      // Deleted meanwhile.
      return 0;
    }
  }

  void save(Capture capture) throws IOException {
    var known = new Properties();
    known.setProperty("by", capture.by());
    known.setProperty("filter", capture.filter());
    known.setProperty("started", capture.started().toString());
    known.setProperty("state", capture.state().name());
    known.setProperty("why", capture.why());
    known.setProperty("packets", capture.packets() + "");
    known.setProperty("lost", capture.lost() + "");
    known.setProperty("bodies", capture.bodiesKept() + "");
    if (capture.ended() != null) {
      known.setProperty("ended", capture.ended().toString());
    }
    if (capture.api() != null) {
      known.setProperty("api", capture.api());
    }
    if (capture.call() != null) {
      known.setProperty("call", capture.call());
    }
    try (var out = Files.newBufferedWriter(known(capture.id()))) {
      known.store(out, null);
    }
  }

  void delete(String id) throws IOException {
    Files.deleteIfExists(file(id));
    Files.deleteIfExists(known(id));
  }

  /// Those that ended, also in an earlier process, the newest first.
  List<Capture> list() {
    if (Files.notExists(folder)) {
      return List.of();
    }
    var found = new ArrayList<Capture>();
    try (var files = Files.list(folder)) {
      for (var file : files.toList()) {
        var name = file.getFileName().toString();
        if (name.endsWith(".properties")) {
          find(name.substring(0, name.length() - ".properties".length())).ifPresent(found::add);
        }
      }
    } catch (IOException e) {
      return List.of();
    }
    found.sort(Comparator.comparing(Capture::id).reversed());
    return found;
  }

  Optional<Capture> find(String id) {
    if (!isId(id) || Files.notExists(known(id))) {
      return Optional.empty();
    }
    var known = new Properties();
    try (var in = Files.newBufferedReader(known(id))) {
      known.load(in);
      var ended = known.getProperty("ended");
      boolean cut = ended == null;
      return Optional.of(
          new Capture(
              id,
              known.getProperty("by", ""),
              known.getProperty("filter", ""),
              Instant.parse(known.getProperty("started", "")),
              cut ? Files.getLastModifiedTime(file(id)).toInstant() : Instant.parse(ended),
              cut ? Capture.State.FAILED : Capture.State.valueOf(known.getProperty("state", "")),
              cut ? "the process ended while it ran" : known.getProperty("why", ""),
              Long.parseLong(known.getProperty("packets", "0")),
              Files.exists(file(id)) ? Files.size(file(id)) : 0,
              Long.parseLong(known.getProperty("lost", "0")),
              Boolean.parseBoolean(known.getProperty("bodies")),
              known.getProperty("api"),
              known.getProperty("call")));
    } catch (IOException | IllegalArgumentException | DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
