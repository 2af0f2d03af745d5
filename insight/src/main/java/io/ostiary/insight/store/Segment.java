package io.ostiary.insight.store;

import io.ostiary.insight.ledger.Batch;
import io.ostiary.insight.ledger.Names;
import io.ostiary.insight.ledger.Row;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// One file of the journal: frames of rows with the names they use, one frame for each batch. A
/// frame is written by one write at the end of what is valid, so what a crash or a full disk leaves
/// behind is at worst one broken frame at the end, which the next write or scan passes over.
///
/// Written by the store's thread alone; its numbers may be read by any.
final class Segment {
  static final int MAGIC = 0x314f5346;

  /// magic, names, bytes of names, bytes of rows, rows, checksum, first and last call.
  static final int HEADER = 40;

  private final Path path;
  private final long number;
  private @Nullable FileChannel channel;
  private int namesWritten = 1;
  volatile long size;
  volatile long rows;
  volatile long firstCall = Long.MAX_VALUE;
  volatile long lastCall = Long.MIN_VALUE;

  /// The texts of a segment that is being written; null: nobody writes to it any more. They are as
  /// many as there are consumers, and segments stay for days.
  volatile @Nullable Names names;

  Segment(Path path, long number) {
    this.path = path;
    this.number = number;
  }

  /// @param day UTC, part of the file's name so that people see what they delete
  static Segment create(Path directory, long number, Names names, Instant day) {
    var date = LocalDate.ofInstant(day, ZoneOffset.UTC).toString();
    var segment = new Segment(directory.resolve("%08d-%s.calls".formatted(number, date)), number);
    segment.names = names;
    return segment;
  }

  Path path() {
    return path;
  }

  long number() {
    return number;
  }

  /// Appends a batch whole, or throws and leaves the valid part as it was.
  void append(Batch batch) throws IOException {
    var out = open();
    var texts = names(batch);
    var header = ByteBuffer.allocate(HEADER);
    var bytes = header.array();
    Row.putInt(bytes, 0, MAGIC);
    Row.putInt(bytes, 4, Math.max(0, batch.namesEnd() - namesWritten));
    Row.putInt(bytes, 8, texts.length);
    Row.putInt(bytes, 12, batch.length());
    Row.putInt(bytes, 16, batch.rows());
    Row.putLong(bytes, 24, batch.firstCall());
    Row.putLong(bytes, 32, batch.lastCall());
    Row.putInt(bytes, 20, checksum(bytes, texts, batch.bytes(), batch.length()));
    var parts =
        new ByteBuffer[] {
          header, ByteBuffer.wrap(texts), ByteBuffer.wrap(batch.bytes(), 0, batch.length())
        };
    out.position(size);
    long whole = HEADER + (long) texts.length + batch.length();
    long left = whole;
    while (left > 0) {
      left -= out.write(parts);
    }
    namesWritten = Math.max(namesWritten, batch.namesEnd());
    firstCall = Math.min(firstCall, batch.firstCall());
    lastCall = Math.max(lastCall, batch.lastCall());
    long rowsBefore = rows;
    rows = rowsBefore + batch.rows();
    long sizeBefore = size;
    size = sizeBefore + whole;
  }

  static int checksum(byte[] header, byte[] texts, byte[] rows, int rowBytes) {
    var crc = new CRC32C();
    crc.update(header, 4, 16);
    crc.update(texts);
    crc.update(rows, 0, rowBytes);
    return (int) crc.getValue();
  }

  private byte[] names(Batch batch) {
    var texts = new java.io.ByteArrayOutputStream();
    for (int id = namesWritten; id < batch.namesEnd(); id++) {
      var text = batch.names().textOrEmpty(id).getBytes(StandardCharsets.UTF_8);
      int length = Math.min(text.length, 0xffff);
      texts.write(length);
      texts.write(length >>> 8);
      texts.write(text, 0, length);
    }
    return texts.toByteArray();
  }

  private FileChannel open() throws IOException {
    var known = channel;
    if (known != null && known.isOpen()) {
      return known;
    }
    var opened = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    channel = opened;
    return opened;
  }

  void close() throws IOException {
    names = null;
    if (channel != null) {
      channel.close();
    }
  }
}
