package io.ostiary.control.api;

import io.ostiary.control.http.Query;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A list as it goes out.
///
/// @param next the cursor of the page behind it, null on the last one
record Page<T>(List<T> items, @Nullable String next) {
  /// @param rows one more than `limit` where there is a page behind this one
  /// @param cursor what the next page begins behind
  static <R, T> Page<T> of(
      List<R> rows, int limit, Function<R, T> view, Function<R, String> cursor) {
    boolean more = rows.size() > limit;
    var shown = more ? rows.subList(0, limit) : rows;
    return new Page<>(
        shown.stream().map(view).toList(),
        more ? Query.next(cursor.apply(shown.get(shown.size() - 1))) : null);
  }
}
