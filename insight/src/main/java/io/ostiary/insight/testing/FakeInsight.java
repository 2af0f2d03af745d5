package io.ostiary.insight.testing;

import io.ostiary.insight.CallFilter;
import io.ostiary.insight.CallLine;
import io.ostiary.insight.CallPage;
import io.ostiary.insight.CallSample;
import io.ostiary.insight.Calls;
import io.ostiary.insight.Feed;
import io.ostiary.insight.History;
import io.ostiary.insight.HistoryUnavailableException;
import io.ostiary.insight.InsightStatus;
import io.ostiary.insight.InsightView;
import io.ostiary.insight.Latency;
import io.ostiary.insight.LiveTick;
import io.ostiary.insight.LiveView;
import io.ostiary.insight.Point;
import io.ostiary.insight.explain.Explanation;
import io.ostiary.model.CallId;
import io.ostiary.model.LedgerEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The insight room as a list of entries that a test writes: lists, filters and explains them as
/// the real one does; summaries and ticks are what the test sets. Safe for all threads.
public final class FakeInsight implements InsightView, LiveView, Calls, History {
  private final List<LedgerEntry> entries = new CopyOnWriteArrayList<>();
  private final List<FakeFeed<LiveTick>> tickFeeds = new CopyOnWriteArrayList<>();
  private final List<FilteredFeed> callFeeds = new CopyOnWriteArrayList<>();
  private volatile List<Row> rows = List.of();
  private volatile List<Step> steps = List.of();
  private volatile @Nullable String unavailable;
  private volatile LiveTick tick = emptyTick(Instant.EPOCH);

  private record FilteredFeed(CallFilter filter, FakeFeed<CallSample> feed) {}

  /// Adds a call, and hands it to the feeds that it matches.
  public void add(LedgerEntry entry) {
    entries.add(entry);
    for (var each : callFeeds) {
      if (each.filter().matches(entry)) {
        each.feed().offer(new CallSample(List.of(CallLine.of(entry)), 1, 0));
      }
    }
  }

  /// The next tick, handed to the open feeds.
  public void tick(LiveTick next) {
    tick = next;
    tickFeeds.forEach(feed -> feed.offer(next));
  }

  public void rows(List<Row> answer) {
    rows = List.copyOf(answer);
  }

  public void steps(List<Step> answer) {
    steps = List.copyOf(answer);
  }

  /// Makes every question to the store fail with this sentence; null: they work again.
  public void unavailable(@Nullable String sentence) {
    unavailable = sentence;
  }

  /// How many feeds are open, so that a test sees whether they are closed.
  public int feeds() {
    return tickFeeds.size() + callFeeds.size();
  }

  public static LiveTick emptyTick(Instant at) {
    var none = List.<LiveTick.Group>of();
    return new LiveTick(
        at,
        new Point(at, 1, 0, 0, List.of(), Latency.NONE, 0, 0, 0, 0, 0, 0, 0, List.of()),
        0,
        none,
        none,
        none,
        none,
        List.of(),
        none,
        List.of(),
        List.of(),
        List.of(),
        status(0));
  }

  @Override
  public LiveView live() {
    return this;
  }

  @Override
  public Calls calls() {
    return this;
  }

  @Override
  public History history() {
    return this;
  }

  @Override
  public InsightStatus status() {
    return status(entries.size());
  }

  @Override
  public String metrics() {
    return "# TYPE ostiary_fake gauge\nostiary_fake 1\n";
  }

  @Override
  public Optional<Explanation> explain(long call) {
    return find(call).map(Explanation::of);
  }

  @Override
  public Optional<LedgerEntry> find(long call) {
    check();
    return entries.stream().filter(entry -> entry.call() == call).findFirst();
  }

  @Override
  public CallPage page(CallFilter filter, @Nullable String before, int limit) {
    check();
    long cursor = before == null ? Long.MAX_VALUE : CallId.parse(before);
    var matching =
        entries.stream()
            .filter(entry -> entry.call() < cursor && filter.matches(entry))
            .sorted(Comparator.comparingLong(LedgerEntry::call).reversed())
            .limit(limit + 1L)
            .map(CallLine::of)
            .toList();
    if (matching.size() <= limit) {
      return new CallPage(matching, null);
    }
    return new CallPage(matching.subList(0, limit), matching.get(limit - 1).id());
  }

  @Override
  public List<Row> summary(CallFilter filter, List<By> by, int limit) {
    check();
    return rows.subList(0, Math.min(limit, rows.size()));
  }

  @Override
  public List<Step> steps(CallFilter filter, Duration step) {
    check();
    return steps;
  }

  @Override
  public LiveTick latest() {
    return tick;
  }

  @Override
  public List<Point> series(Duration span) {
    return new ArrayList<>(List.of(tick.point()));
  }

  @Override
  public Feed<LiveTick> ticks() {
    var feed = new FakeFeed<LiveTick>(() -> {});
    tickFeeds.add(feed);
    feed.onClose = () -> tickFeeds.remove(feed);
    return feed;
  }

  @Override
  public Feed<CallSample> calls(CallFilter filter, int limit) {
    var feed = new FakeFeed<CallSample>(() -> {});
    var entry = new FilteredFeed(filter, feed);
    callFeeds.add(entry);
    feed.onClose = () -> callFeeds.remove(entry);
    return feed;
  }

  private void check() {
    var sentence = unavailable;
    if (sentence != null) {
      throw new HistoryUnavailableException(sentence);
    }
  }

  private static InsightStatus status(long calls) {
    return new InsightStatus(
        calls,
        0,
        0,
        new InsightStatus.Store(
            InsightStatus.State.RUNNING, "The history is kept.", calls, 0, 0, 0, null));
  }

  private static final class FakeFeed<T> implements Feed<T> {
    private final LinkedBlockingQueue<T> values = new LinkedBlockingQueue<>(1000);
    private volatile Runnable onClose;
    private volatile boolean closed;

    FakeFeed(Runnable onClose) {
      this.onClose = onClose;
    }

    void offer(T value) {
      if (!values.offer(value)) {
        throw new IllegalStateException("fake feed: 1000 values wait (expected: a reader)");
      }
    }

    @Override
    public @Nullable T next(Duration limit) throws InterruptedException {
      return closed ? null : values.poll(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public boolean closed() {
      return closed;
    }

    @Override
    public void close() {
      closed = true;
      onClose.run();
    }
  }
}
