package io.ostiary.model;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/// An active check of a target, over a connection of its own.
///
/// @param path what an HTTP check asks for
/// @param timeout how long it may take in all
/// @param unhealthyAfter consecutive failures that take a target out
/// @param healthyAfter consecutive successes that bring it back
/// @param expected what is asked beside the path, and what counts as healthy
public record HealthCheck(
    String path,
    Duration every,
    Duration timeout,
    int unhealthyAfter,
    int healthyAfter,
    Expected expected) {
  public HealthCheck {
    if (!path.startsWith("/")) {
      throw Require.invalid("health.path", path, "a path that starts with '/'");
    }
    if (path.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw Require.invalid("health.path", path, "printable ASCII without spaces");
    }
    Require.between("health.every (ms)", every.toMillis(), 100, 3_600_000);
    Require.between("health.timeout (ms)", timeout.toMillis(), 10, 60_000);
    Require.between("health.unhealthy-after", unhealthyAfter, 1, 100);
    Require.between("health.healthy-after", healthyAfter, 1, 100);
  }

  public HealthCheck(
      String path, Duration every, Duration timeout, int unhealthyAfter, int healthyAfter) {
    this(path, every, timeout, unhealthyAfter, healthyAfter, Expected.DEFAULT);
  }

  /// Whether it speaks HTTP/2 by the upstream's own TLS, where that has any.
  boolean overHttp2() {
    return expected.kind() == Kind.GRPC && (expected.port() == 0 || expected.tls());
  }

  /// How a target is asked.
  public enum Kind {
    /// A GET.
    HTTP,
    /// The method `Check` of `grpc.health.v1.Health`, over HTTP/2.
    GRPC,
    /// That a connection comes about.
    TCP
  }

  /// @param port where, instead of the target's own; 0: there
  /// @param statuses of an HTTP answer that count as healthy
  /// @param body a text that the first 64 KiB of its content must have; empty: any will do
  /// @param host what the Host field says; empty: the target's address
  /// @param headers more fields of the request
  /// @param service what a gRPC check asks about; empty: the server as a whole
  /// @param tls whether another port than the target's own is spoken to as that is, encrypted
  public record Expected(
      Kind kind,
      int port,
      List<Statuses> statuses,
      String body,
      String host,
      Map<String, String> headers,
      String service,
      boolean tls) {
    public static final Expected DEFAULT =
        new Expected(Kind.HTTP, 0, List.of(new Statuses(200, 399)), "", "", Map.of(), "");

    /// Another port is spoken to in plain text.
    public Expected(
        Kind kind,
        int port,
        List<Statuses> statuses,
        String body,
        String host,
        Map<String, String> headers,
        String service) {
      this(kind, port, statuses, body, host, headers, service, false);
    }

    public Expected {
      statuses = List.copyOf(statuses);
      headers = Map.copyOf(headers);
      Require.between("health.port", port, 0, 65_535);
      if (statuses.isEmpty()) {
        throw Require.invalid("health.status", "none", "at least one");
      }
      Require.between("health.body (characters)", body.length(), 0, 1024);
      Require.between("health.service (characters)", service.length(), 0, 100);
      text("health.service", service);
      text("health.host", host);
      if (host.chars().anyMatch(c -> c == ' ' || c == '/' || c == '@')) {
        throw Require.invalid("health.host", "'" + host + "'", "a name or address, with any port");
      }
      headers.forEach((name, value) -> {
        if (!name.matches("[A-Za-z0-9-]{1,64}")) {
          throw Require.invalid("health.headers", "'" + name + "'", "letters, digits and '-'");
        }
        text("health.headers." + name, value);
      });
    }

    private static void text(String name, String value) {
      if (value.length() > 1024 || value.chars().anyMatch(c -> c < ' ' || c > '~')) {
        throw Require.invalid(name, "'" + value + "'", "printable ASCII, at most 1,024 characters");
      }
    }

    public boolean healthy(int status) {
      return statuses.stream().anyMatch(range -> status >= range.from && status <= range.to);
    }
  }

  /// From one status to another, both included.
  public record Statuses(int from, int to) {
    public Statuses {
      Require.between("health.status", from, 200, 599);
      Require.between("health.status", to, from, 599);
    }

    /// `204`, or `200-299`.
    public static Statuses parse(String text) {
      int dash = text.indexOf('-');
      try {
        int from = Integer.parseInt(dash < 0 ? text : text.substring(0, dash));
        return new Statuses(from, dash < 0 ? from : Integer.parseInt(text.substring(dash + 1)));
      } catch (NumberFormatException e) {
        throw Require.invalid("health.status", "'" + text + "'", "204, or 200-299");
      }
    }
  }
}
