package io.ostiary.server;

import java.util.Locale;

/// Metrics as Prometheus reads them (text format 0.0.4). Names are given without `ostiary_`.
final class MetricText {
  private final StringBuilder out = new StringBuilder(4096);

  /// @param help without a line break or backslash
  void gauge(String name, String help) {
    head(name, "gauge", help);
  }

  /// @param help without a line break or backslash
  void counter(String name, String help) {
    head(name, "counter", help);
  }

  private void head(String name, String type, String help) {
    out.append("# HELP ostiary_").append(name).append(' ').append(help).append('\n');
    out.append("# TYPE ostiary_").append(name).append(' ').append(type).append('\n');
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
