package io.ostiary.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Pattern;

/// The text of an [ErrorPage]: what never changes, and places that each call fills, `{{status}}`.
/// Two braces, because one begins a block in CSS and an object in JSON.
///
/// What goes into a place is spelled for the kind of text it stands in, whatever it holds: a path
/// of a client's own making ends no tag, no attribute and no text of JSON.
public record PageText(Kind kind, List<Part> parts) {
  /// Of a text, and of what it becomes with its places filled.
  public static final int BYTES_MAX = 64 * 1024;

  private static final int PLACES_MAX = 100;
  private static final int VALUE_MAX = 2048;
  private static final Pattern PLACE = Pattern.compile("\\{\\{\\s*([^{}]{0,40}?)\\s*}}");

  /// What can be said of a call. The words are those of RFC 9457.
  public enum Place {
    STATUS,
    TITLE,
    DETAIL,
    TYPE,
    INSTANCE,
    CALL;

    /// As it is written.
    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// How values are spelled.
  public enum Kind {
    HTML,
    XML,
    JSON,
    PLAIN;

    /// @param type a media type, with or without parameters
    public static Kind of(String type) {
      var base = base(type);
      if (base.equals("text/html")) {
        return HTML;
      }
      if (base.equals("application/json") || base.endsWith("+json")) {
        return JSON;
      }
      if (base.equals("text/xml") || base.equals("application/xml") || base.endsWith("+xml")) {
        return XML;
      }
      if (base.equals("text/plain")) {
        return PLAIN;
      }
      throw Require.invalid(
          "type", "'" + type + "'", "text/html, text/plain, or a type of JSON or XML");
    }
  }

  /// A text, or a place.
  ///
  /// @param place null: the text
  public record Part(String text, @org.jspecify.annotations.Nullable Place place) {}

  public PageText {
    parts = List.copyOf(parts);
  }

  /// The media type alone, in lower case.
  public static String base(String type) {
    int end = type.indexOf(';');
    return (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
  }

  /// Takes a text apart.
  ///
  /// @throws IllegalArgumentException where it cannot be used; the message says where
  public static PageText parse(String text, Kind kind) {
    Require.between("text (bytes)", text.length(), 0, BYTES_MAX);
    var parts = new ArrayList<Part>();
    var matcher = PLACE.matcher(text);
    int from = 0;
    int places = 0;
    while (matcher.find()) {
      parts.add(new Part(text.substring(from, matcher.start()), null));
      parts.add(new Part("", place(matcher.group(1), at(text, matcher.start()))));
      if (kind == Kind.HTML || kind == Kind.XML) {
        safe(text, matcher.start());
      }
      from = matcher.end();
      places++;
    }
    Require.between("places (count)", places, 0, PLACES_MAX);
    int unclosed = text.indexOf("{{", from);
    if (unclosed >= 0) {
      throw Require.invalid(at(text, unclosed), "'{{'", "'}}' behind the name of a place");
    }
    parts.add(new Part(text.substring(from), null));
    return new PageText(kind, parts);
  }

  private static String at(String text, int index) {
    int line = 1 + (int) text.substring(0, index).chars().filter(c -> c == '\n').count();
    return "line " + line + ", column " + (index - text.lastIndexOf('\n', index - 1));
  }

  private static Place place(String name, String at) {
    for (var place : Place.values()) {
      if (place.word().equals(name)) {
        return place;
      }
    }
    throw Require.invalid(
        at,
        "{{" + name + "}}",
        "{{status}}, {{title}}, {{detail}}, {{type}}, {{instance}} or {{call}}");
  }

  /// Where a value would be a part of a program or could end an attribute, no spelling makes it
  /// safe.
  private static void safe(String text, int place) {
    var before = text.substring(0, place).toLowerCase(Locale.ROOT);
    for (var element : List.of("script", "style")) {
      if (before.lastIndexOf("<" + element) > before.lastIndexOf("</" + element)) {
        throw Require.invalid(
            at(text, place),
            "a place within <" + element + ">",
            "places in text and in quoted attributes only");
      }
    }
    int tag = before.lastIndexOf('<');
    if (tag > before.lastIndexOf('>') && !quoted(before.substring(tag))) {
      throw Require.invalid(
          at(text, place), "a place within a tag", "quotes around the value of the attribute");
    }
  }

  private static boolean quoted(String tag) {
    char open = 0;
    for (int i = 0; i < tag.length(); i++) {
      char c = tag.charAt(i);
      if (open == 0 && (c == '"' || c == '\'')) {
        open = c;
      } else if (c == open) {
        open = 0;
      }
    }
    return open != 0;
  }

  /// The text for one call.
  public String fill(Function<Place, String> values) {
    var out = new StringBuilder(512);
    for (int i = 0; i < parts.size(); i++) {
      var part = parts.get(i);
      var place = part.place();
      if (place == null) {
        out.append(part.text());
      } else if (out.length() < BYTES_MAX) {
        value(out, values.apply(place));
      }
    }
    return out.toString();
  }

  private void value(StringBuilder out, String value) {
    int end = Math.min(value.length(), VALUE_MAX);
    for (int i = 0; i < end; i++) {
      char c = value.charAt(i);
      switch (kind) {
        case JSON -> json(out, c);
        case HTML, XML -> markup(out, c);
        case PLAIN -> out.append(c < ' ' || c == 0x7f ? ' ' : c);
      }
    }
  }

  private static void markup(StringBuilder out, char c) {
    switch (c) {
      case '&' -> out.append("&amp;");
      case '<' -> out.append("&lt;");
      case '>' -> out.append("&gt;");
      case '"' -> out.append("&#34;");
      case '\'' -> out.append("&#39;");
      default -> out.append(c < ' ' || c == 0x7f ? ' ' : c);
    }
  }

  /// `<` too, for who puts JSON into HTML.
  private static void json(StringBuilder out, char c) {
    if (c == '"' || c == '\\') {
      out.append('\\').append(c);
    } else if (c < ' ' || c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029) {
      out.append("\\u%04x".formatted((int) c));
    } else {
      out.append(c);
    }
  }
}
