package io.ostiary.server;

import java.util.List;
import java.util.Locale;

/// Metrics as Prometheus reads them (text format 0.0.4). Names are given without `ostiary_`.
final class MetricText {
  private static final int MOST = 200;

  private final StringBuilder out = new StringBuilder(4096);
  private int omitted;

  /// A counter where the name ends in `_total`, else a gauge.
  ///
  /// @param help without a line break or backslash
  void metric(String name, String help) {
    var type = name.endsWith("_total") ? "counter" : "gauge";
    out.append("# HELP ostiary_").append(name).append(' ').append(help).append('\n');
    out.append("# TYPE ostiary_").append(name).append(' ').append(type).append('\n');
  }

  /// The 200 that are told apart; those beyond are left out, and counted by [#omitted].
  <T> List<T> first(List<T> all) {
    omitted += Math.max(0, all.size() - MOST);
    return all.subList(0, Math.min(MOST, all.size()));
  }

  void omitted(String name, String help) {
    metric(name, help);
    sample(name, omitted);
  }

  /// @param labels names and values in turn; values without quotes, line breaks and backslashes
  void sample(String name, double value, String... labels) {
    boolean whole = value == Math.rint(value) && Math.abs(value) < 1e15;
    line(name, labels)
        .append(whole ? Long.toString((long) value) : String.format(Locale.ROOT, "%.6g", value))
        .append('\n');
  }

  /// The same for what is counted.
  void sample(String name, long value, String... labels) {
    line(name, labels).append(value).append('\n');
  }

  private StringBuilder line(String name, String... labels) {
    out.append("ostiary_").append(name);
    for (int i = 0; i < labels.length; i += 2) {
      out.append(i == 0 ? '{' : ',').append(labels[i]).append("=\"").append(labels[i + 1]);
      out.append('"');
    }
    return out.append(labels.length == 0 ? " " : "} ");
  }

  @Override
  public String toString() {
    return out.toString();
  }
}
