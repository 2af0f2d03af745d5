package io.ostiary.insight.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.ostiary.insight.Insight;
import io.ostiary.insight.InsightSettings;
import io.ostiary.insight.NetworkPlace;
import io.ostiary.insight.testing.SlotFixture;
import io.ostiary.model.Api;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.LedgerRing;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.Listener;
import io.ostiary.model.PacketView;
import io.ostiary.model.Snapshot;
import io.ostiary.model.observe.Observation;
import io.ostiary.model.observe.Telemetry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A collector that takes OTLP over HTTP and looks into the protobuf with a reader of its own
/// ([Wire]), by the field numbers of opentelemetry-proto 1.x.
class ExporterTest {
  private static final long TRACE = 0x0af7651916cd43ddL;
  private static final long PARENT = 0xb7ad6b7169203331L;

  private final LinkedBlockingQueue<Wire> traces = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<Wire> metrics = new LinkedBlockingQueue<>();
  private final LedgerRing ring = new LedgerRing(256);
  private final SlotFixture fixture = new SlotFixture(1, 1);
  @TempDir private Path folder;
  private volatile int answer = 200;
  private HttpServer collector;
  private Insight insight;

  @BeforeEach
  void open() throws IOException {
    collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 8);
    collect("/v1/traces", traces);
    collect("/v1/metrics", metrics);
    collector.start();
    insight =
        new Insight(
            () -> List.of(ring),
            PacketView.none(
                new KernelStatus(false, "off", "6", null, false, 0, List.of(), List.of())),
            ConnectionLens.NONE,
            index -> new NetworkPlace("eth0", "passed"),
            Clock.systemUTC(),
            folder,
            InsightSettings.DEFAULT.withoutHistory());
    insight.inForce(snapshot());
    insight.start();
  }

  @AfterEach
  void close() {
    insight.close();
    collector.stop(0);
  }

  private void collect(String path, LinkedBlockingQueue<Wire> into) {
    collector.createContext(
        path,
        exchange -> {
          var bytes = exchange.getRequestBody().readAllBytes();
          if ("gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"))) {
            bytes = new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes();
          }
          assertThat(exchange.getRequestHeaders().getFirst("X-Key")).isEqualTo("secret");
          into.add(new Wire(bytes));
          exchange.sendResponseHeaders(answer, -1);
          exchange.close();
        });
  }

  private Snapshot snapshot() {
    var slot = new LedgerSlot();
    fixture.answered(slot, 1_764_439_200_123L, 5_000_000_000L, 1_500);
    Api seen = slot.api;
    var api =
        new Api(
            seen.name(),
            seen.hosts(),
            seen.path(),
            seen.upstream(),
            seen.split(),
            seen.stripPath(),
            null,
            List.of(slot.route),
            List.of());
    var plain = GatewaySettings.DEFAULT;
    var telemetry =
        new Telemetry(
            URI.create("http://127.0.0.1:" + collector.getAddress().getPort() + "/"),
            Map.of("X-Key", "secret"),
            "edge",
            10,
            Duration.ofMillis(200));
    var settings = plain.withObservation(new Observation(List.of(), telemetry));
    return new Snapshot(
        1,
        Instant.now(),
        settings,
        List.of(new Listener("127.0.0.1", 1)),
        List.of(api),
        List.of(),
        List.of(),
        List.of(),
        KernelSettings.OFF,
        List.of());
  }

  private void call(boolean sampled) {
    var slot = ring.claim();
    fixture.answered(slot, 1_764_439_200_123L, System.nanoTime(), 1_500);
    slot.traceHigh = TRACE;
    slot.traceLow = 0x8448eb211c80319cL;
    slot.traceParent = PARENT;
    slot.sampled = sampled;
    ring.publish();
  }

  @Test
  void sendsASpanForTheCallAndOneForItsAttempt() throws Exception {
    call(false);
    call(true);
    var request = traces.poll(10, TimeUnit.SECONDS);

    assertThat(request).isNotNull();
    var resource = request.message(1);
    assertThat(resource.message(1).attributes(1)).containsEntry("service.name", "edge");
    var spans = resource.message(2).messages(2);
    assertThat(spans).hasSize(2);
    var server = spans.getFirst();
    var client = spans.getLast();
    assertThat(server.hex(1)).isEqualTo("0af7651916cd43dd8448eb211c80319c");
    assertThat(server.hex(4)).isEqualTo("b7ad6b7169203331");
    assertThat(server.text(5)).isEqualTo("GET /api0/orders/{id}");
    assertThat(server.number(6)).as("SERVER").isEqualTo(2);
    assertThat(server.number(8) - server.number(7)).isEqualTo(1_500_000);
    assertThat(server.attributes(9))
        .containsEntry("http.request.method", "GET")
        .containsEntry("http.response.status_code", "200")
        .containsEntry("http.route", "/api0/orders/{id}")
        .containsEntry("url.path", "/api0/orders/17")
        .containsEntry("url.query", "expand=items")
        .containsEntry("client.address", "198.18.0.4")
        .containsKeys("ostiary.kernel.rtt_us", "ostiary.call", "network.peer.port");
    assertThat(client.hex(1)).isEqualTo(server.hex(1));
    assertThat(client.hex(4)).as("the call is its parent").isEqualTo(server.hex(2));
    assertThat(client.hex(2)).isNotEqualTo(server.hex(2));
    assertThat(client.number(6)).as("CLIENT").isEqualTo(3);
    assertThat(client.attributes(9))
        .containsEntry("server.address", "127.0.0.1")
        .containsEntry("server.port", "9001")
        .containsEntry("ostiary.upstream", "orders");
    assertThat(traces.poll(300, TimeUnit.MILLISECONDS)).as("the other was not sampled").isNull();
  }

  @Test
  void sendsWhatTheMetricsPageShows() throws Exception {
    call(false);
    double calls = 0;
    for (int i = 0; i < 50 && calls == 0; i++) {
      var request = metrics.poll(10, TimeUnit.SECONDS);
      assertThat(request).isNotNull();
      for (var metric : request.message(1).message(2).messages(2)) {
        if (metric.text(1).equals("ostiary_calls")) {
          for (var point : metric.message(7).messages(1)) {
            calls += Double.longBitsToDouble(point.number(4));
          }
          assertThat(metric.message(7).number(2)).as("CUMULATIVE").isEqualTo(2);
        }
      }
    }
    assertThat(calls).isEqualTo(1);
  }

  @Test
  void countsWhatACollectorRefuses() throws Exception {
    answer = 400;
    call(true);
    assertThat(traces.poll(10, TimeUnit.SECONDS)).isNotNull();
    for (int i = 0; i < 500 && !insight.metrics().contains("ostiary_spans_lost_total 1.0"); i++) {
      Thread.sleep(10);
    }
    assertThat(insight.metrics())
        .contains("ostiary_spans_lost_total 1.0", "ostiary_spans_calls_total 0.0");
  }
}
