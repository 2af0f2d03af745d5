package io.ostiary.gateway.spi;

import java.nio.charset.StandardCharsets;
import java.util.List;

/// Header fields that many messages get as they are, as the text of their lines: made and checked
/// once, when a filter is compiled or somebody becomes known, and copied at once for each exchange
/// by [Headers#set(FieldLines)]. Immutable.
public final class FieldLines {
  private static final int STRIDE = 3;
  private static final int END = 1;
  private static final int HASH = 2;

  /// Two arrays and no object for each line: where ten thousand are known by theirs, most of what a
  /// line costs is to fetch it from memory.
  private final byte[] text;

  private final int[] index;

  private FieldLines(List<Field> fields) {
    index = new int[fields.size() * STRIDE];
    var lines = new StringBuilder();
    for (int i = 0; i < fields.size(); i++) {
      var field = fields.get(i);
      lines.append(field.name());
      index[i * STRIDE] = lines.length();
      lines.append(": ").append(field.value()).append("\r\n");
      index[i * STRIDE + END] = lines.length();
      index[i * STRIDE + HASH] = field.name().hash();
    }
    text = lines.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  /// @throws IllegalArgumentException where a value holds what is not printable ISO-8859-1
  public static FieldLines of(List<Field> fields) {
    for (var field : fields) {
      field
          .value()
          .chars()
          .filter(c -> c != '\t' && (c < ' ' || c == 0x7f || c > 0xff))
          .findFirst()
          .ifPresent(c -> {
            throw new IllegalArgumentException(
                field.name()
                    + ": a character U+%04X (expected: printable ISO-8859-1)".formatted(c));
          });
    }
    return new FieldLines(fields);
  }

  public int count() {
    return index.length / STRIDE;
  }

  /// The lines, one after another, each as `name: value` with CR LF. Shared: do not write to it.
  public byte[] text() {
    return text;
  }

  /// Where in [#text] the line begins.
  ///
  /// @param line counted from 0
  public int start(int line) {
    return line == 0 ? 0 : end(line - 1);
  }

  public int nameEnd(int line) {
    return index[line * STRIDE];
  }

  /// Behind its CR LF.
  public int end(int line) {
    return index[line * STRIDE + END];
  }

  /// The [HeaderName#hash] of its name.
  public int hash(int line) {
    return index[line * STRIDE + HASH];
  }

  public Field field(int line) {
    return Field.of(text(start(line), nameEnd(line)), text(nameEnd(line) + 2, end(line) - 2));
  }

  private String text(int from, int to) {
    return new String(text, from, to - from, StandardCharsets.ISO_8859_1);
  }
}
