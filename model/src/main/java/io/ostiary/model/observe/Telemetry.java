package io.ostiary.model.observe;

import io.ostiary.model.FieldName;
import io.ostiary.model.Require;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Spans and metrics for an OpenTelemetry collector, by OTLP over HTTP.
///
/// @param endpoint to which `/v1/traces` and `/v1/metrics` are added; null: nothing is sent
/// @param headers of each request, such as a key of the collector
/// @param service what the collector calls us
/// @param percent of the calls whose client did not decide about its trace, how many have spans
/// @param metricsEvery zero: no metrics are sent
public record Telemetry(
    @Nullable URI endpoint,
    Map<String, String> headers,
    String service,
    double percent,
    Duration metricsEvery) {
  public static final Telemetry OFF =
      new Telemetry(null, Map.of(), "ostiary", 0, Duration.ofSeconds(60));

  public Telemetry {
    headers = Map.copyOf(headers);
    headers.forEach(Telemetry::checkHeader);
    Require.notBlank("telemetry.service", service);
    if (!(percent >= 0 && percent <= 100)) {
      throw Require.invalid("telemetry.percent", percent, "0-100");
    }
    if (!metricsEvery.isZero()) {
      Require.between("telemetry.metrics-every (ms)", metricsEvery.toMillis(), 100, 3_600_000);
    }
    if (endpoint != null) {
      var scheme = String.valueOf(endpoint.getScheme()).toLowerCase(Locale.ROOT);
      if ((!scheme.equals("http") && !scheme.equals("https")) || endpoint.getHost() == null) {
        throw Require.invalid(
            "telemetry.endpoint", endpoint, "a URL such as http://127.0.0.1:4318");
      }
    }
  }

  private static void checkHeader(String name, String value) {
    if (!FieldName.fits(name)) {
      throw Require.invalid("telemetry.headers", "'" + name + "'", "names of header fields");
    }
    if (value.chars().anyMatch(c -> c < ' ' || c > '~')) {
      // Never the value: it may be a key.
      throw Require.invalid(
          "telemetry.headers." + name, value.length() + " characters", "printable ASCII");
    }
  }

  public boolean on() {
    return endpoint != null;
  }

  /// Headers carry keys of collectors.
  @Override
  public String toString() {
    return "telemetry to " + endpoint;
  }
}
