package io.ostiary.server;

import io.ostiary.gateway.Gateway;
import io.ostiary.model.Snapshot;
import org.jspecify.annotations.Nullable;

/// What the gateway counts, in the text format of Prometheus.
final class GatewayMetrics {
  private GatewayMetrics() {}

  /// @param running null: nothing is in force yet
  static String text(Gateway gateway, @Nullable Snapshot running) {
    var gauges = gateway.gauges();
    var out = new StringBuilder();
    counter(out, "banned_closes_total", "connections closed because their source is banned");
    value(out, "banned_closes_total", "", gauges.bannedCloses());
    counter(out, "proxy_refused_total", "connections closed for want of a valid PROXY header");
    value(out, "proxy_refused_total", "", gauges.proxyRefused());
    counter(out, "tls_handshakes_total", "handshakes of TLS, by how they ended");
    value(out, "tls_handshakes_total", "{result=\"complete\"}", gauges.handshakes());
    value(out, "tls_handshakes_total", "{result=\"failed\"}", gauges.handshakesFailed());
    counter(out, "http2_floods_total", "connections cut off for flooding, by what with");
    gateway
        .floods()
        .forEach(
            (kind, count) -> value(out, "http2_floods_total", "{kind=\"" + kind + "\"}", count));
    gauge(out, "direct_memory_bytes", "memory of buffers beside the heap");
    value(out, "direct_memory_bytes", "", Gateway.directBytes());
    gauge(out, "client_connections", "client connections that are open");
    value(out, "client_connections", "", gauges.open());
    if (running != null) {
      certificates(out, running);
    }
    mirrors(out, gateway);
    return out.toString();
  }

  private static void mirrors(StringBuilder out, Gateway gateway) {
    var mirrors = gateway.mirrors();
    if (mirrors.isEmpty()) {
      return;
    }
    counter(out, "mirrored_total", "copies of calls, by what became of them");
    for (var mirror : mirrors) {
      mirrored(out, mirror.upstream(), "answered", mirror.answered());
      mirrored(out, mirror.upstream(), "failed", mirror.failed());
      mirrored(out, mirror.upstream(), "too-long", mirror.tooLong());
      mirrored(out, mirror.upstream(), "too-many", mirror.tooMany());
      mirrored(out, mirror.upstream(), "dropped", mirror.dropped());
    }
  }

  private static void mirrored(StringBuilder out, String upstream, String outcome, long count) {
    value(
        out,
        "mirrored_total",
        "{upstream=\"%s\",outcome=\"%s\"}".formatted(upstream, outcome),
        count);
  }

  private static void certificates(StringBuilder out, Snapshot running) {
    var name = "certificate_expiry_timestamp_seconds";
    out.append("# HELP ostiary_").append(name).append(" when a certificate expires\n");
    out.append("# TYPE ostiary_").append(name).append(" gauge\n");
    for (var listener : running.listeners()) {
      var tls = listener.tls();
      for (int i = 0; tls != null && i < tls.certificates().size(); i++) {
        var one = tls.certificates().get(i);
        var names = one.names().isEmpty() ? "" : one.names().getFirst();
        var labels = "{listener=\"%s\",place=\"%d\",name=\"%s\"}".formatted(listener, i, names);
        value(out, name, labels, one.notAfter().getEpochSecond());
      }
    }
  }

  private static void gauge(StringBuilder out, String name, String help) {
    out.append("# HELP ostiary_").append(name).append(' ').append(help).append('\n');
    out.append("# TYPE ostiary_").append(name).append(" gauge\n");
  }

  private static void counter(StringBuilder out, String name, String help) {
    out.append("# HELP ostiary_").append(name).append(' ').append(help).append('\n');
    out.append("# TYPE ostiary_").append(name).append(" counter\n");
  }

  private static void value(StringBuilder out, String name, String labels, long value) {
    out.append("ostiary_").append(name).append(labels).append(' ').append(value).append('\n');
  }
}
