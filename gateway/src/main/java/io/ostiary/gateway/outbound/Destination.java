package io.ostiary.gateway.outbound;

import io.ostiary.model.OutboundSettings;
import java.net.URI;
import java.util.Locale;

/// Where a connection goes, and under which settings it was allowed.
record Destination(boolean tls, String host, int port, OutboundSettings settings) {
  static Destination of(URI uri, OutboundSettings settings) {
    boolean tls = uri.getScheme().equalsIgnoreCase("https");
    int port = uri.getPort() > 0 ? uri.getPort() : tls ? 443 : 80;
    var host = uri.getHost().toLowerCase(Locale.ROOT);
    var bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    return new Destination(tls, bare, port, settings);
  }

  /// As the Host field says it.
  String authority() {
    var name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    return port == (tls ? 443 : 80) ? name : name + ":" + port;
  }
}
