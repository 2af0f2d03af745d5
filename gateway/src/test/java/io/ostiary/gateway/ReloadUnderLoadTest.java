package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Api;
import io.ostiary.model.Conditions;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.Listener;
import io.ostiary.model.Listener.ProxyProtocol;
import io.ostiary.model.PathPattern;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Split;
import io.ostiary.model.Target;
import io.ostiary.model.Tls;
import io.ostiary.model.UpstreamLink;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Other routes, upstreams, certificates and policies with every plan, while calls of five kinds
/// run: none fails, and each sees exactly one plan. `bench/reload` runs it with 1,000 plans during
/// 1,000,000 calls.
class ReloadUnderLoadTest {
  private static final int PLANS = Integer.getInteger("ostiary.reloads", 40);
  private static final int CALLS = Integer.getInteger("ostiary.calls", 6_000);

  @TempDir private static Path folder;

  /// @param plan which it belongs to
  /// @param field of the request that it goes into
  record Stamp(long plan, String field) {}

  /// Writes the number of its plan into request and answer.
  private static final class Stamping implements Policy<Stamp> {
    @Override
    public String name() {
      return "stamp";
    }

    @Override
    public Class<Stamp> settings() {
      return Stamp.class;
    }

    @Override
    public Filter compile(Stamp stamp, Site site) {
      var plan = Long.toString(stamp.plan);
      var field = HeaderName.of(stamp.field);
      var answer = HeaderName.of("X-Plan");
      return new Filter() {
        @Override
        public Set<Moment> moments() {
          return Set.of(Moment.REQUEST, Moment.RESPONSE);
        }

        @Override
        public Verdict request(Exchange exchange) {
          exchange.requestHeaders().set(field, plan);
          return Verdict.CONTINUE;
        }

        @Override
        public Verdict response(Exchange exchange) {
          exchange.responseHeaders().set(answer, plan);
          return Verdict.CONTINUE;
        }
      };
    }
  }

  private static Snapshot snapshot(Kit kit, int secure, List<PlanServer> behind, List<Tls> tls) {
    var base = kit.snapshot();
    long plan = base.version();
    var server = behind.get((int) (plan % 2));
    var routes = new ArrayList<Route>();
    routes.add(route("grpc", "/grpc.testing.TestService/*", "grpc", plan));
    routes.add(route("rest-" + plan, "/*", null, plan));
    for (int i = 0; i < plan % 7; i++) {
      routes.add(route("r" + i, "/more/" + i, null, plan));
    }
    kit.link = UpstreamLink.PLAIN;
    var up = kit.upstream("up", List.of(target(server.port())));
    kit.link = new UpstreamLink(UpstreamLink.Protocol.HTTP2, null, UpstreamLink.ProxyHeader.OFF);
    var grpc = kit.upstream("grpc", List.of(target(server.grpcPort())));
    var uses = List.of(new PolicyUse("stamp", new Stamp(plan, "X-Api-Plan")));
    return new Snapshot(
        plan,
        base.createdAt(),
        base.gateway(),
        List.of(
            new Listener("127.0.0.1", kit.port, ProxyProtocol.OFF, null),
            new Listener(
                "127.0.0.1", secure, ProxyProtocol.OFF, tls.get((int) (plan / 3 % tls.size())))),
        List.of(new Api("api", List.of(), "/", "up", Split.NONE, false, null, routes, uses)),
        List.of(up, grpc),
        List.of(),
        List.of(),
        base.kernel(),
        List.of(),
        List.of());
  }

  private static Target target(int port) {
    return new Target("127.0.0.1", port, 1);
  }

  private static Route route(String id, String path, String upstream, long plan) {
    return new Route(
        id,
        Set.of(),
        new PathPattern(path),
        Conditions.NONE,
        upstream,
        null,
        List.of(new PolicyUse("stamp", new Stamp(plan, "X-Route-Plan"))));
  }

  private static SSLContext trust(Path authority) throws Exception {
    var store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (var in = Files.newInputStream(authority)) {
      store.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    var context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }

  private static void publish(Kit kit, Snapshot snapshot) {
    assertThat(kit.gateway.publish(snapshot)).isInstanceOf(Published.InForce.class);
  }

  private static List<Thread> start(PlanClients clients) {
    var threads = new ArrayList<Thread>();
    for (int i = 0; i < 6; i++) {
      threads.add(Thread.startVirtualThread(clients::http1));
    }
    threads.add(Thread.startVirtualThread(clients::http2));
    threads.add(Thread.startVirtualThread(clients::grpc));
    threads.add(Thread.startVirtualThread(clients::webSocket));
    threads.add(Thread.startVirtualThread(clients::events));
    return threads;
  }

  @Test
  void noCallFailsAndEachSeesOnePlan() throws Exception {
    var pki = new Pki(folder);
    var tls =
        List.of(pki.tls(pki.issue("one", "localhost")), pki.tls(pki.issue("two", "localhost")));
    int secure = Kit.freePort();
    var done = new AtomicBoolean();
    try (var zero = PlanServer.open(0);
        var one = PlanServer.open(1);
        var kit = new Kit(List.of(target(1)), new Stamping())) {
      kit.answer = Duration.ofSeconds(10);
      kit.settings = GatewaySettings.DEFAULT;
      publish(kit, snapshot(kit, secure, List.of(zero, one), tls));
      var clients = new PlanClients(kit.port, secure, trust(pki.authority()), () -> !done.get());
      var threads = start(clients);
      int plans = 0;
      while (plans < PLANS || clients.calls() < CALLS) {
        if (clients.calls() >= (long) plans * CALLS / PLANS && plans < PLANS) {
          publish(kit, snapshot(kit, secure, List.of(zero, one), tls));
          plans++;
        }
        assertThat(clients.failures)
            .as("%s, floods %s", kit.gateway.gauges(), kit.gateway.floods())
            .isEmpty();
        Thread.sleep(1);
      }
      done.set(true);
      for (var thread : threads) {
        assertThat(thread.join(Duration.ofSeconds(20))).isTrue();
      }
      System.out.printf(
          "plans %d: %d calls: HTTP/1.1 %d, HTTP/2 %d, gRPC %d, WebSocket %d, events %d;"
              + " failures %s%n",
          plans,
          clients.calls(),
          clients.http1.get(),
          clients.http2.get(),
          clients.grpc.get(),
          clients.webSockets.get(),
          clients.events.get(),
          clients.failures.stream().limit(20).toList());
      assertThat(clients.failures).isEmpty();
      for (var kind :
          List.of(clients.http1, clients.http2, clients.grpc, clients.webSockets, clients.events)) {
        assertThat(kind).hasPositiveValue();
      }
    }
  }
}
