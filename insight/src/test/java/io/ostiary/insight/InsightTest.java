package io.ostiary.insight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.insight.testing.SlotFixture;
import io.ostiary.model.Cidr;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.LedgerRing;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.PacketView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class InsightTest {
  private static final PacketView NO_PACKETS =
      PacketView.none(new KernelStatus(false, "off", "6", null, false, 0, List.of(), List.of()));

  private final LedgerRing ring = new LedgerRing(4096);
  private final SlotFixture fixture = new SlotFixture(2, 3);
  @TempDir Path data;
  private Insight insight;

  @AfterEach
  void close() {
    if (insight != null) {
      insight.close();
    }
  }

  @Test
  void explainsACallRightAfterItEndedAndAfterARestart() throws Exception {
    open(InsightSettings.DEFAULT);
    long call = answered(4_000);
    await(() -> insight.calls().find(call).isPresent());
    assertThat(insight.explain(call).orElseThrow().sentence()).contains("in upstream orders");
    insight.close();
    open(InsightSettings.DEFAULT);
    await(() -> insight.status().store().state() == InsightStatus.State.RUNNING);
    assertThat(insight.calls().find(call)).isPresent();
    assertThat(insight.status().store().rows()).isEqualTo(1);
  }

  @Test
  void listsCallsByPagesAndFilters() throws Exception {
    open(InsightSettings.DEFAULT);
    mixed(300);
    var first = insight.calls().page(CallFilter.ALL, null, 200);
    assertThat(first.calls()).hasSize(200);
    assertThat(first.next()).isEqualTo(first.calls().getLast().id());
    var second = insight.calls().page(CallFilter.ALL, first.next(), 200);
    assertThat(second.calls()).hasSize(100);
    assertThat(second.next()).isNull();
    assertThat(second.calls().getFirst().id()).isLessThan(first.calls().getLast().id());
    assertThat(page(CallFilter.ALL.withStatus("429"))).isEqualTo(100);
    assertThat(page(CallFilter.ALL.withStatus("5xx"))).isEqualTo(100);
    assertThat(page(CallFilter.ALL.withApi("api0"))).isEqualTo(150);
    assertThat(page(CallFilter.ALL.withApi("nobody"))).isZero();
    assertThat(page(source("198.18.0.0/24"))).isEqualTo(300);
    assertThat(page(source("198.18.0.128/25"))).isBetween(1, 299);
    assertThat(page(source("2001:db8::/32"))).isZero();
  }

  @Test
  void listsWhatCameAfterTheFirstPageWasAskedFor() throws Exception {
    open(InsightSettings.DEFAULT);
    mixed(30);
    assertThat(page(CallFilter.ALL)).isEqualTo(30);
    answered(1_000);
    await(() -> page(CallFilter.ALL) == 31);
  }

  @Test
  void sumsByApiAndConsumer() throws Exception {
    open(InsightSettings.DEFAULT);
    mixed(300);
    var rows = insight.history().summary(CallFilter.ALL, List.of(History.By.API), 10);
    assertThat(rows).extracting(row -> row.keys().getFirst()).containsOnly("api0", "api1");
    var sums = rows.getFirst().sums();
    assertThat(sums.calls()).isEqualTo(150);
    assertThat(sums.errors()).isEqualTo(50);
    assertThat(sums.refused()).isEqualTo(50);
    assertThat(sums.latency().p99Micros()).isEqualTo(4_000);
    var statuses =
        insight.history().summary(CallFilter.ALL, List.of(History.By.STATUS, History.By.BLAME), 10);
    assertThat(statuses)
        .extracting(History.Row::keys)
        .containsExactlyInAnyOrder(
            List.of("200", "none"), List.of("429", "policy"), List.of("502", "upstream"));
    var all = insight.history().summary(CallFilter.ALL, List.of(), 1);
    assertThat(all.getFirst().sums().calls()).isEqualTo(300);
    var steps = insight.history().steps(CallFilter.ALL, Duration.ofMinutes(1));
    assertThat(steps.stream().mapToLong(step -> step.sums().calls()).sum()).isEqualTo(300);
  }

  @Test
  void dropsWhatIsOlderThanTheRetention() throws Exception {
    open(InsightSettings.DEFAULT);
    await(() -> insight.status().store().state() == InsightStatus.State.RUNNING);
    LedgerSlot slot = ring.claim();
    long eightDaysAgo = System.currentTimeMillis() - Duration.ofDays(8).toMillis();
    fixture.answered(slot, eightDaysAgo, System.nanoTime(), 1_000);
    long old = slot.callId;
    ring.publish();
    await(() -> insight.status().store().rows() == 1);
    assertThat(page(CallFilter.ALL)).isEqualTo(1);
    insight.close();
    open(InsightSettings.DEFAULT);
    await(() -> insight.status().store().state() == InsightStatus.State.RUNNING);
    await(() -> insight.status().store().rows() == 0);
    long fresh = answered(1_000);
    await(() -> insight.status().store().rows() == 1);
    assertThat(insight.calls().find(old)).isEmpty();
    assertThat(insight.calls().page(CallFilter.ALL, null, 10).calls())
        .extracting(CallLine::id)
        .containsExactly(io.ostiary.model.CallId.text(fresh));
  }

  @Test
  void makesADamagedIndexAnew() throws Exception {
    open(InsightSettings.DEFAULT);
    mixed(30);
    assertThat(calls(CallFilter.ALL)).isEqualTo(30);
    insight.close();
    Files.writeString(data.resolve("history/sums-2.duckdb"), "not a database".repeat(1000));
    open(InsightSettings.DEFAULT);
    await(() -> insight.status().store().state() == InsightStatus.State.RUNNING);
    assertThat(calls(CallFilter.ALL)).isEqualTo(30);
    try (var files = Files.list(data.resolve("history"))) {
      assertThat(files).anyMatch(file -> file.getFileName().toString().contains("damaged"));
    }
  }

  @Test
  void passesOverWhatACrashLeftAtTheEndOfASegment() throws Exception {
    open(InsightSettings.DEFAULT);
    long call = answered(1_000);
    await(() -> insight.calls().find(call).isPresent());
    insight.close();
    try (var files = Files.newDirectoryStream(data.resolve("history"), "*.calls")) {
      for (var file : files) {
        var bytes = Files.readAllBytes(file);
        var torn = java.util.Arrays.copyOf(bytes, bytes.length + bytes.length / 2);
        System.arraycopy(bytes, 0, torn, bytes.length, bytes.length / 2);
        Files.write(file, torn);
      }
    }
    open(InsightSettings.DEFAULT);
    await(() -> insight.status().store().state() == InsightStatus.State.RUNNING);
    assertThat(page(CallFilter.ALL)).isEqualTo(1);
    assertThat(insight.calls().find(call)).isPresent();
  }

  @Test
  void goesOnLiveWhenTheDiskFailsAndRecovers() throws Exception {
    Files.writeString(data.resolve("history"), "a file where the directory should be");
    open(InsightSettings.DEFAULT);
    long call = answered(1_000);
    await(() -> insight.calls().find(call).isPresent());
    await(() -> insight.status().store().state() == InsightStatus.State.FAILING);
    assertThat(insight.status().store().sentence()).contains("cannot be opened");
    assertThatThrownBy(() -> page(CallFilter.ALL))
        .isInstanceOf(HistoryUnavailableException.class)
        .hasMessageContaining("cannot be opened");
    Files.delete(data.resolve("history"));
    await(() -> insight.status().store().state() == InsightStatus.State.RUNNING);
    await(() -> insight.status().store().waiting() == 0);
    assertThat(page(CallFilter.ALL)).isEqualTo(1);
  }

  @Test
  void refusesADirectoryThatAnotherUses() throws Exception {
    open(InsightSettings.DEFAULT);
    await(() -> insight.status().store().state() == InsightStatus.State.RUNNING);
    try (var second = make(InsightSettings.DEFAULT)) {
      second.start();
      await(() -> second.status().store().state() == InsightStatus.State.FAILING);
      assertThat(second.status().store().sentence()).contains("another process uses it");
    }
  }

  @Test
  void listsWhatIsInMemoryWithoutAHistory() throws Exception {
    open(InsightSettings.DEFAULT.withoutHistory());
    long call = answered(1_000);
    await(() -> insight.calls().find(call).isPresent());
    assertThat(page(CallFilter.ALL.withApi("api1"))).isEqualTo(1);
    assertThat(page(CallFilter.ALL.withApi("api0"))).isZero();
    assertThat(data.resolve("history")).doesNotExist();
    assertThatThrownBy(() -> insight.history().summary(CallFilter.ALL, List.of(), 1))
        .isInstanceOf(HistoryUnavailableException.class);
  }

  @Test
  void feedsTicksAndSamples() throws Exception {
    open(InsightSettings.DEFAULT.withoutHistory());
    try (var ticks = insight.live().ticks();
        var calls = insight.live().calls(CallFilter.ALL.withStatus("429"), 2)) {
      mixedNow(30);
      var sample = calls.next(Duration.ofSeconds(5));
      assertThat(sample).isNotNull();
      assertThat(sample.matched()).isEqualTo(10);
      assertThat(sample.calls()).hasSize(2).allMatch(line -> line.status() == 429);
      assertThat(sample.leftOut()).isEqualTo(8);
      long seen = 0;
      for (int i = 0; i < 5 && seen < 30; i++) {
        var tick = ticks.next(Duration.ofSeconds(5));
        assertThat(tick).isNotNull();
        seen = tick.apis().stream().mapToLong(LiveTick.Group::calls).sum();
      }
      assertThat(seen).isEqualTo(30);
    }
    assertThat(insight.live().series(Duration.ofMinutes(15))).isNotEmpty();
  }

  @Test
  void boundsTheFeeds() throws Exception {
    open(InsightSettings.DEFAULT.withoutHistory());
    for (int i = 0; i < LiveView.FEEDS_MAX; i++) {
      assertThat(insight.live().ticks().closed()).isFalse();
    }
    assertThatThrownBy(() -> insight.live().ticks())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("live feeds: 65");
  }

  @Test
  void showsMetrics() throws Exception {
    open(InsightSettings.DEFAULT.withoutHistory());
    mixedNow(30);
    await(() -> insight.status().calls() == 30);
    assertThat(insight.metrics())
        .contains("ostiary_calls_total{api=\"api0\",blame=\"none\",status=\"2xx\"} 5.0")
        .contains("ostiary_refusals_total{policy=\"rate-limit\"} 10.0")
        .contains("ostiary_call_duration_seconds_bucket{api=\"api0\",le=\"0.005\"}")
        .contains("ostiary_ledger_lost_total 0.0", "ostiary_kernel_running 0.0")
        .doesNotContain("consumer");
  }

  private static CallFilter source(String block) {
    return new CallFilter(
        null, null, null, null, null, null, null, Cidr.parse(block), null, null, null);
  }

  private int page(CallFilter filter) {
    return insight.calls().page(filter, null, 500).calls().size();
  }

  private long calls(CallFilter filter) {
    return insight.history().summary(filter, List.of(), 1).stream()
        .mapToLong(row -> row.sums().calls())
        .sum();
  }

  @Test
  void tellsTheSameFromSumsAndFromSingleCalls() throws Exception {
    open(InsightSettings.DEFAULT);
    await(() -> insight.status().store().state() == InsightStatus.State.RUNNING);
    long now = System.currentTimeMillis() / 60_000 * 60_000;
    for (int i = 0; i < 300; i++) {
      fixture.answered(ring.claim(), now - i * 1000L, System.nanoTime(), 1_000 + i);
      ring.publish();
    }
    await(() -> insight.status().store().rows() == 300);
    var window = CallFilter.ALL.withWindow(millis(now - 205_000), millis(now - 3_500));
    assertThat(calls(window)).isEqualTo(202);
    assertThat(calls(window.withConsumer("consumer1"))).isBetween(66L, 68L);
    assertThat(calls(CallFilter.ALL.withWindow(millis(now - 7_000), millis(now - 3_000))))
        .isEqualTo(4);
    var both = List.of(History.By.ROUTE, History.By.CONSUMER);
    var rows = insight.history().summary(window, both, 10);
    assertThat(rows).hasSize(3).allMatch(row -> "get-order".equals(row.keys().getFirst()));
    assertThat(rows.stream().mapToLong(row -> row.sums().calls()).sum()).isEqualTo(202);
    for (int seconds : new int[] {1, 10, 60}) {
      var steps = insight.history().steps(window, Duration.ofSeconds(seconds));
      assertThat(steps.stream().mapToLong(step -> step.sums().calls()).sum()).isEqualTo(202);
    }
    var p99 = insight.history().summary(CallFilter.ALL, List.of(), 1).getFirst().sums().latency();
    assertThat(p99.p99Micros()).isBetween(1_250L, 1_299L);
    assertThat(p99.maxMicros()).isEqualTo(1_299);
  }

  @Test
  void sumsEachCallOnceAlsoOverRestarts() throws Exception {
    for (int round = 1; round <= 3; round++) {
      open(InsightSettings.DEFAULT);
      int expected = round * 30;
      await(() -> insight.status().store().rows() == expected - 30);
      if (round == 2) {
        assertThat(calls(CallFilter.ALL)).isEqualTo(30);
      }
      mixedNow(30);
      await(() -> insight.status().store().rows() == expected);
      assertThat(calls(CallFilter.ALL)).isEqualTo(expected);
      assertThat(calls(CallFilter.ALL)).isEqualTo(expected);
      insight.close();
    }
  }

  private static java.time.Instant millis(long epochMillis) {
    return java.time.Instant.ofEpochMilli(epochMillis);
  }

  private void open(InsightSettings settings) {
    insight = make(settings);
    insight.start();
  }

  private Insight make(InsightSettings settings) {
    return new Insight(
        () -> List.of(ring),
        NO_PACKETS,
        ConnectionLens.NONE,
        index -> new NetworkPlace("veth" + index, "passed"),
        Clock.systemUTC(),
        data,
        settings);
  }

  private long answered(long micros) {
    LedgerSlot slot = ring.claim();
    fixture.answered(slot, System.currentTimeMillis(), System.nanoTime(), micros);
    long call = slot.callId;
    ring.publish();
    return call;
  }

  /// A third each answered, refused and failed; waits until all are sealed.
  private void mixed(int count) throws IOException, InterruptedException {
    await(() -> insight.status().store().state() == InsightStatus.State.RUNNING);
    mixedNow(count);
    await(() -> insight.status().store().rows() == count);
  }

  private void mixedNow(int count) {
    long millis = System.currentTimeMillis();
    for (int i = 0; i < count; i++) {
      var slot = ring.claim();
      switch (i % 3) {
        case 0 -> fixture.answered(slot, millis, System.nanoTime(), 4_000);
        case 1 -> fixture.refused(slot, millis, System.nanoTime(), "rate-limit");
        default -> fixture.failed(slot, millis, System.nanoTime(), "connect-refused");
      }
      ring.publish();
    }
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("within ten seconds").isLessThan(deadline);
      Thread.sleep(10);
    }
  }
}
