package io.ostiary.insight.meter;

import io.ostiary.insight.InsightStatus;
import io.ostiary.insight.log.AccessLogs;
import io.ostiary.model.Blame;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.LedgerSlot;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The Prometheus metrics. Calls are counted by the ledger reader alone, through children that are
/// looked up once for each API; all else is asked when somebody scrapes. Labels are bounded: 200
/// APIs, six status classes, six kinds of blame; never a consumer or an address.
public final class Meters {
  private static final int APIS_MAX = 200;
  private static final int REASONS_MAX = 200;
  private static final int KNOWN_MAX = 2000;
  private static final String OTHER = "(other)";
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer =
      PrometheusTextFormatWriter.builder().setIncludeCreatedTimestamps(false).build();

  /// By the very text, which costs no hashing. By its API it would keep every version there was.
  private final IdentityHashMap<String, ApiMeters> byName = new IdentityHashMap<>();

  private final Map<String, ApiMeters> apis = new ConcurrentSkipListMap<>();
  private final Counter refusals =
      Counter.builder()
          .name("ostiary_refusals_total")
          .help("Calls refused by a policy.")
          .labelNames("policy")
          .withoutExemplars()
          .register(registry);
  private final Map<String, CounterDataPoint> refusalsOf = new HashMap<>();
  private @Nullable ApiMeters noApi;
  private @Nullable String lastName;
  private @Nullable ApiMeters last;

  /// @param kernel the kernel's counters as they were sampled last
  /// @param drops packets that the kernel threw away behind the shield, by its reasons
  public Meters(
      Supplier<InsightStatus> status,
      Supplier<KernelStatus> kernel,
      Supplier<Map<String, Long>> drops,
      AccessLogs logs) {
    calls();
    logs(logs);
    ledger(status);
    store(status);
    kernel(kernel);
    CounterWithCallback.builder()
        .name("ostiary_kernel_socket_drops_total")
        .help("Packets for our ports that the kernel threw away behind the shield.")
        .labelNames("reason")
        .callback(callback ->
            drops.get().forEach((reason, packets) -> callback.call((double) packets, reason)))
        .register(registry);
    process();
  }

  /// Counts one call. Ledger reader only.
  public void add(LedgerSlot slot) {
    var api = slot.api;
    (api == null ? withoutApi() : of(api.name())).add(slot);
    if (slot.blame == Blame.POLICY) {
      refused(slot.reason).inc();
    }
  }

  private CounterDataPoint refused(String policy) {
    var known = refusalsOf.get(policy);
    if (known != null) {
      return known;
    }
    if (refusalsOf.size() >= REASONS_MAX) {
      return refusals.labelValues(OTHER);
    }
    var made = refusals.labelValues(policy);
    refusalsOf.put(policy, made);
    return made;
  }

  private ApiMeters withoutApi() {
    if (noApi == null) {
      noApi = named("");
    }
    return noApi;
  }

  @SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
  private ApiMeters of(String name) {
    var known = name == lastName && last != null ? last : byName.get(name);
    if (known != null) {
      lastName = name;
      last = known;
      return known;
    }
    if (byName.size() >= KNOWN_MAX) {
      byName.clear();
    }
    var made = named(name);
    byName.put(name, made);
    return made;
  }

  /// After a reload another text may stand for the same API; its calls go on in the same counts.
  private ApiMeters named(String name) {
    boolean room = apis.size() < APIS_MAX || apis.containsKey(name);
    return apis.computeIfAbsent(room ? name : OTHER, ApiMeters::new);
  }

  private void calls() {
    CounterWithCallback.builder()
        .name("ostiary_calls_total")
        .help("Calls that ended, by API, status class and who is to blame.")
        .labelNames("api", "status", "blame")
        .callback(callback -> apis.values().forEach(api -> api.calls(callback)))
        .register(registry);
    CounterWithCallback.builder()
        .name("ostiary_request_bytes_total")
        .help("Bytes of HTTP received from clients.")
        .labelNames("api")
        .callback(callback -> apis.values().forEach(api -> api.requestBytes(callback)))
        .register(registry);
    CounterWithCallback.builder()
        .name("ostiary_response_bytes_total")
        .help("Bytes of HTTP sent to clients.")
        .labelNames("api")
        .callback(callback -> apis.values().forEach(api -> api.responseBytes(callback)))
        .register(registry);
    CounterWithCallback.builder()
        .name("ostiary_call_packets_total")
        .help("Packets of calls on their clients' connections, as the kernel counted them.")
        .labelNames("api", "direction")
        .callback(callback -> apis.values().forEach(api -> api.packets(callback)))
        .register(registry);
    CounterWithCallback.builder()
        .name("ostiary_call_resent_total")
        .help("Segments of calls that the client or the gateway had to send again.")
        .labelNames("api")
        .callback(callback -> apis.values().forEach(api -> api.resent(callback)))
        .register(registry);
    registry.register(this::durations);
  }

  private MetricSnapshot durations() {
    var snapshot =
        HistogramSnapshot.builder()
            .name("ostiary_call_duration_seconds")
            .help("From the first byte of a request to the end of its call.");
    apis.values().forEach(api -> snapshot.dataPoint(api.durations()));
    return snapshot.build();
  }

  private void ledger(Supplier<InsightStatus> status) {
    CounterWithCallback.builder()
        .name("ostiary_ledger_lines_total")
        .help("Ledger lines read.")
        .callback(callback -> callback.call((double) status.get().calls()))
        .register(registry);
    CounterWithCallback.builder()
        .name("ostiary_ledger_lost_total")
        .help("Ledger lines refused because the reader was behind.")
        .callback(callback -> callback.call((double) status.get().lost()))
        .register(registry);
    GaugeWithCallback.builder()
        .name("ostiary_ledger_lag_seconds")
        .help("Age of the oldest ledger line when it was read, in the last second.")
        .callback(callback -> callback.call(status.get().lagMillis() / 1e3))
        .register(registry);
  }

