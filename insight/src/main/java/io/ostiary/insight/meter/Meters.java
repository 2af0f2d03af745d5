package io.ostiary.insight.meter;

import io.ostiary.insight.InsightStatus;
import io.ostiary.model.Api;
import io.ostiary.model.Blame;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.LedgerSlot;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The Prometheus metrics. Calls are counted by the ledger reader alone, through children that are
/// looked up once for each API; all else is asked when somebody scrapes. Labels are bounded: 200
/// APIs, six status classes, six kinds of blame; never a consumer or an address.
public final class Meters {
  private static final int APIS_MAX = 200;
  private static final int REASONS_MAX = 200;
  private static final int KNOWN_MAX = 2000;
  private static final String[] CLASSES = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  private static final int BLAMES = Blame.values().length;

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer =
      PrometheusTextFormatWriter.builder().setIncludeCreatedTimestamps(false).build();
  private final Counter calls =
      Counter.builder()
          .name("ostiary_calls_total")
          .help("Calls that ended, by API, status class and who is to blame.")
          .labelNames("api", "status", "blame")
          .register(registry);
  private final Counter refusals =
      Counter.builder()
          .name("ostiary_refusals_total")
          .help("Calls refused by a policy.")
          .labelNames("policy")
          .register(registry);
  private final Counter requestBytes =
      Counter.builder()
          .name("ostiary_request_bytes_total")
          .help("Bytes of HTTP received from clients.")
          .labelNames("api")
          .register(registry);
  private final Counter responseBytes =
      Counter.builder()
          .name("ostiary_response_bytes_total")
          .help("Bytes of HTTP sent to clients.")
          .labelNames("api")
          .register(registry);
  private final Histogram durations =
      Histogram.builder()
          .name("ostiary_call_duration_seconds")
          .help("From the first byte of a request to the end of its call.")
          .labelNames("api")
          .classicOnly()
          .classicUpperBounds(
              0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
          .register(registry);
  private final IdentityHashMap<Api, ApiMeters> byApi = new IdentityHashMap<>();
  private final Set<String> apiNames = new HashSet<>();
  private final Set<String> policyNames = new HashSet<>();
  private @Nullable ApiMeters noApi;

  /// @param kernel the kernel's counters as they were sampled last
  public Meters(Supplier<InsightStatus> status, Supplier<KernelStatus> kernel) {
    ledger(status);
    store(status);
    kernel(kernel);
    process();
  }

  private final class ApiMeters {
    private final String name;
    private final CounterDataPoint[] byEnding = new CounterDataPoint[CLASSES.length * BLAMES];
    private final CounterDataPoint in;
    private final CounterDataPoint out;
    private final DistributionDataPoint duration;

    ApiMeters(String name) {
      this.name = name;
      in = requestBytes.labelValues(name);
      out = responseBytes.labelValues(name);
      duration = durations.labelValues(name);
    }

    void add(LedgerSlot slot) {
      int status = slot.status < 100 || slot.status > 599 ? 0 : slot.status / 100;
      ending(status, slot.blame).inc();
      in.inc(slot.requestBytes);
      out.inc(slot.responseBytes);
      duration.observe(Math.max(0, slot.endNanos - slot.firstByteNanos) / 1e9);
    }

    private CounterDataPoint ending(int status, Blame blame) {
      int at = status * BLAMES + io.ostiary.insight.ledger.Row.code(blame);
      var known = byEnding[at];
      if (known == null) {
        known = calls.labelValues(name, CLASSES[status], blame.name().toLowerCase(Locale.ROOT));
        byEnding[at] = known;
      }
      return known;
    }
  }

  /// Counts one call. Ledger reader only.
  public void add(LedgerSlot slot) {
    var api = slot.api;
    (api == null ? withoutApi() : of(api)).add(slot);
    if (slot.blame == Blame.POLICY) {
      refusals.labelValues(bounded(policyNames, slot.reason, REASONS_MAX)).inc();
    }
  }

  private ApiMeters withoutApi() {
    if (noApi == null) {
      noApi = new ApiMeters("");
    }
    return noApi;
  }

  private ApiMeters of(Api api) {
    var known = byApi.get(api);
    if (known != null) {
      return known;
    }
    if (byApi.size() >= KNOWN_MAX) {
      byApi.clear();
    }
    var made = new ApiMeters(bounded(apiNames, api.name(), APIS_MAX));
    byApi.put(api, made);
    return made;
  }

  private static String bounded(Set<String> seen, String name, int max) {
    if (seen.contains(name)) {
      return name;
    }
    if (seen.size() >= max) {
      return "(other)";
    }
    seen.add(name);
    return name;
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
