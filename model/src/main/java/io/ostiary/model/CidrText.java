package io.ostiary.model;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The text of a list as it was read last. Lists grow and shrink by a few lines: what the next
/// version has in common with it at its beginning and at its end is compared, byte by byte as the
/// machine does it and while it is in the processor's cache, and neither kept nor read again; of
/// the blocks only the others are exchanged. So a version makes little garbage but its blocks. Its
/// readers take turns.
///
/// That works while each block stands in one line: what goes with a line could otherwise be said by
/// another one still. Lists with a block that comes twice are read whole each time.
public final class CidrText {
  /// What is longer is read whole each time.
  static final int KEPT_MAX = 4 << 20;

  /// Where more than this differs all is read.
  private static final int PART_MAX = 1 << 16;

  /// As often as the compilers want to see what they compile.
  private static final int REHEARSALS = 400;

  private static final int REHEARSED_LINES = 250;

  /// For what is read of the next version, outside of the heap, where the kernel can write to.
  private final ByteBuffer piece = ByteBuffer.allocateDirect(TextVersion.PIECE);

  private byte[] text = {};
  private int length;

  /// What `text` holds; null: not known, or it has faults or blocks that come twice.
  private @Nullable CidrBlocks known;

  CidrText() {}

  /// @param name for the faults
  synchronized CidrList read(String name, Path path) throws IOException {
    try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size <= KEPT_MAX) {
        return taken(name, new TextVersion(channel::read, (int) size, piece));
      }
    }
    text = new byte[0];
    length = 0;
    known = null;
    try (var reader = Files.newBufferedReader(path, StandardCharsets.ISO_8859_1)) {
      return CidrList.read(name, reader);
    }
  }

  /// Reads small texts in which one line changes and changes back, so that code is loaded, linked
  /// and compiled before somebody waits for a change of a large one.
  static void rehearse() throws IOException {
    for (var more : List.of("203.0.113.7\n", "2001:db8:ffff::7\n")) {
      var text = new CidrText();
      var without = rehearsed("").getBytes(StandardCharsets.US_ASCII);
      var with = rehearsed(more).getBytes(StandardCharsets.US_ASCII);
      for (int i = 0; i < REHEARSALS; i++) {
        text.taken("rehearsal", text.version(i % 2 == 0 ? without : with));
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

  private TextVersion version(byte[] bytes) {
    return new TextVersion(
        (into, at) -> {
          int count = Math.min(into.remaining(), bytes.length - (int) at);
          into.put(bytes, (int) at, count);
          return count;
        },
        bytes.length,
        piece);
  }

  private synchronized CidrList taken(String name, TextVersion next) throws IOException {
    var before = known;
    known = null; // until the text and it agree again
    var list = before == null ? null : changed(name, before, next);
    if (list == null) {
      length = 0;
      text = next.size() > text.length ? new byte[room(next.size())] : text;
      length = next.readAll(text);
      var blocks = new CidrBlocks.Builder();
      list = CidrList.read(name, reader(text, 0, length), blocks, true);
      known = list.faults().isEmpty() ? once(list, blocks) : null;
    }
    return list;
  }

  /// For a version that is somewhat longer.
  private static int room(int count) {
    return Math.min(count + count / 8 + PART_MAX, KEPT_MAX);
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
  private @Nullable CidrList changed(String name, CidrBlocks before, TextVersion next)
      throws IOException {
    var comments = next.comments();
    int from = TextVersion.behindComments(ByteBuffer.wrap(text, 0, length));
    int nextFrom = comments.length;
    int head = next.head(nextFrom, text, from, length);
    if (from + head == length && nextFrom + head == next.size()) {
      become(comments, from, head, new byte[0], 0);
      known = before;
      return new CidrList(before, List.of());
    }
    // One line more at each side, beside which blocks of IPv6 have their place.
    head = lineBefore(text, from, from + head) - from;
    int tail = lineBehind(next.tail(nextFrom + head, text, from + head, length));
    int differs = next.size() - nextFrom - head - tail;
    var middle =
        Math.max(length - from - head - tail, differs) > PART_MAX
            ? null
            : next.bytes(nextFrom + head, differs);
    if (middle == null) {
      return null;
    }
    var out = part(name, text, from + head, length - tail, from + head == 0);
    var in = part(name, middle, 0, differs, nextFrom + head == 0);
    double where = (from + head) / (double) Math.max(1, length);
    var blocks = out == null || in == null ? null : before.exchanged(out, in, where);
    if (blocks == null
        || blocks.size() > CidrList.BLOCKS_MAX
        || blocks.longest() > CidrBlocks.LONG_MAX) {
      return null;
    }
    become(comments, from, head, middle, tail);
    known = blocks;
    return new CidrList(blocks, List.of());
  }

  /// The text is that of the next version: other comments, what was behind those before, what is
  /// new, and the end as it was.
  private void become(byte[] comments, int from, int head, byte[] middle, int tail) {
    var before = text;
    int count = comments.length + head + middle.length + tail;
    if (count > before.length) {
      text = new byte[room(count)];
    }
    // Whichever of the two moves away from the other goes first.
    if (comments.length <= from) {
      System.arraycopy(before, from, text, comments.length, head);
    }
    System.arraycopy(before, length - tail, text, count - tail, tail);
    if (comments.length > from) {
      System.arraycopy(before, from, text, comments.length, head);
    }
    System.arraycopy(comments, 0, text, 0, comments.length);
    System.arraycopy(middle, 0, text, comments.length + head, middle.length);
    length = count;
  }

  /// Blocks of whole lines; null where one is faulty, which is told when all is read, or comes
  /// twice.
  ///
  /// @param first whether the text begins there
  private static @Nullable CidrBlocks part(
      String name, byte[] bytes, int from, int to, boolean first) throws IOException {
    var blocks = new CidrBlocks.Builder();
    var lines = new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    // Room for these and no more: eight thousand characters are emptied otherwise.
    var reader = new BufferedReader(new StringReader(lines), Math.max(1, lines.length()));
    var list = CidrList.read(name, reader, blocks, first);
    return list.faults().isEmpty() ? once(list, blocks) : null;
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

  /// How many bytes of the end are left without the rest of a line and one line more.
  private int lineBehind(int same) {
    int lines = 0;
    for (int at = length - same; at < length; at++) {
      if (text[at] == '\n' && ++lines == 2) {
        return length - at - 1;
      }
    }
    return 0;
  }
}
