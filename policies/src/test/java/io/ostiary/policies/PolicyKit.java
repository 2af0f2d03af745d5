package io.ostiary.policies;

import io.ostiary.gateway.DataPlane;
import io.ostiary.gateway.Gateway;
import io.ostiary.gateway.Published;
import io.ostiary.gateway.loop.Transport;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Api;
import io.ostiary.model.Balance;
import io.ostiary.model.BanSink;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.Consumer;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.Listener;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Purge;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Target;
import io.ostiary.model.Tls;
import io.ostiary.model.Upstream;
import io.ostiary.model.UpstreamLink;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A gateway with policies before a fake upstream, asked by curl.
final class PolicyKit implements AutoCloseable {
  private final Gateway gateway;
  private final int port = freePort();
  private long version;
  private final int upstream;
  private final UpstreamLink link;

  /// Of the next snapshot.
  @Nullable Tls tls;

  List<Consumer> consumers = List.of();

  PolicyKit(FakeUpstream upstream, List<Policy<?>> policies, PolicyUse... uses) {
    this(upstream.port(), UpstreamLink.PLAIN, policies, uses);
  }

  /// @param upstream its port on loopback
  PolicyKit(int upstream, UpstreamLink link, List<Policy<?>> policies, PolicyUse... uses) {
    this.upstream = upstream;
    this.link = link;
    gateway =
        new Gateway(
            new DataPlane(
                2,
                Transport.Kind.EPOLL,
                1024,
                ConnectionLens.NONE,
                policies,
                Instant::now,
                BanSink.NONE));
    publish(uses);
  }

  PolicyKit publish(PolicyUse... uses) {
    return publish(Sites.api(List.of(Sites.route("all", "/*")), uses));
  }

  /// @throws IllegalStateException with everything that is wrong with it
  PolicyKit publish(Api api) {
    version++;
    var snapshot =
        new Snapshot(
            version,
            Instant.now(),
            GatewaySettings.DEFAULT,
            List.of(new Listener("127.0.0.1", port, Listener.ProxyProtocol.OFF, tls)),
            List.of(api),
            List.of(
                new Upstream(
                    "orders",
                    List.of(new Target("127.0.0.1", upstream, 1)),
                    Balance.ROUND_ROBIN,
                    null,
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(3),
                    Duration.ofSeconds(3),
                    1000,
                    link)),
            consumers,
            List.of(),
            KernelSettings.OFF,
            List.of());
    if (gateway.publish(snapshot) instanceof Published.Refused(var faults)) {
      throw new IllegalStateException(faults.toString());
    }
    return this;
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Throws away what policies keep, of one target or all.
  int purge(String api, String target) {
    return purge(
        api, target.isEmpty() ? new Purge.Everything() : new Purge.Address(address() + target));
  }

  int purge(String api, Purge purge) {
    return gateway.purge(api, purge);
  }

  /// Host and port, as calls of this kit name them.
  String address() {
    return "127.0.0.1:" + port;
  }

  String url(String target) {
    return (tls == null ? "http" : "https") + "://127.0.0.1:" + port + target;
  }

  /// What curl prints, ISO-8859-1. The last argument is the target.
  String curl(String... arguments) {
    var command = new ArrayList<>(List.of("curl", "-sS", "--max-time", "10"));
    command.addAll(List.of(arguments).subList(0, arguments.length - 1));
    command.add(url(arguments[arguments.length - 1]));
    try {
      var process = new ProcessBuilder(command).redirectErrorStream(true).start();
      var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      process.waitFor();
      return text;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// A connection of its own, for what curl cannot do.
  Socket connect() throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(5000);
    return socket;
  }

  static String readUntil(InputStream in, String end) throws IOException {
    var text = new StringBuilder();
    while (text.indexOf(end) < 0) {
      int b = in.read();
      if (b < 0) {
        throw new IllegalStateException("closed after: " + text);
      }
      text.append((char) b);
    }
    return text.toString();
  }

  @Override
  public void close() {
    gateway.close();
  }
}
