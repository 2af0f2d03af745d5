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
    var out = new MetricText();
    out.metric("banned_closes_total", "connections closed because their source is banned");
    out.sample("banned_closes_total", gauges.bannedCloses());
    out.metric("proxy_refused_total", "connections closed for want of a valid PROXY header");
    out.sample("proxy_refused_total", gauges.proxyRefused());
    out.metric("tls_handshakes_total", "handshakes of TLS, by how they ended");
    out.sample("tls_handshakes_total", gauges.handshakes(), "result", "complete");
    out.sample("tls_handshakes_total", gauges.handshakesFailed(), "result", "failed");
    out.metric("http2_floods_total", "connections cut off for flooding, by what with");
    gateway
        .floods()
        .forEach((kind, count) -> out.sample("http2_floods_total", count, "kind", kind));
    out.metric("direct_memory_bytes", "memory of buffers beside the heap");
    out.sample("direct_memory_bytes", Gateway.directBytes());
    out.metric("client_connections", "client connections that are open");
    out.sample("client_connections", gauges.open());
    if (running != null) {
      certificates(out, running);
    }
    mirrors(out, gateway);
    return out.toString();
  }

  private static void mirrors(MetricText out, Gateway gateway) {
    var mirrors = gateway.mirrors();
    if (mirrors.isEmpty()) {
      return;
    }
    out.metric("mirrored_total", "copies of calls, by what became of them");
    for (var mirror : mirrors) {
      mirrored(out, mirror.upstream(), "answered", mirror.answered());
      mirrored(out, mirror.upstream(), "failed", mirror.failed());
      mirrored(out, mirror.upstream(), "too-long", mirror.tooLong());
      mirrored(out, mirror.upstream(), "too-many", mirror.tooMany());
      mirrored(out, mirror.upstream(), "dropped", mirror.dropped());
    }
  }

  private static void mirrored(MetricText out, String upstream, String outcome, long count) {
    out.sample("mirrored_total", count, "upstream", upstream, "outcome", outcome);
  }

  private static void certificates(MetricText out, Snapshot running) {
    var name = "certificate_expiry_timestamp_seconds";
    out.metric(name, "when a certificate expires");
    for (var listener : running.listeners()) {
      var tls = listener.tls();
      for (int i = 0; tls != null && i < tls.certificates().size(); i++) {
        var one = tls.certificates().get(i);
        var names = one.names().isEmpty() ? "" : one.names().getFirst();
        out.sample(
            name,
            one.notAfter().getEpochSecond(),
            "listener",
            listener.toString(),
            "place",
            Integer.toString(i),
            "name",
            names);
      }
    }
  }
}
