package io.ostiary.insight.otlp;

import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.ostiary.insight.ledger.Batch;
import io.ostiary.insight.ledger.Batches;
import io.ostiary.insight.ledger.Row;
import io.ostiary.insight.ledger.RowReader;
import io.ostiary.model.Snapshot;
import io.ostiary.model.observe.Telemetry;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Tells a collector of calls and counts. Sealed batches of the ledger wait in a bounded queue for
/// one thread, which makes spans of the calls that are sampled and sends them; what it cannot take
/// or send is counted. The OpenTelemetry SDK writes and sends, and repeats what a collector asks it
/// to; nothing of it runs on an event loop.
public final class Exporter implements AutoCloseable {
  /// While metrics may be due.
  private static final long LOOK_MILLIS = 100;

  private static final long IDLE_MILLIS = 10_000;
  private static final int BATCHES_MAX = 32;
  private static final int SPANS_MAX = 2_000;
  private static final long SEND_MILLIS = 10_000;
  private static final long END_MILLIS = 3_000;

  private final Supplier<MetricSnapshots> metrics;
  private final Batches batches;
  private final long startNanos = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
  private final ArrayBlockingQueue<Batch> waiting = new ArrayBlockingQueue<>(BATCHES_MAX);

  /// A batch, other settings, or the end.
  private final Semaphore news = new Semaphore(0);

  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();
  private final Thread thread;
  private volatile Wanted wanted = new Wanted(Telemetry.OFF, Map.of());
  private volatile boolean ending;

  /// @param templates path templates by API, a blank and the route's id
  private record Wanted(Telemetry telemetry, Map<String, String> templates) {}

  /// What sends to one collector.
  private record Running(
      Telemetry telemetry,
      OtlpHttpSpanExporter spans,
      OtlpHttpMetricExporter metrics,
      Resource resource) {
    private void close() {
      spans.shutdown();
      metrics.shutdown();
    }
  }

  public Exporter(Supplier<MetricSnapshots> metrics, Batches batches) {
    this.metrics = metrics;
    this.batches = batches;
    thread = Thread.ofPlatform().name("insight-otlp").daemon(true).unstarted(this::run);
  }

  public void start() {
    thread.start();
  }

  public void inForce(Snapshot snapshot) {
    var telemetry = snapshot.gateway().observation().telemetry();
    var templates = new HashMap<String, String>();
    if (telemetry.on()) {
      for (var api : snapshot.apis()) {
        for (var route : api.routes()) {
          templates.put(api.name() + ' ' + route.id(), route.path().under(api.path()).toString());
        }
      }
    }
    wanted = new Wanted(telemetry, Map.copyOf(templates));
    news.release();
  }

  /// Whether batches are taken. Ledger reader only.
  public boolean wantsBatches() {
    return wanted.telemetry.on();
  }

  /// Takes a batch that is held for us, or gives it back. Ledger reader only.
  public void offer(Batch batch) {
    if (!waiting.offer(batch)) {
      lost.addAndGet(sampled(batch));
      batches.release(batch);
    }
    news.release();
  }

  /// A batch that waits, or null when the time is over or something else is new.
  private @Nullable Batch next(long millis) throws InterruptedException {
    var batch = waiting.poll();
    if (batch != null || !news.tryAcquire(millis, TimeUnit.MILLISECONDS)) {
      return batch;
    }
    news.drainPermits();
    return waiting.poll();
  }

  private static long sampled(Batch batch) {
    long count = 0;
    for (int row = 0; row < batch.rows(); row++) {
      count += batch.bytes()[batch.offset(row) + Row.FLAGS] & Row.SAMPLED;
    }
    return count;
  }

  /// Calls whose spans a collector has taken.
  public long sent() {
    return sent.get();
  }

  /// Calls whose spans were to be sent, and are lost.
  public long lost() {
    return lost.get();
  }

  private void run() {
    @Nullable Running running = null;
    long metricsNanos = System.nanoTime();
    try {
      while (!ending || !waiting.isEmpty()) {
        var now = wanted;
        if (running != null && !running.telemetry.equals(now.telemetry)) {
          running.close();
          running = null;
        }
        if (running == null && now.telemetry.on()) {
          running = open(now.telemetry);
        }
        var batch = next(running == null ? IDLE_MILLIS : LOOK_MILLIS);
        if (batch != null) {
          send(batch, running, now.templates);
        }
        var every = now.telemetry.metricsEvery();
        if (running != null
            && !every.isZero()
            && System.nanoTime() - metricsNanos >= every.toNanos()) {
          metricsNanos = System.nanoTime();
          sendMetrics(running);
        }
      }
    } catch (InterruptedException e) {
      // It is over.
    }
    if (running != null) {
      running.close();
    }
  }

  private static Running open(Telemetry telemetry) {
    var base = String.valueOf(telemetry.endpoint()).replaceAll("/+$", "");
    var spans = OtlpHttpSpanExporter.builder().setEndpoint(base + "/v1/traces");
    var metrics = OtlpHttpMetricExporter.builder().setEndpoint(base + "/v1/metrics");
    telemetry
        .headers()
        .forEach((name, value) -> {
          spans.addHeader(name, value);
          metrics.addHeader(name, value);
        });
    var resource =
        Resource.getDefault().toBuilder().put("service.name", telemetry.service()).build();
    return new Running(telemetry, spans.build(), metrics.build(), resource);
  }

  private void send(Batch batch, @Nullable Running running, Map<String, String> templates) {
    var spans = new ArrayList<SpanData>();
    long calls = 0;
    if (running != null) {
      var make = new Spans(running.resource, (api, route) -> templates.get(api + ' ' + route));
      for (int row = 0; row < batch.rows(); row++) {
        int at = batch.offset(row);
        if ((batch.bytes()[at + Row.FLAGS] & Row.SAMPLED) != 0) {
          make.of(new RowReader(batch.bytes(), at, batch.names()).entry(), spans);
          calls++;
        }
        if (spans.size() >= SPANS_MAX) {
          export(running, spans, calls);
          spans = new ArrayList<>();
          calls = 0;
        }
      }
    }
    batches.release(batch);
    if (running != null && !spans.isEmpty()) {
      export(running, spans, calls);
    }
  }

  private void export(Running running, List<SpanData> spans, long calls) {
    (done(running.spans.export(spans)) ? sent : lost).addAndGet(calls);
  }

  private void sendMetrics(Running running) {
    long now = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
    var all = new Measures(running.resource, startNanos).of(metrics.get(), now);
    // What fails comes again with the next counts, which run since the start.
    done(running.metrics.export(all));
  }

  private static boolean done(CompletableResultCode result) {
    return result.join(SEND_MILLIS, TimeUnit.MILLISECONDS).isSuccess();
  }

  /// Sends what waits, three seconds at most.
  @Override
  public void close() {
    ending = true;
    news.release();
    try {
      thread.join(END_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    thread.interrupt();
  }
}
