package io.ostiary.policies;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads dictionaries of structured fields (RFC 9651), as far as signatures and digests use them:
/// members that are bytes or inner lists, with parameters. Strict: what is malformed is an
/// [IllegalArgumentException]. Used once, by one thread.
public final class StructuredFields {
  private static final int MEMBERS_MAX = 32;
  private static final int ITEMS_MAX = 64;

  private final String text;
  private int at;

  /// A value with its parameters.
  ///
  /// @param value String, Token, Long, BigDecimal, Date, Boolean or Bytes, or a List of items
  public record Item(Object value, Map<String, Object> parameters) {
    /// As RFC 9651 section 4.1 writes it.
    String written() {
      var out = new StringBuilder();
      if (value instanceof List<?> items) {
        out.append('(');
        for (int i = 0; i < items.size(); i++) {
          out.append(i == 0 ? "" : " ")
              .append(items.get(i) instanceof Item one ? one.written() : "");
        }
        out.append(')');
      } else {
        out.append(bare(value));
      }
      parameters.forEach((name, parameter) -> {
        out.append(';').append(name);
        if (!Boolean.TRUE.equals(parameter)) {
          out.append('=').append(bare(parameter));
        }
      });
      return out.toString();
    }

    private static String bare(Object value) {
      return switch (value) {
        case String text -> '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
        case Boolean flag -> flag ? "?1" : "?0";
        case Bytes bytes -> bytes.toString();
        case BigDecimal decimal -> {
          var least = decimal.stripTrailingZeros();
          yield (least.scale() < 1 ? least.setScale(1) : least).toPlainString();
        }
        default -> value.toString();
      };
    }
  }

  /// A moment, in seconds (RFC 9651 section 3.3.7).
  record Date(long seconds) {
    @Override
    public String toString() {
      return "@" + seconds;
    }
  }

  /// A word without quotes.
  record Token(String text) {
    @Override
    public String toString() {
      return text;
    }
  }

  /// Bytes in the form in which they came, which is base64.
  record Bytes(String base64) {
    byte[] decoded() {
      return Base64.getDecoder().decode(base64);
    }

    @Override
    public String toString() {
      return ":" + base64 + ":";
    }
  }

  private StructuredFields(String text) {
    this.text = text;
  }

  /// The members in their order; of those with one name the last.
  ///
  /// @param text all field lines of the name, joined by commas
  public static Map<String, Item> dictionary(String text) {
    return new StructuredFields(text).members();
  }

  private Map<String, Item> members() {
    var members = new LinkedHashMap<String, Item>();
    blanks();
    while (at < text.length()) {
      var name = key();
      var member = peek() == '=' ? valued() : new Item(true, parameters());
      members.remove(name);
      members.put(name, member);
      require(members.size() <= MEMBERS_MAX, "too many members");
      blanks();
      if (at < text.length()) {
        expect(',');
        blanks();
        require(at < text.length(), "a comma at the end");
      }
    }
    return members;
  }

  private Item valued() {
    expect('=');
    return peek() == '(' ? innerList() : item();
  }

  private Item innerList() {
    expect('(');
    var items = new ArrayList<Item>();
    while (true) {
      spaces();
      if (peek() == ')') {
        at++;
        return new Item(List.copyOf(items), parameters());
      }
      items.add(item());
      require(items.size() <= ITEMS_MAX, "too many items");
      require(peek() == ' ' || peek() == ')', "no space between items");
    }
  }

  private Item item() {
    var value = bare();
    return new Item(value, parameters());
  }

  private Map<String, Object> parameters() {
    var parameters = new LinkedHashMap<String, Object>();
    while (peek() == ';') {
      at++;
      spaces();
      var name = key();
      Object value = true;
      if (peek() == '=') {
        at++;
        value = bare();
      }
      parameters.remove(name);
      parameters.put(name, value);
      require(parameters.size() <= ITEMS_MAX, "too many parameters");
    }
    return parameters;
  }

  private String key() {
    int start = at;
    require(peek() == '*' || (peek() >= 'a' && peek() <= 'z'), "a name");
    while (keyChar(peek())) {
      at++;
    }
    return text.substring(start, at);
  }

  private static boolean keyChar(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || "_-.*".indexOf(c) >= 0;
  }

  private Object bare() {
    char c = peek();
    if (c == '"') {
      return string();
    }
    if (c == ':') {
      return bytes();
    }
    if (c == '?') {
      at++;
      char flag = peek();
      require(flag == '0' || flag == '1', "?0 or ?1");
      at++;
      return flag == '1';
    }
    if (c == '@') {
      at++;
      if (number() instanceof Long seconds) {
        return new Date(seconds);
      }
      throw new IllegalArgumentException("at character " + at + " (expected: whole seconds)");
    }
    return c == '-' || digit(c) ? number() : token();
  }

  private String string() {
    expect('"');
    var string = new StringBuilder();
    while (true) {
      require(at < text.length(), "a quote at the end");
      char c = text.charAt(at++);
      if (c == '"') {
        return string.toString();
      }
      if (c == '\\') {
        require(peek() == '"' || peek() == '\\', "an escape that is none");
        c = text.charAt(at++);
      }
      require(c >= ' ' && c < 0x7f, "a character that does not belong into a string");
      string.append(c);
    }
  }

  private Bytes bytes() {
    expect(':');
    int end = text.indexOf(':', at);
    require(end >= 0, "a colon at the end of bytes");
    var bytes = new Bytes(text.substring(at, end));
    require(bytes.decoded() != null, "base64");
    at = end + 1;
    return bytes;
  }

  /// RFC 9651 section 4.2.4: 15 digits, or 12 and 3 more after a point.
  private Object number() {
    int start = at;
    at += peek() == '-' ? 1 : 0;
    int whole = digits();
    if (peek() != '.') {
      require(whole >= 1 && whole <= 15, "a number of at most 15 digits");
      return Long.parseLong(text.substring(start, at));
    }
    at++;
    int part = digits();
    require(
        whole >= 1 && whole <= 12 && part >= 1 && part <= 3, "at most 12 digits, a point and 1-3");
    return new BigDecimal(text.substring(start, at));
  }

  private int digits() {
    int start = at;
    while (digit(peek())) {
      at++;
    }
    return at - start;
  }

  private static boolean digit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private Token token() {
    int start = at;
    require(peek() == '*' || letter(peek()), "a value");
    while (peek() > ' ' && peek() < 0x7f && "\"(),;<=>?@[\\]{}".indexOf(peek()) < 0) {
      at++;
    }
    return new Token(text.substring(start, at));
  }

  private void blanks() {
    while (peek() == ' ' || peek() == '\t') {
      at++;
    }
  }

  private void spaces() {
    while (peek() == ' ') {
      at++;
    }
  }

  /// The next character, or NUL at the end.
  private char peek() {
    return at < text.length() ? text.charAt(at) : 0;
  }

  private void expect(char c) {
    require(peek() == c, "'" + c + "'");
    at++;
  }

  private void require(boolean holds, String what) {
    if (!holds) {
      throw new IllegalArgumentException("at character " + at + " (expected: " + what + ")");
    }
  }
}
