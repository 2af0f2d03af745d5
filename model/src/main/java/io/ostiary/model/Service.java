package io.ostiary.model;

import java.net.InetAddress;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A virtual address and port whose connections the kernel spreads over targets.
///
/// @param address an IP address that the network brings to this host; none of its own services
/// @param check null: a target is given connections whether it answers or not
/// @param slowStart how long a target that came back is spared; zero: not
public record Service(
    String name,
    String address,
    int port,
    Protocol protocol,
    Algorithm algorithm,
    List<Target> targets,
    @Nullable Check check,
    Duration slowStart) {
  public static final int TARGETS_MAX = 64;
  public static final int SERVICES_MAX = 32;

  public Service {
    Require.name("name", name);
    var own = reachable("address", address);
    Require.port("port", port);
    targets = List.copyOf(targets);
    Require.between("targets (count)", targets.size(), 1, TARGETS_MAX);
    Require.between("slow-start (ms)", slowStart.toMillis(), 0, 3_600_000);
    if (algorithm == Algorithm.LEAST_LOADED && protocol == Protocol.UDP) {
      throw Require.invalid(
          "algorithm", "least-loaded with udp", "maglev or weighted: UDP has no connections");
    }
    if (check != null && protocol == Protocol.UDP && check.port() == 0) {
      throw Require.invalid("health", "udp without a port", "a TCP port that can be asked");
    }
    var seen = new HashSet<Target.Place>();
    for (var target : targets) {
      if (reachable("targets", target.address()).getAddress().length != own.getAddress().length) {
        throw Require.invalid(
            "targets", target.toString(), "the same IP version as " + address + " has");
      }
      if (!seen.add(target.place())) {
        throw Require.invalid("targets", target + " twice", "each target once");
      }
      if (target.port() == port && literal("targets", target.address()).equals(own)) {
        throw Require.invalid("targets", target.toString(), "not the service itself");
      }
    }
  }

  private static InetAddress literal(String field, String address) {
    try {
      return InetAddress.ofLiteral(address);
    } catch (IllegalArgumentException e) {
      throw Require.invalid(
          field, "'" + address + "'", "an IP address, such as 198.51.100.10 or 2001:db8::10");
    }
  }

  private static InetAddress reachable(String field, String address) {
    var literal = literal(field, address);
    if (literal.isLoopbackAddress()
        || literal.isAnyLocalAddress()
        || literal.isMulticastAddress()
        || literal.isLinkLocalAddress()) {
      throw Require.invalid(
          field,
          "'" + address + "'",
          "an address that packets from elsewhere reach: not loopback, link-local or multicast");
    }
    return literal;
  }

  public InetAddress literalAddress() {
    return literal("address", address);
  }

  /// As people write it: `tcp 198.51.100.10:80`.
  public String place() {
    return protocol.word() + " " + AddressText.of(literalAddress(), port);
  }

  public enum Protocol {
    TCP("tcp", 6),
    UDP("udp", 17);

    private final String word;
    private final int number;

    Protocol(String word, int number) {
      this.word = word;
      this.number = number;
    }

    public String word() {
      return word;
    }

    public int number() {
      return number;
    }
  }

  /// Who gets a new connection.
  public enum Algorithm {
    /// By a hash of the client's address and port: the same choice on every host.
    MAGLEV,
    /// By lot, in proportion to the weights.
    WEIGHTED,
    /// Of four drawn by lot, the one with the least work.
    LEAST_LOADED
  }

  /// @param weight its share among its siblings, 1-1000
  /// @param drain whether it gets no new connections, while those it has go on
  public record Target(String address, int port, int weight, boolean drain) {
    public Target {
      literal("address", address);
      Require.port("port", port);
      Require.between("weight", weight, 1, 1000);
    }

    /// What makes it the same target whatever its weight.
    public record Place(InetAddress address, int port) {}

    public Place place() {
      return new Place(literal("address", address), port);
    }

    @Override
    public String toString() {
      return AddressText.of(literal("address", address), port);
    }
  }

  /// An active check of each target.
  ///
  /// @param path null: a TCP connection that comes about is enough
  /// @param port 0: the target's own
  public record Check(
      @Nullable String path,
      int port,
      Duration every,
      Duration timeout,
      int unhealthyAfter,
      int healthyAfter) {
    public Check {
      if (path != null && !path.startsWith("/")) {
        throw Require.invalid("health.path", path, "a path that starts with '/'");
      }
      Require.between("health.port", port, 0, 65_535);
      Require.between("health.every (ms)", every.toMillis(), 100, 3_600_000);
      Require.between("health.timeout (ms)", timeout.toMillis(), 10, 60_000);
      Require.between("health.unhealthy-after", unhealthyAfter, 1, 100);
      Require.between("health.healthy-after", healthyAfter, 1, 100);
    }
  }
}
