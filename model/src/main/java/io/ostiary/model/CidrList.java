package io.ostiary.model;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A text with one block or address on each line. What follows it behind a blank, `;`, `,` or `#`
/// is a comment, and so is a line that begins with one of these; but not what makes a range of it.
///
/// @param blocks each once
/// @param faults `name:line:column: what is wrong`, the first of them
public record CidrList(List<Cidr> blocks, List<String> faults) {
  public static final int BLOCKS_MAX = 1_000_000;
  private static final int FAULTS_MAX = 20;
  static final int LINE_MAX = 4096;
  private static final String MARK = "\u00ef\u00bb\u00bf";

  /// The longest text of a block is shorter, and who reads of a fault needs no more of it.
  private static final int SHOWN_MAX = 64;

  public CidrList {
    blocks = blocks instanceof CidrBlocks ? blocks : List.copyOf(blocks);
    faults = List.copyOf(faults);
  }

  /// @param name of the file or address, for the faults
  public static CidrList read(String name, BufferedReader text) throws IOException {
    return read(name, text, new CidrBlocks.Builder(), true);
  }

  /// @param blocks takes them
  /// @param first whether the text begins with its first line
  static CidrList read(String name, BufferedReader text, CidrBlocks.Builder blocks, boolean first)
      throws IOException {
    var plain = new PlainCidr();
    var faults = new ArrayList<String>();
    var line = first ? withoutMark(text.readLine()) : text.readLine();
    for (int number = 1; line != null; number++) {
      if (line.length() > LINE_MAX) {
        faults.add(
            "%s:%d:1: a line of %,d characters (expected: one block on each line)"
                .formatted(name, number, line.length()));
        break;
      }
      var fault = add(line, blocks, plain);
      if (!fault.isEmpty()) {
        faults.add("%s:%d:%s".formatted(name, number, fault));
      }
      if (faults.size() >= FAULTS_MAX) {
        faults.add(name + ": the rest was not read");
        break;
      }
      if (blocks.taken() > BLOCKS_MAX) {
        faults.add(
            "%s:%d:1: one block too many (expected: at most %,d)"
                .formatted(name, number, BLOCKS_MAX));
        break;
      }
      line = blocks.six() > CidrBlocks.LONG_MAX ? null : text.readLine();
    }
    var all = blocks.build();
    if (all.longest() > CidrBlocks.LONG_MAX) {
      faults.add(
          "%s: more than %,d blocks of IPv6, or of IPv4 longer than /24 (expected: at most that)"
              .formatted(name, CidrBlocks.LONG_MAX));
    }
    return new CidrList(all, faults);
  }

  /// Some editors begin a text with a mark of its encoding: U+FEFF, read byte by byte.
  private static @Nullable String withoutMark(@Nullable String line) {
    return line != null && line.startsWith(MARK) ? line.substring(MARK.length()) : line;
  }

  /// @return what is wrong, with its column; empty where nothing is
  private static String add(String line, CidrBlocks.Builder blocks, PlainCidr plain) {
    if (plain.read(line, 0, line.length(), blocks)) {
      return "";
    }
    int start = 0;
    while (start < line.length() && Character.isWhitespace(line.charAt(start))) {
      start++;
    }
    int end = start;
    while (end < line.length() && !ends(line.charAt(end))) {
      end++;
    }
    if (end == start) {
      return "";
    }
    if (line.substring(end).stripLeading().startsWith("-")) {
      return (start + 1) + ": a range (expected: one block on each line, such as 203.0.113.0/24)";
    }
    if (end - start > SHOWN_MAX) {
      return "%d: '%s...' (expected: an address or a block such as 203.0.113.0/24)"
          .formatted(start + 1, line.substring(start, start + SHOWN_MAX));
    }
    try {
      blocks.add(Cidr.parse(line.substring(start, end)));
      return "";
    } catch (IllegalArgumentException e) {
      return (start + 1) + ": " + e.getMessage();
    }
  }

  private static boolean ends(char c) {
    return Character.isWhitespace(c) || c == '#' || c == ';' || c == ',';
  }
}
