package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.loop.Transport;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Api;
import io.ostiary.model.Balance;
import io.ostiary.model.BanSink;
import io.ostiary.model.CallLimits;
import io.ostiary.model.Conditions;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.Discovery;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.HealthCheck;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.Listener;
import io.ostiary.model.Listener.ProxyProtocol;
import io.ostiary.model.LoopChoice;
import io.ostiary.model.OutboundSettings;
import io.ostiary.model.Outliers;
import io.ostiary.model.Overload;
import io.ostiary.model.PathPattern;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Retries;
import io.ostiary.model.Route;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Split;
import io.ostiary.model.Spread;
import io.ostiary.model.Tallies;
import io.ostiary.model.Target;
import io.ostiary.model.Tls;
import io.ostiary.model.Upstream;
import io.ostiary.model.UpstreamLink;
import io.ostiary.model.observe.Observation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A gateway on an ephemeral port before a fake upstream, and raw clients for it.
final class Kit implements AutoCloseable {
  static final java.nio.charset.Charset LATIN = StandardCharsets.ISO_8859_1;

  final Gateway gateway;
  private static final Queue<Socket> DEAF = new ConcurrentLinkedQueue<>();

  final int port = freePort();
  GatewaySettings settings = settings(1024 * 1024);
  List<Target> targets;
  Balance balance = Balance.ROUND_ROBIN;
  List<PolicyUse> uses = List.of();
  List<Route> routes = List.of(route("all", "/*"));
  Duration answer = Duration.ofSeconds(3);
  Duration idle = Duration.ofSeconds(3);
  UpstreamLink link = UpstreamLink.PLAIN;

  @Nullable HealthCheck health;
  Spread spread = Spread.DEFAULT;
  Outliers outliers = Outliers.DEFAULT;
  Retries retries = Retries.DEFAULT;
  Overload overload = Overload.NONE;
  Discovery discovery = Discovery.NONE;

  /// Beside the one named `up`.
  List<Upstream> others = List.of();

  /// In place of the one with `routes` and `uses`.
  @Nullable List<Api> apis;

  @Nullable Tls tls;
  ProxyProtocol proxy = ProxyProtocol.OFF;
  long version;

  /// By how much the gateway's wall clock is ahead.
  volatile Duration ahead = Duration.ZERO;

  Kit(FakeUpstream upstream, Policy<?>... policies) {
    this(List.of(new Target("127.0.0.1", upstream.port(), 1)), policies);
  }

  Kit(List<Target> targets, Policy<?>... policies) {
    this(
        targets,
        Transport.Kind.valueOf(System.getProperty("ostiary.test.transport", "IO_URING")),
        ConnectionLens.NONE,
        policies);
  }

  Kit(List<Target> targets, Transport.Kind kind, ConnectionLens lens, Policy<?>... policies) {
    this(targets, kind, lens, BanSink.NONE, policies);
  }

  Kit(
      List<Target> targets,
      Transport.Kind kind,
      ConnectionLens lens,
      BanSink bans,
      Policy<?>... policies) {
    this.targets = targets;
    gateway =
        new Gateway(
            new DataPlane(
                2, kind, 1024, lens, List.of(policies), () -> Instant.now().plus(ahead), bans));
  }

  /// With so many event loops, between which somebody chooses.
  Kit(FakeUpstream upstream, Transport.Kind kind, int loops, LoopChoice choice) {
    targets = List.of(new Target("127.0.0.1", upstream.port(), 1));
    gateway =
        new Gateway(
            new DataPlane(
                loops,
                kind,
                1024,
                ConnectionLens.NONE,
                List.of(),
                InstantSource.system(),
                BanSink.NONE,
                new Tallies(),
                () -> choice));
  }

