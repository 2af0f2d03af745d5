package io.ostiary.contract.tree;

/// The characters of simple YAML: where we are in a text, blanks and comments, marks and scalars.
/// What is not simple ends the reading. Used by one thread.
abstract sealed class SimpleText permits SimpleYaml {
  /// Shorter than what YAML allows in a name (1,024) and than the longest number we take (400).
  static final int NAME_MAX = 300;

  private static final String NEVER_FIRST = ",[]{}#&*!|>%@`:";

  final String text;

  /// The same: one by one, they are much sooner looked at, above all before the compilers have
  /// come.
  final char[] chars;

  final int end;
  private final Seen seen = new Seen();
  int at;
  int line = 1;
  int lineStart;

  /// Whether the scalar that was read last is a text in any case.
  boolean quoted;

  SimpleText(String text) {
    this.text = text;
    chars = text.toCharArray();
    end = chars.length;
  }

  /// No tab and no line end but one, and what is one `char` is one code point, so that columns can
  /// be counted by subtracting.
  final void checkCharacters(int from, int to) {
    for (int i = from; i < to; i++) {
      char c = chars[i];
      boolean ascii = (c >= ' ' && c < 0x7f) || c == '\n';
      check(ascii || (c >= 0xa0 && c < 0xd800 && c != 0x2028 && c != 0x2029));
    }
  }

  // Scalars.

  /// The scalar that begins here, of which `quoted` then says whether it is a text in any case.
  final String scalar(boolean flow) {
    check(at < end);
    char first = chars[at];
    quoted = first == '"' || first == '\'';
    if (quoted) {
      return first == '"' ? doubleQuoted() : singleQuoted();
    }
    check(NEVER_FIRST.indexOf(first) < 0);
    check((first != '-' && first != '?') || !(flow ? separates(at + 1) : blank(at + 1)));
    check(!flow || first != '?');
    int begun = at;
    int behind = at;
    for (; at < end; at++) {
      char c = chars[at];
      if (c == '\n'
          || (c == ':' && (flow ? separates(at + 1) : blank(at + 1)))
          || (c == '#' && chars[at - 1] == ' ')
          || (flow && flowMark(c))) {
        break;
      }
      if (c != ' ') {
        behind = at + 1;
      }
    }
    return seen.piece(text, chars, begun, behind);
  }

  private String singleQuoted() {
    int begun = at + 1;
    int close = closing('\'', begun);
    at = close + 1;
    check(at == end || chars[at] != '\''); // a doubled one stands for itself
    return seen.piece(text, chars, begun, close);
  }

  private String doubleQuoted() {
    int begun = at + 1;
    int close = closing('"', begun);
    int escape = text.indexOf('\\', begun, close);
    if (escape < 0) {
      at = close + 1;
      return seen.piece(text, chars, begun, close);
    }
    var value = new StringBuilder();
    for (at = begun; ; at++) {
      check(at < end);
      char c = chars[at];
      if (c == '"') {
        at++;
        return value.toString();
      }
      check(c != '\n');
      value.append(c == '\\' ? escaped() : c);
    }
  }

  private char escaped() {
    at++;
    check(at < end);
    return switch (chars[at]) {
      case '\\' -> '\\';
      case '"' -> '"';
      case 'n' -> '\n';
      case 't' -> '\t';
      default -> throw new NotSimple();
    };
  }

  private int closing(char quote, int from) {
    int close = text.indexOf(quote, from);
    check(close >= 0 && text.indexOf('\n', from, close) < 0);
    return close;
  }

  // Where we are.

  /// To what is neither blank nor comment, here or further down.
  final void skip() {
    blanks();
    check(at == end || !marker());
  }

  final void blanks() {
    while (at < end) {
      char c = chars[at];
      if (c == '\n') {
        line++;
        lineStart = at + 1;
      } else if (c == '#' && (at == lineStart || chars[at - 1] == ' ')) {
        int next = text.indexOf('\n', at);
        at = next < 0 ? end : next;
        continue;
      } else if (c != ' ') {
        return;
      }
      at++;
    }
  }

  /// Whether the line is one that ends or begins a document.
  final boolean marker() {
    return at == lineStart
        && (text.startsWith("---", at) || text.startsWith("...", at))
        && blank(at + 3);
  }

  final boolean dash() {
    return chars[at] == '-' && blank(at + 1);
  }

  final boolean opens() {
    char c = chars[at];
    return c == '[' || c == '{';
  }

  /// Whether a colon follows on this line, which makes a name of what was just read; then we stand
  /// before it.
  ///
  /// @param close whether a value may stand close behind it, as in JSON
  final boolean colon(boolean close) {
    int i = at;
    while (i < end && chars[i] == ' ') {
      i++;
    }
    if (i == end || chars[i] != ':' || (!close && !blank(i + 1))) {
      return false;
    }
    check(i - at < NAME_MAX);
    at = i;
    return true;
  }

  private boolean blank(int index) {
    return index >= end || chars[index] == ' ' || chars[index] == '\n';
  }

  private boolean separates(int index) {
    return blank(index) || flowMark(chars[index]);
  }

  private static boolean flowMark(char c) {
    return c == ',' || c == '[' || c == ']' || c == '{' || c == '}';
  }

  // What is left to the whole parser.

  static void check(boolean simple) {
    if (!simple) {
      throw new NotSimple();
    }
  }

  /// Ends the reading; carries no stack, for it is an answer rather than an accident.
  static final class NotSimple extends RuntimeException {
    NotSimple() {
      super("", null, false, false);
    }
  }
}
