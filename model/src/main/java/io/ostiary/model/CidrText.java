package io.ostiary.model;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The text of a list as it was read last. Lists grow and shrink by a few lines: what the next
/// version has in common with it at its beginning and at its end is compared, byte by byte as the
/// machine does it, and not read again, and of the blocks only the others are exchanged. Memory is
/// used again, so that a version makes little garbage but its blocks. Its readers take turns.
///
/// That works while each block stands in one line: what goes with a line could otherwise be said by
/// another one still. Lists with a block that comes twice are read whole each time.
public final class CidrText {
  /// What is longer is read whole each time; of others two versions are kept.
  static final int KEPT_MAX = 4 << 20;

  /// Where more than this differs all is read.
  private static final int PART_MAX = 1 << 16;

  private static final int PIECE = 1 << 16;

  /// As often as the compilers want to see what they compile.
  private static final int REHEARSALS = 400;

  private static final int REHEARSED_LINES = 250;

  private byte[] text = {};
  private int length;

  /// The version to come.
  private byte[] next = {};

  /// What `text` holds; null: not known, or it has faults or blocks that come twice.
  private @Nullable CidrBlocks known;

  CidrText() {}

  /// @param name for the faults
  synchronized CidrList read(String name, Path path) throws IOException {
    int count;
    try (var in = Files.newInputStream(path)) {
      count = take(in);
    }
    if (count > KEPT_MAX) {
      text = new byte[0];
      next = new byte[0];
      known = null;
      try (var reader = Files.newBufferedReader(path, StandardCharsets.ISO_8859_1)) {
        return CidrList.read(name, reader);
      }
    }
    return taken(name, count);
  }

  /// Reads small texts in which one line changes and changes back, so that code is loaded, linked
  /// and compiled before somebody waits for a change of a large one.
  static void rehearse() throws IOException {
    for (var more : List.of("203.0.113.7\n", "2001:db8:ffff::7\n")) {
      var text = new CidrText();
      var without = rehearsed("").getBytes(StandardCharsets.US_ASCII);
      var with = rehearsed(more).getBytes(StandardCharsets.US_ASCII);
      for (int i = 0; i < REHEARSALS; i++) {
        text.taken("rehearsal", text.take(new ByteArrayInputStream(i % 2 == 0 ? without : with)));
      }
    }
  }

  private static String rehearsed(String more) {
    var lines = new StringBuilder("# rehearsal\n");
    for (int i = 0; i < REHEARSED_LINES; i++) {
      lines.append("198.51.%d.0/24\n2001:db8:%x::/48\n".formatted(i, i));
      lines.append(i == REHEARSED_LINES / 2 ? more : "");
    }
    return lines.toString();
  }

  /// @param count how many bytes of the next version there are
  private synchronized CidrList taken(String name, int count) throws IOException {
    var list = known == null ? null : changed(name, known, count);
    if (list == null) {
      var blocks = new CidrBlocks.Builder();
      list = CidrList.read(name, reader(next, 0, count), blocks, true);
      known = list.faults().isEmpty() ? once(list, blocks) : null;
    }
    var before = text;
    text = next;
    length = count;
    next = before.length < count && known != null ? new byte[room(count)] : before;
    return list;
  }

  /// @return how many bytes there are, or more than are kept
  private synchronized int take(InputStream in) throws IOException {
    for (int count = 0; ; ) {
      if (count == next.length) {
        int more = Math.max(PIECE, count + count / 2);
        next = Arrays.copyOf(next, Math.min(Math.max(more, room(length)), KEPT_MAX + 1));
      }
      int came = in.read(next, count, Math.min(PIECE, next.length - count));
      if (came < 0 || count + came > KEPT_MAX) {
        return came < 0 ? count : count + came;
      }
      count += came;
    }
  }

  /// For a version that is somewhat longer. Made before it is waited for.
  private static int room(int count) {
    return Math.min(count + count / 8 + PIECE, KEPT_MAX + 1);
  }

  private static BufferedReader reader(byte[] bytes, int from, int to) {
    return new BufferedReader(
        new InputStreamReader(
            new ByteArrayInputStream(bytes, from, to - from), StandardCharsets.ISO_8859_1));
  }

  /// The blocks of a list where each came once, else null.
  private static @Nullable CidrBlocks once(CidrList list, CidrBlocks.Builder from) {
    return list.blocks() instanceof CidrBlocks blocks && blocks.size() == from.all()
        ? blocks
        : null;
  }

  /// @return null where all has to be read
  private @Nullable CidrList changed(String name, CidrBlocks before, int count) throws IOException {
    int from = behindComments(text, length);
    int nextFrom = behindComments(next, count);
    int common = Arrays.mismatch(text, from, length, next, nextFrom, count);
    if (common < 0) {
      return new CidrList(before, List.of());
    }
    // One line more at each side, beside which blocks of IPv6 have their place.
    int head = lineBefore(text, from, from + common) - from;
    int tail = tail(from + head, nextFrom + head, count);
    if (Math.max(length - from, count - nextFrom) - head - tail > PART_MAX) {
      return null;
    }
    var out = part(name, text, from + head, length - tail);
    var in = part(name, next, nextFrom + head, count - tail);
    var blocks = out == null || in == null ? null : before.exchanged(out, in);
    if (blocks == null
        || blocks.size() > CidrList.BLOCKS_MAX
        || blocks.longest() > CidrBlocks.LONG_MAX) {
      return null;
    }
    known = blocks;
    return new CidrList(blocks, List.of());
  }

  /// Blocks of whole lines; null where one is faulty, which is told when all is read, or comes
  /// twice.
  private static @Nullable CidrBlocks part(String name, byte[] bytes, int from, int to)
      throws IOException {
    var blocks = new CidrBlocks.Builder();
    var list = CidrList.read(name, reader(bytes, from, to), blocks, from == 0);
    return list.faults().isEmpty() ? once(list, blocks) : null;
  }

  /// Many lists begin with the day they were made.
  private static int behindComments(byte[] bytes, int length) {
    int at = 0;
    while (at < length && (bytes[at] == '#' || bytes[at] == ';')) {
      int end = at;
      while (end < length && bytes[end] != '\n' && bytes[end] != '\r') {
        end++;
      }
      end += end + 1 < length && bytes[end] == '\r' ? 1 : 0;
      if (end >= length || bytes[end] != '\n' || end - at > CidrList.LINE_MAX) {
        return at;
      }
      at = end + 1;
    }
    return at;
  }

  /// Where the line begins before the one that a place is in.
  private static int lineBefore(byte[] bytes, int from, int place) {
    int at = place;
    for (int lines = 0; at > from; at--) {
      if (bytes[at - 1] == '\n' && ++lines == 2) {
        return at;
      }
    }
    return from;
  }

  /// How many bytes both have in common at their end, less a line.
  private int tail(int from, int nextFrom, int count) {
    int same = 0;
    int most = Math.min(length - from, count - nextFrom);
    while (same < most) {
      int more = (same + most + 1) >>> 1;
      if (Arrays.equals(text, length - more, length - same, next, count - more, count - same)) {
        same = more;
      } else {
        most = more - 1;
      }
    }
    int lines = 0;
    for (int at = length - same; at < length; at++) {
      if (text[at] == '\n' && ++lines == 2) {
        return length - at - 1;
      }
    }
    return 0;
  }
}
