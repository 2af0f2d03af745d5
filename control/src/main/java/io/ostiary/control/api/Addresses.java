package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.access.HostCheck;
import io.ostiary.model.Listener;
import io.ostiary.model.Snapshot;
import org.jspecify.annotations.Nullable;

/// Where clients reach the data plane, as seen by whoever asks the control plane.
final class Addresses {
  private Addresses() {}

  /// `http://127.0.0.1:8080`, or `https` where every listener is encrypted, at the host by which
  /// this request came where the listener is bound to every interface.
  static String of(Context context, Snapshot snapshot) {
    var listener =
        snapshot.listeners().stream()
            .filter(one -> one.tls() == null && !one.local())
            .findFirst()
            .or(() -> snapshot.listeners().stream().filter(one -> !one.local()).findFirst())
            .orElse(snapshot.listeners().get(0));
    if (listener.local()) {
      // Nobody reaches it from a browser; it is named as what it is.
      return listener.toString();
    }
    var scheme = listener.tls() == null ? "http://" : "https://";
    var host = context.header("Host");
    var name =
        wildcard(listener.host()) && host != null ? HostCheck.withoutPort(host) : reach(listener);
    return scheme + (name.indexOf(':') >= 0 ? "[" + name + "]" : name) + ":" + listener.port();
  }

  /// An address on which this machine itself reaches the listener.
  static String reach(Listener listener) {
    return switch (listener.host()) {
      case "0.0.0.0" -> "127.0.0.1";
      case "::" -> "::1";
      default -> listener.host();
    };
  }

  /// The listener of this port, or null.
  static @Nullable Listener at(int port, Snapshot snapshot) {
    for (var listener : snapshot.listeners()) {
      if (listener.port() == port) {
        return listener;
      }
    }
    return null;
  }

  private static boolean wildcard(String host) {
    return host.equals("0.0.0.0") || host.equals("::");
  }
}
