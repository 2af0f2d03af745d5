package io.ostiary.model;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// A text with one block or address on each line. What follows it behind a blank, `;`, `,` or `#`
/// is a comment, and so is a line that begins with one of these.
///
/// @param blocks each once, in their order
/// @param faults `name:line:column: what is wrong`, the first of them
public record CidrList(List<Cidr> blocks, List<String> faults) {
  public static final int BLOCKS_MAX = 1_000_000;
  private static final int FAULTS_MAX = 20;
  private static final int LINE_MAX = 4096;

  public CidrList {
    blocks = List.copyOf(blocks);
    faults = List.copyOf(faults);
  }

  /// @param name of the file or address, for the faults
  public static CidrList read(String name, BufferedReader text) throws IOException {
    Set<Cidr> blocks = new LinkedHashSet<>();
    var faults = new ArrayList<String>();
    var line = text.readLine();
    for (int number = 1; line != null; number++) {
      if (line.length() > LINE_MAX) {
        faults.add(
            "%s:%d:1: a line of %,d characters (expected: one block on each line)"
                .formatted(name, number, line.length()));
        break;
      }
      var fault = add(line, blocks);
      if (!fault.isEmpty()) {
        faults.add("%s:%d:%s".formatted(name, number, fault));
      }
      if (faults.size() >= FAULTS_MAX) {
        faults.add(name + ": the rest was not read");
        break;
      }
      if (blocks.size() > BLOCKS_MAX) {
        faults.add(
            "%s:%d:1: one block too many (expected: at most %,d)"
                .formatted(name, number, BLOCKS_MAX));
        break;
      }
      line = text.readLine();
    }
    return new CidrList(new ArrayList<>(blocks), faults);
  }

  /// @return what is wrong, with its column; empty where nothing is
  private static String add(String line, Set<Cidr> blocks) {
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
