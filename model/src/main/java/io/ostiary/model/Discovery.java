package io.ostiary.model;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where an upstream's targets are found, beside those that are written.
///
/// @param dns a name each of whose addresses is a target; null: none
/// @param dnsPort of these targets
/// @param srv a name whose SRV records tell targets, ports, priorities and weights; null: none
/// @param servers name servers that are asked, as address and port; empty: the system's
/// @param least answers are kept at least so long, whatever their time to live
/// @param most and at most
public record Discovery(
    @Nullable String dns,
    int dnsPort,
    @Nullable String srv,
    List<Server> servers,
    Duration least,
    Duration most) {
  public static final Discovery NONE =
      new Discovery(null, 0, null, List.of(), Duration.ofSeconds(1), Duration.ofMinutes(5));

  public Discovery {
    servers = List.copyOf(servers);
    if (dns != null) {
      name("discovery.dns", dns);
      Require.port("discovery.dns (port)", dnsPort);
    }
    if (srv != null) {
      name("discovery.srv", srv);
    }
    Require.between("discovery.servers (count)", servers.size(), 0, 8);
    Require.between("discovery.least (ms)", least.toMillis(), 100, 3_600_000);
    Require.between("discovery.most (ms)", most.toMillis(), least.toMillis(), 86_400_000);
  }

  private static void name(String field, String name) {
    if (name.length() > 253 || !name.matches("[A-Za-z0-9._-]+")) {
      throw Require.invalid(field, "'" + name + "'", "a name such as orders.internal");
    }
  }

  /// Whether names are asked for.
  public boolean asks() {
    return dns != null || srv != null;
  }

  /// @param host an IP address
  public record Server(String host, int port) {
    public Server {
      Require.notBlank("discovery.servers", host);
      Require.port("discovery.servers (port)", port);
    }
  }
}
