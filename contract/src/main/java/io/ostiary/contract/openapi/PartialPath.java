package io.ostiary.contract.openapi;

import com.google.re2j.Pattern;
import io.ostiary.model.Conditions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A path with segments that are templates only in part, such as `/report.{format}` or
/// `/compare/{base}...{head}`. The router knows whole segments only, so such a segment becomes one
/// template of the route, what stands beside the templates a condition of it, and the parts are
/// found here. Immutable.
final class PartialPath {
  private final String route;
  private final String condition;
  private final Map<String, Part> parts;

  private record Part(String segmentName, @Nullable Pattern pattern, int group) {}

  private PartialPath(String route, String condition, Map<String, Part> parts) {
    this.route = route;
    this.condition = condition;
    this.parts = Map.copyOf(parts);
  }

  /// @return null where every template is a whole segment
  static @Nullable PartialPath of(String path) {
    boolean partial = false;
    var parts = new HashMap<String, Part>();
    var segments = new ArrayList<String>();
    // Below the API's path, and whatever the whole segments are, which the router compares.
    var condition = new StringBuilder(".*");
    for (var segment : path.substring(1).split("/", -1)) {
      var names = names(segment);
      if (names.isEmpty() || segment.equals("{" + names.getFirst() + "}")) {
        segments.add(segment);
        condition.append("/[^/]*");
        names.forEach(name -> parts.put(name, new Part(name, null, 0)));
        continue;
      }
      partial = true;
      var segmentName = String.join("-", names);
      segments.add("{" + segmentName + "}");
      condition.append('/').append(pattern(segment, "[^/]+"));
      var pattern = Pattern.compile(pattern(segment, "(.+)"));
      for (int i = 0; i < names.size(); i++) {
        parts.put(names.get(i), new Part(segmentName, pattern, i + 1));
      }
    }
    return partial
        ? new PartialPath("/" + String.join("/", segments), condition.toString(), parts)
        : null;
  }

  static List<String> names(String text) {
    var names = new ArrayList<String>();
    int open = text.indexOf('{');
    while (open >= 0) {
      int close = text.indexOf('}', open);
      if (close < 0) {
        break;
      }
      names.add(text.substring(open + 1, close));
      open = text.indexOf('{', close);
    }
    return names;
  }

  private static String pattern(String segment, String template) {
    var pattern = new StringBuilder();
    int end = 0;
    for (int open = segment.indexOf('{'); open >= 0; open = segment.indexOf('{', end)) {
      int close = segment.indexOf('}', open);
      if (close < 0) {
        break;
      }
      pattern.append(Pattern.quote(segment.substring(end, open))).append(template);
      end = close + 1;
    }
    return pattern.append(Pattern.quote(segment.substring(end))).toString();
  }

  /// The path as a route knows it.
  String route() {
    return route;
  }

  /// What the path of a request must match besides.
  Conditions condition() {
    return new Conditions(List.of(), List.of(), List.of(), List.of(), condition);
  }

  /// The still encoded text of one template; null where the segment has another form.
  @Nullable String value(String name, RequestView request) {
    var part = parts.get(name);
    var segment = part == null ? null : request.pathParameter(part.segmentName);
    if (part == null || segment == null || part.pattern == null) {
      return segment;
    }
    var matcher = part.pattern.matcher(segment);
    return matcher.matches() ? matcher.group(part.group) : null;
  }
}
