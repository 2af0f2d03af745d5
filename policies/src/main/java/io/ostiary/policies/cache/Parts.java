package io.ostiary.policies.cache;

import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.policies.Query;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which parts of a request tell responses apart, where an operator knows that better than whoever
/// compares everything. Immutable.
///
/// @param query names of the parameters that do; empty: all
/// @param ignore names of those that do not. In both a name may end with `*`, for all that begin so
/// @param headers fields of the request that do, beside those that `Vary` names
public record Parts(Set<String> query, Set<String> ignore, List<HeaderName> headers) {
  public Parts {
    query = Set.copyOf(query);
    ignore = Set.copyOf(ignore);
    headers = List.copyOf(headers);
  }

  /// What counts of a query, otherwise byte for byte as it came; null: nothing.
  @Nullable String counting(@Nullable String all) {
    if (all == null || (query.isEmpty() && ignore.isEmpty())) {
      return all;
    }
    var rest = new ArrayList<String>();
    for (var part : all.split("&", -1)) {
      int equals = part.indexOf('=');
      var written = equals < 0 ? part : part.substring(0, equals);
      var name = Objects.requireNonNullElse(Query.decode(written), written);
      if ((query.isEmpty() || named(query, name)) && !named(ignore, name)) {
        rest.add(part);
      }
    }
    return rest.isEmpty() ? null : String.join("&", rest);
  }

  /// The address without what does not count of its query.
  String address(String whole) {
    int mark = whole.indexOf('?');
    if (mark < 0) {
      return whole;
    }
    var rest = counting(whole.substring(mark + 1));
    return whole.substring(0, mark) + (rest == null ? "" : "?" + rest);
  }

  private static boolean named(Set<String> names, String name) {
    return names.contains(name)
        || names.stream()
            .anyMatch(
                one -> one.endsWith("*") && name.startsWith(one.substring(0, one.length() - 1)));
  }
}
