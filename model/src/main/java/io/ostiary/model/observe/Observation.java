package io.ostiary.model.observe;

import io.ostiary.model.Require;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;

/// To whom calls are told while the gateway runs, beside its own ledger.
///
/// @param logs access logs, each with its own destination
/// @param telemetry spans and metrics for a collector
public record Observation(List<AccessLog> logs, Telemetry telemetry) {
  public static final Observation NONE = new Observation(List.of(), Telemetry.OFF);

  private static final int LOGS_MAX = 8;
  private static final int HEADERS_MAX = 16;

  public Observation {
    logs = List.copyOf(logs);
    Require.between("access-log (count)", logs.size(), 0, LOGS_MAX);
    long places = logs.stream().map(AccessLog::to).distinct().count();
    if (places < logs.size()) {
      throw Require.invalid(
          "access-log", "two for the same destination", "one for each destination");
    }
    int headers = headers(logs).size();
    Require.between("access-log, header fields (count)", headers, 0, HEADERS_MAX);
  }

  /// Request fields that any log wants, in lower case: the event loops note these and no others.
  public List<String> headers() {
    return headers(logs);
  }

  private static List<String> headers(List<AccessLog> logs) {
    var names = new LinkedHashSet<String>();
    for (var log : logs) {
      log.format().headers().forEach(name -> names.add(name.toLowerCase(Locale.ROOT)));
    }
    return List.copyOf(names);
  }
}
