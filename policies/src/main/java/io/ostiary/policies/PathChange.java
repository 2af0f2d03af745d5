package io.ostiary.policies;

import com.google.re2j.Pattern;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Site;
import io.ostiary.model.setting.About;
import org.jspecify.annotations.Nullable;

/// From one path to another: by a template, by a prefix, or by a regular expression. What comes out
/// is checked, for it is partly the client's: it must be one that means the same to everybody.
/// Immutable.
sealed interface PathChange {
  /// @param from whole segments at the path's front
  /// @param to what stands in their place
  record Prefix(
      @About("Segments at the path's front; paths without them stay as they are.") String from,
      @About("What stands in their place; / takes them away.") String to) {
    public Prefix {
      rooted("prefix.from", from);
      rooted("prefix.to", to);
    }

    private static void rooted(String setting, String text) {
      if (!sound(text) || (text.length() > 1 && text.endsWith("/"))) {
        throw new IllegalArgumentException(
            setting + ": '" + text + "' (expected: '/' or a path like '/v1', without a final '/')");
      }
    }
  }

  /// @param match RE2; every place that it finds is replaced
  /// @param replace with `$1` or `${name}` for what its groups found
  record Substitution(
      @About("A regular expression (RE2); every place that it finds is replaced.") String match,
      @About("What stands in its place, with $1 or ${name} for groups.") String replace) {
    private static final java.util.regex.Pattern GROUP =
        java.util.regex.Pattern.compile("\\\\.|\\$(?:([0-9])|\\{([^}]*)}?)");

    public Substitution {
      var pattern = When.pattern("regex.match", match);
      var matcher = GROUP.matcher(replace);
      while (matcher.find()) {
        var number = matcher.group(1);
        var name = matcher.group(2);
        boolean unknown =
            (number != null && Integer.parseInt(number) > pattern.groupCount())
                || (name != null && !pattern.namedGroups().containsKey(name));
        if (unknown) {
          throw new IllegalArgumentException(
              "regex.replace: %s (expected: a group of '%s')".formatted(matcher.group(), match));
        }
      }
    }
  }

  record Filled(Template template) implements PathChange {}

  record Moved(String from, String to) implements PathChange {}

  record Substituted(Pattern match, String replace) implements PathChange {}

  record Same() implements PathChange {}

  /// @param setting for messages
  static PathChange of(
      String setting,
      @Nullable String path,
      @Nullable Prefix prefix,
      @Nullable Substitution regex,
      Site site) {
    int ways = (path == null ? 0 : 1) + (prefix == null ? 0 : 1) + (regex == null ? 0 : 1);
    if (ways > 1) {
      throw new IllegalArgumentException(
          setting + ": " + ways + " of path, prefix and regex (expected: at most one)");
    }
    if (path != null) {
      if (!sound(Template.PLACE.matcher(path).replaceAll("x"))) {
        throw new IllegalArgumentException(
            "%s.path: '%s' (expected: a path that starts with '/', without '//', dot segments, query"
                    .formatted(setting, path)
                + " and characters that need escaping)");
      }
      return new Filled(Template.of(setting + ".path", path, Template.Kind.PATH, site));
    }
    if (prefix != null) {
      return new Moved(prefix.from, prefix.to);
    }
    return regex == null
        ? new Same()
        : new Substituted(Pattern.compile(regex.match), regex.replace);
  }

  /// The new path; null: what comes out, or what the call lacks, makes it none.
  ///
  /// @param path normalised
  default @Nullable String apply(Exchange exchange, String path) {
    var changed =
        switch (this) {
          case Filled(var template) -> template.fill(exchange);
          case Moved(var from, var to) -> moved(path, from, to);
          case Substituted(var match, var replace) -> match.matcher(path).replaceAll(replace);
          case Same() -> path;
        };
    return changed == null || !sound(changed) ? null : changed;
  }

  private static String moved(String path, String from, String to) {
    if (from.equals("/")) {
      return to.equals("/") ? path : to + (path.equals("/") ? "" : path);
    }
    boolean whole = path.length() == from.length();
    if (!path.startsWith(from) || !(whole || path.charAt(from.length()) == '/')) {
      return path;
    }
    var rest = path.substring(from.length());
    if (to.equals("/")) {
      return whole ? "/" : rest;
    }
    return to + rest;
  }

  /// The path that this change makes `path` of, where that can be told: only the front of a path
  /// can be put back.
  default String back(String path) {
    return this instanceof Moved(var from, var to) ? moved(path, to, from) : path;
  }

  /// Whether a text is a path that nobody takes for another: no dot segments, no empty segments but
  /// the last, nothing that ends it.
  static boolean sound(String text) {
    if (!text.startsWith("/") || text.contains("//")) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c <= ' ' || c >= 0x7f || "?#\\\"<>^`{}".indexOf(c) >= 0) {
        return false;
      }
    }
    for (var segment : text.split("/", -1)) {
      var plain = segment.replace("%2E", ".").replace("%2e", ".");
      if (plain.equals(".")
          || plain.equals("..")
          || plain.startsWith(".;")
          || plain.startsWith("..;")) {
        return false;
      }
    }
    return true;
  }
}
