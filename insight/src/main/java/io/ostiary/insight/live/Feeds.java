package io.ostiary.insight.live;

import io.ostiary.insight.CallFilter;
import io.ostiary.insight.CallLine;
import io.ostiary.insight.CallSample;
import io.ostiary.insight.Feed;
import io.ostiary.insight.LiveTick;
import io.ostiary.insight.LiveView;
import io.ostiary.insight.ledger.Batch;
import io.ostiary.insight.ledger.RowFilter;
import io.ostiary.insight.ledger.RowReader;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The open subscriptions. The ledger reader only hands over references; filtering and building
/// lines is done by the thread that reads a feed, so watching costs the reader next to nothing.
final class Feeds {
  private final CopyOnWriteArrayList<TickFeed> ticks = new CopyOnWriteArrayList<>();
  private final CopyOnWriteArrayList<CallFeed> calls = new CopyOnWriteArrayList<>();

  boolean watched() {
    return !ticks.isEmpty();
  }

  synchronized Feed<LiveTick> openTicks() {
    checkRoom();
    var feed = new TickFeed();
    ticks.add(feed);
    return feed;
  }

  synchronized Feed<CallSample> openCalls(CallFilter filter, int limit) {
    checkRoom();
    var feed = new CallFeed(filter, limit);
    calls.add(feed);
    return feed;
  }

  void offer(LiveTick tick) {
    ticks.forEach(feed -> feed.offer(tick));
  }

  /// A feed keeps what it gets until somebody reads it, so it gets a copy.
  void offer(Batch batch) {
    if (!calls.isEmpty()) {
      var copy = batch.copy();
      calls.forEach(feed -> feed.offer(copy));
    }
  }

  void closeAll() {
    ticks.forEach(TickFeed::close);
    calls.forEach(CallFeed::close);
  }

  private void checkRoom() {
    int open = ticks.size() + calls.size();
    if (open >= LiveView.FEEDS_MAX) {
      throw new IllegalStateException(
          "live feeds: " + (open + 1) + " (expected: at most " + LiveView.FEEDS_MAX + ")");
    }
  }

  private final class TickFeed implements Feed<LiveTick> {
    private final Mailbox box = new Mailbox();
    private @Nullable LiveTick pending;

    void offer(LiveTick tick) {
      box.put(() -> pending = tick);
    }

    @Override
    public @Nullable LiveTick next(Duration limit) throws InterruptedException {
      return box.take(() -> pending == null, limit.toNanos(), this::taken);
    }

    private @Nullable LiveTick taken() {
      var tick = pending;
      pending = null;
      return tick;
    }

    @Override
    public boolean closed() {
      return box.closed();
    }

    @Override
    public void close() {
      ticks.remove(this);
      box.close();
    }
  }

  private final class CallFeed implements Feed<CallSample> {
    private static final int BATCHES_MAX = 64;
    private static final long SAMPLE_NANOS = 250_000_000;

    private final Mailbox box = new Mailbox();
    private final ArrayDeque<Batch> waiting = new ArrayDeque<>();
    private final RowFilter filter;
    private final int limit;
    private long unseen;
    private long sampledNanos = System.nanoTime() - SAMPLE_NANOS;

    CallFeed(CallFilter filter, int limit) {
      this.filter = new RowFilter(filter);
      this.limit = Math.clamp(limit, 1, LiveView.SAMPLE_MAX);
    }

    void offer(Batch batch) {
      box.put(() -> {
        waiting.addLast(batch);
        if (waiting.size() > BATCHES_MAX) {
          unseen += waiting.removeFirst().rows();
        }
      });
    }

    @Override
    public @Nullable CallSample next(Duration patience) throws InterruptedException {
      long deadline = System.nanoTime() + patience.toNanos();
      while (!box.closed()) {
        var batches = take(deadline);
        if (batches.isEmpty()) {
          return null;
        }
        var sample = sample(batches);
        if (sample.matched() > 0 || sample.leftOut() > 0) {
          sampledNanos = System.nanoTime();
          return sample;
        }
      }
      return null;
    }

    /// Waits for a batch, and until a quarter of a second has passed since the sample before.
    private List<Batch> take(long deadline) throws InterruptedException {
      long pause = sampledNanos + SAMPLE_NANOS - System.nanoTime();
      if (pause > 0) {
        TimeUnit.NANOSECONDS.sleep(Math.min(pause, Math.max(0, deadline - System.nanoTime())));
      }
      return box.take(waiting::isEmpty, deadline - System.nanoTime(), this::taken);
    }

    private List<Batch> taken() {
      var taken = new ArrayList<>(waiting);
      waiting.clear();
      return taken;
    }

    private CallSample sample(List<Batch> batches) {
      long matched = 0;
      var lines = new ArrayList<CallLine>();
      for (var batch : batches.reversed()) {
        for (int row = batch.rows() - 1; row >= 0; row--) {
          if (!filter.matches(batch, row)) {
            continue;
          }
          matched++;
          if (lines.size() < limit) {
            lines.add(new RowReader(batch.bytes(), batch.offset(row), batch.names()).line());
          }
        }
      }
      long missed = box.take(this::missed);
      return new CallSample(lines, matched, matched - lines.size() + missed);
    }

    private long missed() {
      long missed = unseen;
      unseen = 0;
      return missed;
    }

    @Override
    public boolean closed() {
      return box.closed();
    }

    @Override
    public void close() {
      calls.remove(this);
      box.close();
    }
  }
}
