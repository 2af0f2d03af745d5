package io.ostiary.insight.store;

import io.ostiary.insight.ledger.Names;
import io.ostiary.insight.ledger.Row;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Walks the frames of a journal file from its beginning, collecting names on the way. Ends at the
/// file's end or at the first frame that is not whole. Confined to its thread.
final class Frames implements AutoCloseable {
  private static final int AHEAD = 4 * 1024;
  private static final int FRAME_MAX = 64 * 1024 * 1024;

  private final FileChannel file;
  private final Names names = new Names();
  private final byte[] header = new byte[Segment.HEADER];
  private final ByteBuffer ahead = ByteBuffer.allocate(AHEAD).limit(0);
  private long aheadAt;
  private long position;
  private long frameAt;
  private int namesBytes;
  private int rowBytes;

  Frames(Path path) throws IOException {
    file = FileChannel.open(path, StandardOpenOption.READ);
  }

  /// Goes to the next frame; false at the end.
  boolean next() throws IOException {
    if (!read(header, position, Segment.HEADER) || Row.getInt(header, 0) != Segment.MAGIC) {
      return false;
    }
    namesBytes = Row.getInt(header, 8);
    rowBytes = Row.getInt(header, 12);
    long end = position + Segment.HEADER + (long) namesBytes + rowBytes;
    if (namesBytes < 0 || rowBytes <= 0 || end - position > FRAME_MAX || end > file.size()) {
      return false;
    }
    if (namesBytes > 0 && !readNames()) {
      return false;
    }
    frameAt = position;
    position = end;
    return true;
  }

  private boolean readNames() throws IOException {
    var texts = new byte[namesBytes];
    if (!read(texts, position + Segment.HEADER, namesBytes)) {
      return false;
    }
    int at = 0;
    for (int left = Row.getInt(header, 4); left > 0; left--) {
      if (at + 2 > texts.length) {
        return false;
      }
      int length = (texts[at] & 0xff) | (texts[at + 1] & 0xff) << 8;
      if (at + 2 + length > texts.length) {
        return false;
      }
      names.id(new String(texts, at + 2, length, StandardCharsets.UTF_8));
      at += 2 + length;
    }
    return true;
  }

  /// The rows of this frame, or an empty array where the checksum says they are damaged.
  byte[] rows() throws IOException {
    var texts = new byte[namesBytes];
    var rows = new byte[rowBytes];
    if (!read(texts, frameAt + Segment.HEADER, namesBytes) || !read(rows, rowsAt(), rowBytes)) {
      return new byte[0];
    }
    boolean whole = Segment.checksum(header, texts, rows, rowBytes) == Row.getInt(header, 20);
    return whole ? rows : new byte[0];
  }

  /// The rows of the frame at this place, or an empty array where they are damaged. Where [#next]
  /// goes is not changed, and names must have been collected up to there.
  byte[] rows(long at) throws IOException {
    if (!read(header, at, Segment.HEADER)) {
      return new byte[0];
    }
    frameAt = at;
    namesBytes = Row.getInt(header, 8);
    rowBytes = Row.getInt(header, 12);
    return rows();
  }

  private long rowsAt() {
    return frameAt + Segment.HEADER + namesBytes;
  }

  int rowCount() {
    return Row.getInt(header, 16);
  }

  long firstCall() {
    return Row.getLong(header, 24);
  }

  long lastCall() {
    return Row.getLong(header, 32);
  }

  long frameAt() {
    return frameAt;
  }

  /// Where the next frame begins.
  long position() {
    return position;
  }

  /// The names of all frames so far.
  Names names() {
    return names;
  }

  private boolean read(byte[] into, long from, int length) throws IOException {
    if (length > AHEAD) {
      return readWhole(ByteBuffer.wrap(into, 0, length), from);
    }
    if (from < aheadAt || from + length > aheadAt + ahead.limit()) {
      ahead.clear();
      readWhole(ahead, from);
      ahead.flip();
      aheadAt = from;
    }
    if (length > ahead.limit()) {
      return false;
    }
    ahead.get((int) (from - aheadAt), into, 0, length);
    return true;
  }

  private boolean readWhole(ByteBuffer into, long from) throws IOException {
    long at = from;
    while (into.hasRemaining()) {
      int count = file.read(into, at);
      if (count < 0) {
        return false;
      }
      at += count;
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
