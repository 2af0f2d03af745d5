package io.ostiary.policies;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A set of media types: `application/json`, `text/*`, `application/*+json`. Immutable.
final class MediaTypes {
  private final Set<String> exact;
  private final List<String[]> open;

  private MediaTypes(Set<String> exact, List<String[]> open) {
    this.exact = exact;
    this.open = open;
  }

  /// @param setting for the message
  static MediaTypes of(String setting, List<String> texts) {
    var exact = new ArrayList<String>();
    var open = new ArrayList<String[]>();
    for (var text : texts) {
      var type = text.toLowerCase(Locale.ROOT);
      if (!type.matches("[a-z0-9!#$&^_.+-]+/([a-z0-9!#$&^_.+-]+|\\*(\\+[a-z0-9.-]+)?)")) {
        throw new IllegalArgumentException(
            setting + ": '" + text + "' (expected: a type such as application/json or text/*)");
      }
      int star = type.indexOf('*');
      if (star < 0) {
        exact.add(type);
      } else {
        open.add(new String[] {type.substring(0, star), type.substring(star + 1)});
      }
    }
    return new MediaTypes(Set.copyOf(exact), List.copyOf(open));
  }

  /// @param contentType the field's value, with any parameters; null: none of them
  boolean hold(@Nullable String contentType) {
    if (contentType == null) {
      return false;
    }
    var type = bare(contentType);
    if (exact.contains(type)) {
      return true;
    }
    for (int i = 0; i < open.size(); i++) {
      var ends = open.get(i);
      if (type.startsWith(ends[0]) && type.endsWith(ends[1])) {
        return true;
      }
    }
    return false;
  }

  /// Without its parameters, in lower case.
  static String bare(String contentType) {
    int end = contentType.indexOf(';');
    return (end < 0 ? contentType : contentType.substring(0, end)).strip().toLowerCase(Locale.ROOT);
  }
}