  /// Until something holds that others bring about; fails after so many seconds.
  static void await(int seconds, BooleanSupplier condition) throws InterruptedException {
    long limit = System.nanoTime() + seconds * 1_000_000_000L;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited %d s", seconds).isLessThan(limit);
      Thread.sleep(5);
    }
  }

  static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// A port of this host that is taken and at which nobody listens: connections are refused. A free
  /// one may soon be the port of the gateway itself.
  static int deafPort() {
    try {
      var socket = new Socket();
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      DEAF.add(socket);
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  static GatewaySettings settings(long bodyBytesMax) {
    return settings(bodyBytesMax, Duration.ZERO);
  }

  static GatewaySettings settings(long bodyBytesMax, Duration connectionAge) {
    return new GatewaySettings(
        16 * 1024,
        100,
        bodyBytesMax,
        Duration.ofMillis(500),
        Duration.ofMillis(800),
        Duration.ofSeconds(5),
        connectionAge,
        Duration.ofSeconds(5),
        1000,
        List.of(),
        Observation.NONE,
        OutboundSettings.DEFAULT,
        List.of());
  }

  static Route route(String id, String path, String... methods) {
    return new Route(
        id, Set.of(methods), new PathPattern(path), Conditions.NONE, null, null, List.of());
  }

  /// Called by its path.
  ///
  /// @param upstream null: its API's
  static Route route(String path, @Nullable String upstream, CallLimits limits) {
    return new Route(
        path,
        Set.of(),
        new PathPattern(path),
        Conditions.NONE,
        upstream,
        null,
        List.of(),
        Split.NONE,
        limits);
  }

  Snapshot snapshot() {
    version++;
    return new Snapshot(
        version,
        Instant.now(),
        settings,
        List.of(new Listener("127.0.0.1", port, proxy, tls)),
        apis == null
            ? List.of(new Api("api", List.of(), "/", "up", Split.NONE, false, null, routes, uses))
            : apis,
        upstreams(),
        List.of(),
        List.of(),
        KernelSettings.OFF,
        List.of());
  }

  private List<Upstream> upstreams() {
    var all = new ArrayList<Upstream>();
    all.add(upstream("up", targets));
    all.addAll(others);
    return all;
  }

  Upstream upstream(String name, List<Target> of) {
    return new Upstream(
        name,
        of,
        balance,
        health,
        Duration.ofSeconds(1),
        answer,
        idle,
        1000,
        link,
        spread,
        outliers,
        retries,
        overload,
        discovery);
  }

  Kit publish() {
    var published = gateway.publish(snapshot());
    if (published instanceof Published.Refused(var faults)) {
      throw new IllegalStateException(faults.toString());
    }
    return this;
  }

  /// Whether it happens within five seconds.
  static boolean await(CountDownLatch latch) {
    try {
      return latch.await(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  Client client() {
    return new Client(port);
  }

  /// Sends one request over a connection of its own and returns all that came back.
  String ask(String request) {
    try (var client = client()) {
      client.send(request);
      return client.readAll();
    }
  }

  String get(String target) {
    return ask("GET " + target + " HTTP/1.1\r\nHost: t.example\r\nConnection: close\r\n\r\n");
  }

  /// The lines the ledger got, once there are `count` of them.
  List<String> ledger(int count) {
    return ledger(count, Kit::line);
  }

  /// @param as what is made of a line
  List<String> ledger(int count, Function<LedgerSlot, String> as) {
    var lines = new ArrayList<String>();
    long until = System.nanoTime() + 5_000_000_000L;
    while (lines.size() < count && System.nanoTime() < until) {
      for (var ring : gateway.ledger().rings()) {
        ring.drain(slot -> lines.add(as.apply(slot)), 1000);
      }
      Thread.onSpinWait();
    }
    return lines;
  }

  /// Whom the ledger names as client, once there are `count` lines.
  void drainClients(List<String> into, int count) {
    long until = System.nanoTime() + 5_000_000_000L;
    while (into.size() < count && System.nanoTime() < until) {
      for (var ring : gateway.ledger().rings()) {
        ring.drain(
            slot ->
                into.add(
                    (slot.client[0] & 0xff)
                        + "."
                        + (slot.client[1] & 0xff)
                        + "."
                        + (slot.client[2] & 0xff)
                        + "."
                        + (slot.client[3] & 0xff)),
            1000);
      }
      Thread.onSpinWait();
    }
  }

  private static String line(LedgerSlot slot) {
    return slot.method
        + " "
        + new String(slot.target, 0, slot.targetLength, StandardCharsets.ISO_8859_1)
        + " "
        + slot.status
        + " "
        + slot.blame
        + " "
        + slot.reason
        + " attempts="
        + slot.attemptCount;
  }

  @Override
  public void close() {
    gateway.close();
  }

  static final class Client implements AutoCloseable {
    final Socket socket;
    boolean hungUp;

    Client(int port) {
      try {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(5000);
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    /// Says that nothing more will be sent, and goes on reading.
    void endInput() {
      try {
        socket.shutdownOutput();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    void send(String text) {
      send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /// What cannot be sent because the gateway has hung up shows when the answer is read.
    void send(byte[] bytes) {
      try {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
      } catch (SocketException e) {
        hungUp = true;
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    /// Reads to the end of the connection.
    String readAll() {
      var all = new ByteArrayOutputStream();
      try {
        socket.getInputStream().transferTo(all);
      } catch (SocketTimeoutException e) {
        throw new IllegalStateException("still open after: " + all, e);
      } catch (IOException e) {
        // A reset is an end, too.
      }
      return all.toString(StandardCharsets.ISO_8859_1);
    }

    /// Reads until the text ends so.
    String readUntil(String end) {
      var text = new StringBuilder();
      try {
        while (text.indexOf(end) < 0) {
          int b = socket.getInputStream().read();
          if (b < 0) {
            throw new IllegalStateException("closed after: " + text);
          }
          text.append((char) b);
        }
      } catch (IOException e) {
        throw new IllegalStateException("after: " + text, e);
      }
      return text.toString();
    }

    @Override
    public void close() {
      try {
        socket.close();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
