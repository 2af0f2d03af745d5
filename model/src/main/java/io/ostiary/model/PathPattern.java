package io.ostiary.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// A path that a route answers to: literal segments, `{name}` for exactly one segment, and a final
/// `/*` for any rest, the empty one included. Segments are compared after the normalisation that
/// the gateway applies to every request path.
///
/// Precedence among patterns that match: a literal segment before a template, a longer pattern
/// before a shorter one, an exact end before `/*` (as OpenAPI 3.1, "Path Templating Matching").
public record PathPattern(String text) {
  public PathPattern {
    if (!text.startsWith("/")) {
      throw Require.invalid("path", text, "a path that starts with '/'");
    }
    if (text.indexOf('*') >= 0
        && (!text.endsWith("/*") || text.indexOf('*') != text.length() - 1)) {
      throw Require.invalid("path", text, "'*' only as the last segment, '/*'");
    }
    if (text.indexOf('?') >= 0 || text.indexOf('#') >= 0) {
      throw Require.invalid("path", text, "a path without '?' and '#'");
    }
    if (text.indexOf('{') >= 0 || text.indexOf('}') >= 0) {
      for (var segment : parts(text)) {
        boolean braces = segment.indexOf('{') >= 0 || segment.indexOf('}') >= 0;
        if (braces && !templated(segment)) {
          throw Require.invalid("path", text, "'{name}' only as a whole segment");
        }
      }
    }
  }

  /// Whether this segment stands for any one, as `{name}` does.
  public static boolean templated(String segment) {
    return segment.length() > 2
        && segment.startsWith("{")
        && segment.indexOf('}') == segment.length() - 1
        && segment.lastIndexOf('{') == 0;
  }

  /// Whether the pattern ends in `/*`.
  public boolean openEnded() {
    return text.endsWith("/*");
  }

  /// The segments between the slashes, without a final `*`. `/` has none; a trailing slash is an
  /// empty last segment.
  public List<String> segments() {
    var body = openEnded() ? text.substring(0, text.length() - 2) : text;
    if (body.isEmpty() || body.equals("/")) {
      return List.of();
    }
    return parts(body);
  }

  /// By hand: a reload makes this of ten thousand paths, more than once.
  private static List<String> parts(String body) {
    var parts = new ArrayList<String>(4);
    int from = 1;
    for (int to = body.indexOf('/', 1); to >= 0; to = body.indexOf('/', from)) {
      parts.add(body.substring(from, to));
      from = to + 1;
    }
    parts.add(body.substring(from));
    return Collections.unmodifiableList(parts);
  }

  /// This pattern below a prefix such as an API's path; `/` as prefix changes nothing.
  public PathPattern under(String prefix) {
    if (prefix.equals("/")) {
      return this;
    }
    return new PathPattern(text.equals("/") ? prefix : prefix + text);
  }

  /// All spellings of this pattern below a prefix: a client appends `/` to its base address, as
  /// OpenAPI says, or leaves it out.
  public List<PathPattern> spelledUnder(String prefix) {
    return text.equals("/") && !prefix.equals("/")
        ? List.of(new PathPattern(prefix), new PathPattern(prefix + "/"))
        : List.of(under(prefix));
  }

  @Override
  public String toString() {
    return text;
  }
}
