package io.ostiary.insight.log;

import io.ostiary.model.observe.AccessLog.Destination;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// A file that is appended to, and put aside when it is too large or too old: `access.log` becomes
/// `access.log.20261129-201500`, and the oldest of these go. Others may move it away by themselves
/// and say so ([#reopen]). Confined to its thread.
final class FileSink implements Sink {
  private static final DateTimeFormatter ASIDE =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final String STAMP = "\\.[0-9]{8}-[0-9]{6}(-[0-9]+)?";

  private final Destination.File file;
  private FileChannel channel;
  private long size;
  private long begunMillis;

  FileSink(Destination.File file) throws IOException {
    this.file = file;
    channel = open();
  }

  private FileChannel open() throws IOException {
    var folder = file.path().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    if (Files.notExists(file.path())) {
      // It names clients and what they asked for.
      Files.createFile(
          file.path(),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r-----")));
    }
    var opened = FileChannel.open(file.path(), StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    size = opened.size();
    begunMillis =
        size == 0 ? System.currentTimeMillis() : Files.getLastModifiedTime(file.path()).toMillis();
    return opened;
  }

  @Override
  public void write(byte[] bytes, int[] ends, int lines) throws IOException {
    int from = 0;
    int line = 0;
    while (line < lines) {
      if (due(ends[line] - from)) {
        putAside();
      }
      int last = line;
      while (last + 1 < lines && !full(ends[last + 1] - from)) {
        last++;
      }
      write(ByteBuffer.wrap(bytes, from, ends[last] - from));
      from = ends[last];
      line = last + 1;
    }
  }

  private void write(ByteBuffer piece) throws IOException {
    while (piece.hasRemaining()) {
      size += channel.write(piece);
    }
  }

  private boolean full(int more) {
    return file.bytes() > 0 && size > 0 && size + more > file.bytes();
  }

  private boolean due(int more) {
    boolean old =
        !file.every().isZero()
            && size > 0
            && System.currentTimeMillis() - begunMillis >= file.every().toMillis();
    return old || full(more);
  }

  private void putAside() throws IOException {
    var stamp = ASIDE.format(Instant.now());
    var aside = sibling(file.path() + "." + stamp);
    for (int i = 1; Files.exists(aside); i++) {
      aside = sibling(file.path() + "." + stamp + "-" + i);
    }
    try {
      Files.move(file.path(), aside, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      // Somebody else has moved it: then only a new one is needed.
    }
    reopen();
    removeOldest();
  }

  private static Path sibling(String name) {
    return Path.of(name);
  }

  private void removeOldest() throws IOException {
    var folder = file.path().toAbsolutePath().getParent();
    var name = String.valueOf(file.path().getFileName());
    try (var files = Files.list(folder)) {
      var aside =
          files
              .filter(path -> {
                var other = String.valueOf(path.getFileName());
                return other.startsWith(name) && other.substring(name.length()).matches(STAMP);
              })
              .sorted()
              .toList();
      for (var path : aside.subList(0, Math.max(0, aside.size() - file.keep()))) {
        Files.deleteIfExists(path);
      }
    }
  }

  @Override
  public void reopen() throws IOException {
    var before = channel;
    channel = open();
    before.close();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
