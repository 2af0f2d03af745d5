package io.ostiary.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// The next version of a text, read piece by piece and compared with the one before: what is the
/// same in both is forgotten at once. Used by one thread.
final class TextVersion {
  /// Small enough to stay in the processor's cache until it is compared.
  static final int PIECE = 1 << 16;

  private final Source source;
  private final int size;
  private final ByteBuffer piece;

  /// Where its bytes come from.
  interface Source {
    /// @return how many bytes came, none or less where there are no more
    int read(ByteBuffer into, long at) throws IOException;
  }

  /// @param size in bytes; what is added meanwhile belongs to a later version
  /// @param piece room for [#PIECE] bytes
  TextVersion(Source source, int size, ByteBuffer piece) {
    this.source = source;
    this.size = size;
    this.piece = piece;
  }

  int size() {
    return size;
  }

  /// @return how many bytes there were
  private int load(int at, int count) throws IOException {
    piece.clear().limit(count);
    while (piece.hasRemaining() && source.read(piece, at + piece.position()) > 0) {}
    return piece.flip().remaining();
  }

  /// All of it.
  ///
  /// @param into has room for it
  /// @return how many bytes there were: fewer where it was cut meanwhile
  int readAll(byte[] into) throws IOException {
    int read = 0;
    for (int count = 1; count > 0 && read < size; read += count) {
      count = load(read, Math.min(PIECE, size - read));
      piece.get(into, read, count);
    }
    return read;
  }

  /// @return null where it was cut meanwhile
  byte @Nullable [] bytes(int at, int count) throws IOException {
    var bytes = new byte[count];
    int read = 0;
    while (read < count) {
      int came = load(at + read, Math.min(PIECE, count - read));
      if (came == 0) {
        return null;
      }
      piece.get(bytes, read, came);
      read += came;
    }
    return bytes;
  }

  /// The lines it begins with that hold nothing but a comment.
  byte[] comments() throws IOException {
    load(0, Math.min(PIECE, size));
    var comments = new byte[behindComments(piece)];
    piece.get(comments);
    return comments;
  }

  /// Many lists begin with the day they were made. No further than a piece.
  static int behindComments(ByteBuffer bytes) {
    int length = Math.min(PIECE, bytes.limit());
    int at = 0;
    while (at < length && (bytes.get(at) == '#' || bytes.get(at) == ';')) {
      int end = at;
      while (end < length && bytes.get(end) != '\n' && bytes.get(end) != '\r') {
        end++;
      }
      end += end + 1 < length && bytes.get(end) == '\r' ? 1 : 0;
      if (end >= length || bytes.get(end) != '\n' || end - at > CidrList.LINE_MAX) {
        return at;
      }
      at = end + 1;
    }
    return at;
  }

  /// How many bytes it has from a place on in common with another text from a place on.
  ///
  /// @param to where the other one ends
  int head(int at, byte[] other, int from, int to) throws IOException {
    int most = Math.min(size - at, to - from);
    int same = 0;
    while (same < most) {
      int count = load(at + same, Math.min(PIECE, most - same));
      int different = piece.mismatch(ByteBuffer.wrap(other, from + same, count));
      same += different < 0 ? count : different;
      if (different >= 0 || count == 0) {
        break;
      }
    }
    return same;
  }

  /// How many bytes both have in common at their end, without what stands before those places.
  int tail(int at, byte[] other, int from, int to) throws IOException {
    int most = Math.min(size - at, to - from);
    int same = 0;
    while (same < most) {
      int count = Math.min(PIECE, most - same);
      if (load(size - same - count, count) < count) {
        return 0;
      }
      int equal = pieceTail(ByteBuffer.wrap(other, to - same - count, count));
      same += equal;
      if (equal < count) {
        break;
      }
    }
    return same;
  }

  /// How many bytes the piece and another one of the same length have in common at their end.
  private int pieceTail(ByteBuffer other) {
    int count = piece.limit();
    int start = other.position();
    if (piece.mismatch(other) < 0) {
      return count;
    }
    int same = 0;
    int most = count - 1;
    while (same < most) {
      int more = (same + most + 1) >>> 1;
      if (piece
          .position(count - more)
          .limit(count - same)
          .equals(other.limit(start + count - same).position(start + count - more))) {
        same = more;
      } else {
        most = more - 1;
      }
      piece.clear().limit(count);
      other.clear();
    }
    return same;
  }
}