  private void store(Supplier<InsightStatus> status) {
    GaugeWithCallback.builder()
        .name("ostiary_history_running")
        .help("1 while calls are kept on disk, else 0.")
        .callback(callback ->
            callback.call(status.get().store().state() == InsightStatus.State.RUNNING ? 1 : 0))
        .register(registry);
    GaugeWithCallback.builder()
        .name("ostiary_history_rows")
        .help("Calls kept on disk.")
        .callback(callback -> callback.call((double) status.get().store().rows()))
        .register(registry);
    GaugeWithCallback.builder()
        .name("ostiary_history_bytes")
        .help("Bytes of the journal on disk.")
        .callback(callback -> callback.call((double) status.get().store().bytes()))
        .register(registry);
    CounterWithCallback.builder()
        .name("ostiary_history_lost_total")
        .help("Calls that never reached the disk because it failed for too long.")
        .callback(callback -> callback.call((double) status.get().store().lost()))
        .register(registry);
  }

  private void kernel(Supplier<KernelStatus> kernel) {
    GaugeWithCallback.builder()
        .name("ostiary_kernel_running")
        .help("1 while the kernel side runs, else 0.")
        .callback(callback -> callback.call(kernel.get().running() ? 1 : 0))
        .register(registry);
    CounterWithCallback.builder()
        .name("ostiary_kernel_passed_packets_total")
        .help("Packets that the shield let pass.")
        .labelNames("interface")
        .callback(callback ->
            kernel
                .get()
                .interfaces()
                .forEach(i -> callback.call((double) i.counters().passedPackets(), i.name())))
        .register(registry);
    CounterWithCallback.builder()
        .name("ostiary_kernel_passed_bytes_total")
        .help("Bytes that the shield let pass.")
        .labelNames("interface")
        .callback(callback ->
            kernel
                .get()
                .interfaces()
                .forEach(i -> callback.call((double) i.counters().passedBytes(), i.name())))
        .register(registry);
    CounterWithCallback.builder()
        .name("ostiary_kernel_dropped_packets_total")
        .help("Packets that the shield dropped, by reason.")
        .labelNames("interface", "reason")
        .callback(callback ->
            kernel
                .get()
                .interfaces()
                .forEach(i ->
                    i.counters()
                        .drops()
                        .forEach(d -> callback.call((double) d.packets(), i.name(), d.reason()))))
        .register(registry);
  }

  private void logs(AccessLogs logs) {
    CounterWithCallback.builder()
        .name("ostiary_access_log_lines_total")
        .help("Lines written to an access log.")
        .labelNames("log")
        .callback(
            callback -> logs.written().forEach((log, lines) -> callback.call((double) lines, log)))
        .register(registry);
    CounterWithCallback.builder()
        .name("ostiary_access_log_lost_total")
        .help("Lines that an access log lost, because its destination was slow or gone.")
        .labelNames("log")
        .callback(
            callback -> logs.lost().forEach((log, lines) -> callback.call((double) lines, log)))
        .register(registry);
  }

  private void process() {
    var memory = ManagementFactory.getMemoryMXBean();
    var threads = ManagementFactory.getThreadMXBean();
    GaugeWithCallback.builder()
        .name("ostiary_jvm_heap_bytes")
        .help("Java heap in use.")
        .callback(callback -> callback.call((double) memory.getHeapMemoryUsage().getUsed()))
        .register(registry);
    GaugeWithCallback.builder()
        .name("ostiary_jvm_threads")
        .help("Platform threads.")
        .callback(callback -> callback.call(threads.getThreadCount()))
        .register(registry);
    CounterWithCallback.builder()
        .name("ostiary_jvm_gc_seconds_total")
        .help("Time spent collecting garbage.")
        .labelNames("collector")
        .callback(callback ->
            ManagementFactory.getGarbageCollectorMXBeans()
                .forEach(gc -> callback.call(gc.getCollectionTime() / 1e3, gc.getName())))
        .register(registry);
    CounterWithCallback.builder()
        .name("ostiary_process_cpu_seconds_total")
        .help("CPU time of the process.")
        .callback(callback -> {
          if (ManagementFactory.getOperatingSystemMXBean()
              instanceof com.sun.management.OperatingSystemMXBean os) {
            callback.call(Math.max(0, os.getProcessCpuTime()) / 1e9);
          }
        })
        .register(registry);
  }

  /// @param sent calls whose spans a collector took
  /// @param lost calls whose spans it did not
  public void spans(LongSupplier sent, LongSupplier lost) {
    CounterWithCallback.builder()
        .name("ostiary_spans_calls_total")
        .help("Calls whose spans a collector has taken.")
        .callback(callback -> callback.call((double) sent.getAsLong()))
        .register(registry);
    CounterWithCallback.builder()
        .name("ostiary_spans_lost_total")
        .help("Calls whose spans were lost, because the collector was slow or gone.")
        .callback(callback -> callback.call((double) lost.getAsLong()))
        .register(registry);
  }

  /// All of them at this moment.
  public MetricSnapshots scrape() {
    return registry.scrape();
  }

  /// Prometheus text format 0.0.4.
  public String text() {
    var out = new ByteArrayOutputStream();
    try {
      writer.write(out, registry.scrape());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toString(StandardCharsets.UTF_8);
  }
}
