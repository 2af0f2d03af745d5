package io.ostiary.control.api;

import io.ostiary.control.http.Query;
import io.ostiary.insight.CallFilter;
import io.ostiary.model.Blame;
import io.ostiary.model.Cidr;
import io.ostiary.model.Require;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Which calls are meant, read from query parameters.
final class Filters {
  static final String[] NAMES = {
    "api", "route", "consumer", "source", "status", "blame", "reason", "minMicros"
  };

  private static final long MICROS_MAX = 86_400_000_000L;

  private Filters() {}

  static String[] and(String... more) {
    return Stream.concat(Arrays.stream(NAMES), Arrays.stream(more)).toArray(String[]::new);
  }

  /// Reads `from` and `to` as well.
  static CallFilter read(Query query) {
    var micros = query.number("minMicros", 0, MICROS_MAX);
    var status = query.parsed("status", CallFilter.ALL::withStatus);
    var blame = query.parsed("blame", Filters::blame);
    var source = query.parsed("source", Cidr::parse);
    var from = query.instant("from");
    var to =
        query.parsed(
            "to",
            text -> {
              var end = query.instant("to");
              if (from != null && end != null && end.isBefore(from)) {
                throw Require.invalid("to", text, "not before from, " + from);
              }
              return end;
            });
    return new CallFilter(
        query.text("api"),
        query.text("route"),
        query.text("consumer"),
        status == null ? null : status.statusFrom(),
        status == null ? null : status.statusTo(),
        blame,
        query.text("reason"),
        source,
        micros == null ? null : Duration.ofNanos(micros * 1000),
        from,
        to);
  }

  private static @Nullable Blame blame(String text) {
    for (var blame : Blame.values()) {
      if (blame.name().toLowerCase(Locale.ROOT).equals(text)) {
        return blame;
      }
    }
    throw Require.invalid(
        "blame",
        text,
        Arrays.stream(Blame.values())
            .map(blame -> blame.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining(", ")));
  }
}
