package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Site;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// [QueryChanges] compiled. Immutable.
///
/// @param remove decoded names
/// @param rename from decoded names to encoded ones
/// @param set values by decoded name; a parameter whose value a call cannot give stays as it is
record QueryEdit(
    Set<String> remove,
    Map<String, String> rename,
    Map<String, Template> set,
    Map<String, Template> add) {
  static QueryEdit of(String setting, QueryChanges changes, Site site) {
    var rename = new LinkedHashMap<String, String>();
    changes.rename().forEach((from, to) -> rename.put(from, Template.encoded(to)));
    return new QueryEdit(
        Set.copyOf(changes.remove()),
        rename,
        templates(setting + ".set", changes.set(), site),
        templates(setting + ".add", changes.add(), site));
  }

  private static Map<String, Template> templates(
      String setting, Map<String, String> written, Site site) {
    var templates = new LinkedHashMap<String, Template>();
    written.forEach((name, text) ->
        templates.put(name, Template.of(setting + "." + name, text, Template.Kind.QUERY, site)));
    return templates;
  }

  boolean isEmpty() {
    return remove.isEmpty() && rename.isEmpty() && set.isEmpty() && add.isEmpty();
  }

  /// @return null: nothing is left
  @Nullable String apply(Exchange exchange, @Nullable String query) {
    var values = new LinkedHashMap<String, String>();
    set.forEach((name, template) -> fill(exchange, name, template, values));
    var parts = new ArrayList<String>();
    for (var part : query == null ? List.<String>of() : List.of(query.split("&", -1))) {
      int equals = part.indexOf('=');
      var name = Query.decode(equals < 0 ? part : part.substring(0, equals));
      if (remove.contains(name) || values.containsKey(name)) {
        continue;
      }
      var renamed = rename.get(name);
      parts.add(renamed == null ? part : renamed + (equals < 0 ? "" : part.substring(equals)));
    }
    values.forEach((name, value) -> parts.add(Template.encoded(name) + "=" + value));
    var more = new LinkedHashMap<String, String>();
    add.forEach((name, template) -> fill(exchange, name, template, more));
    more.forEach((name, value) -> parts.add(Template.encoded(name) + "=" + value));
    return parts.isEmpty() ? null : String.join("&", parts);
  }

  private static void fill(
      Exchange exchange, String name, Template template, Map<String, String> into) {
    var value = template.fill(exchange);
    if (value != null) {
      into.put(name, value);
    }
  }
}
