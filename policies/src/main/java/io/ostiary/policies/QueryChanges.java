package io.ostiary.policies;

import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Changes to a query, done in the order remove, rename, set, add. What they do not name stays byte
/// for byte as it came.
///
/// @param set replaces every value of a parameter by this one
/// @param add adds a value to those that are there
/// @param remove names of parameters
/// @param rename from the name before to the name behind the colon
public record QueryChanges(
    @About("Parameters that get this value in place of any they had.") Map<String, String> set,
    @About("Parameters that get this value besides those they have.") Map<String, String> add,
    @About("Parameters to remove.") List<String> remove,
    @About("Parameters that get another name, such as q: query.") Map<String, String> rename) {
  static final QueryChanges NONE = new QueryChanges(Map.of(), Map.of(), List.of(), Map.of());

  public QueryChanges {
    set = Collections.unmodifiableMap(new LinkedHashMap<>(set));
    add = Collections.unmodifiableMap(new LinkedHashMap<>(add));
    remove = List.copyOf(remove);
    rename = Collections.unmodifiableMap(new LinkedHashMap<>(rename));
    remove.forEach(name -> Require.notBlank("query.remove", name));
    rename.forEach((from, to) -> Require.notBlank("query.rename." + from, to));
  }

  boolean isEmpty() {
    return set.isEmpty() && add.isEmpty() && remove.isEmpty() && rename.isEmpty();
  }
}
