package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import io.ostiary.gateway.spi.Site;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What [io.ostiary.policies.Headers] does to the fields of one message. Immutable.
///
/// @param beginnings in lower case, of names of fields that go
/// @param values filled by each call: those to set, those to set where there is none, those to add
record HeaderEdit(
    List<Renamed> renamed, List<HeaderName> removed, List<String> beginnings, List<Filled> values) {
  private enum How {
    SET,
    IF_ABSENT,
    ADD
  }

  record Renamed(HeaderName from, HeaderName to) {}

  /// A field whose value is filled by each call; where a call lacks what it needs, nothing is done.
  record Filled(HeaderName name, Template value, How how) {}

  private static final HeaderEdit NOTHING =
      new HeaderEdit(List.of(), List.of(), List.of(), List.of());

  static HeaderEdit of(
      String setting,
      io.ostiary.policies.Headers.Changes changes,
      Template.Kind kind,
      Site site,
      HeaderNames names) {
    if (changes.isEmpty()) {
      return NOTHING;
    }
    var renamed = new ArrayList<Renamed>();
    changes
        .rename()
        .forEach((from, to) ->
            renamed.add(
                new Renamed(
                    HeaderRules.changeable(setting + ".rename", from),
                    HeaderRules.changeable(setting + ".rename", to))));
    var removed = new ArrayList<HeaderName>();
    var beginnings = new ArrayList<String>();
    for (var name : changes.remove()) {
      if (name.endsWith("*") && name.length() > 1) {
        var beginning = name.substring(0, name.length() - 1);
        beginnings.add(
            HeaderRules.changeable(setting + ".remove", beginning)
                .toString()
                .toLowerCase(Locale.ROOT));
      } else {
        removed.add(HeaderRules.changeable(setting + ".remove", name));
      }
    }
    var values = new ArrayList<Filled>();
    fill(setting, ".set", changes.set(), How.SET, kind, site, names, values);
    fill(
        setting, ".set-if-absent", changes.setIfAbsent(), How.IF_ABSENT, kind, site, names, values);
    fill(setting, ".add", changes.add(), How.ADD, kind, site, names, values);
    return new HeaderEdit(
        List.copyOf(renamed), List.copyOf(removed), List.copyOf(beginnings), List.copyOf(values));
  }

  private static void fill(
      String outer,
      String inner,
      Map<String, String> values,
      How how,
      Template.Kind kind,
      Site site,
      HeaderNames names,
      List<Filled> into) {
    if (values.isEmpty()) {
      return;
    }
    var setting = outer + inner;
    values.forEach((name, value) -> {
      var header = names.changeable(setting, name);
      try {
        var text = new Field(header, value.strip()).value();
        into.add(new Filled(header, Template.of(setting + "." + name, text, kind, site), how));
      } catch (IllegalArgumentException e) {
        var message = String.valueOf(e.getMessage());
        throw new IllegalArgumentException(
            message.startsWith(setting) ? message : setting + "." + message, e);
      }
    });
  }

  boolean isEmpty() {
    return renamed.isEmpty() && removed.isEmpty() && beginnings.isEmpty() && values.isEmpty();
  }

  void apply(Headers headers, Exchange exchange) {
    // Filled before anything is taken out, for what is taken out may be what fills.
    var filled = new @Nullable String[values.size()];
    for (int i = 0; i < filled.length; i++) {
      filled[i] = values.get(i).value.fill(exchange);
    }
    for (int i = 0; i < renamed.size(); i++) {
      rename(headers, renamed.get(i));
    }
    for (int i = 0; i < removed.size(); i++) {
      headers.remove(removed.get(i));
    }
    if (!beginnings.isEmpty()) {
      removeBeginnings(headers);
    }
    for (int i = 0; i < filled.length; i++) {
      var value = filled[i];
      if (value != null) {
        put(headers, values.get(i), value);
      }
    }
  }

  private static void rename(Headers headers, Renamed field) {
    if (headers.has(field.from)) {
      var all = headers.all(field.from);
      headers.remove(field.from);
      headers.remove(field.to);
      all.forEach(value -> headers.add(field.to, value));
    }
  }

  /// Those of the gateway stay, whatever their names begin with.
  private void removeBeginnings(Headers headers) {
    var found = new ArrayList<HeaderName>();
    headers.forEach((name, _) -> {
      var lower = name.toLowerCase(Locale.ROOT);
      if (!HeaderRules.owned(name) && beginnings.stream().anyMatch(lower::startsWith)) {
        found.add(HeaderName.of(name));
      }
    });
    found.forEach(headers::remove);
  }

  private static void put(Headers headers, Filled field, String value) {
    switch (field.how) {
      case SET -> headers.set(field.name, value);
      case IF_ABSENT -> {
        if (!headers.has(field.name)) {
          headers.add(field.name, value);
        }
      }
      case ADD -> headers.add(field.name, value);
    }
  }
}
