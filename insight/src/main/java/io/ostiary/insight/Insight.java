package io.ostiary.insight;

import io.ostiary.insight.explain.Explanation;
import io.ostiary.insight.ledger.Batches;
import io.ostiary.insight.ledger.Recent;
import io.ostiary.insight.live.Board;
import io.ostiary.insight.live.PacketSampler;
import io.ostiary.insight.log.AccessLogs;
import io.ostiary.insight.meter.Meters;
import io.ostiary.insight.otlp.Exporter;
import io.ostiary.insight.store.Store;
import io.ostiary.insight.store.StoreHistory;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.LedgerEntry;
import io.ostiary.model.LedgerView;
import io.ostiary.model.PacketView;
import io.ostiary.model.Require;
import io.ostiary.model.Snapshot;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// The insight room: reads the ledger, keeps the live view, the history and the metrics, and
/// answers for them.
///
/// Three threads: `insight-ledger` drains the rings every 20 ms and owns all sums; `insight-store`
/// writes to disk; `insight-packets` asks the kernel side for its counters once a second. None of
/// them can hold up an event loop: when they are behind, lines are refused and counted.
public final class Insight implements InsightView, AutoCloseable {
  private static final long RECENT_BYTES_MAX = 4L << 20;

  private final PacketSampler packets;
  private final LedgerReader reader;
  private final Board board;
  private final Meters meters;
  private final AccessLogs logs = new AccessLogs();
  private final Batches batches = new Batches();
  private final Exporter exporter;
  private final Recent recent = new Recent(RECENT_BYTES_MAX, batches);
  private final @Nullable Store store;
  private final RecentCalls calls;
  private final Thread packetThread;
  private volatile boolean closing;

  /// @param lens asked by one thread what became of a connection after its call
  /// @param places where a packet came in, by interface index; called by one thread, at most once a
  ///   second for each interface
  /// @param data the history lies in `history` below it
  public Insight(
      LedgerView ledger,
      PacketView kernel,
      ConnectionLens lens,
      IntFunction<NetworkPlace> places,
      Clock clock,
      Path data,
      InsightSettings settings) {
    packets = new PacketSampler(kernel);
    store =
        settings.history() ? new Store(data.resolve("history"), settings, clock, batches) : null;
    board = new Board(packets, this::status, clock.millis());
    meters = new Meters(this::status, packets::status, kernel::socketDrops, logs);
    exporter = new Exporter(meters::scrape, batches);
    meters.spans(exporter::sent, exporter::lost);
    reader =
        new LedgerReader(
            ledger,
            lens,
            places,
            clock,
            board,
            meters,
            recent,
            batches,
            store,
            kernel::called,
            logs,
            exporter,
            settings.segmentBytesMax());
    calls =
        new RecentCalls(recent, store, store == null ? null : new StoreHistory(store, settings));
    packetThread =
        Thread.ofPlatform().name("insight-packets").daemon(true).unstarted(this::samplePackets);
  }

  public void start() {
    if (store != null) {
      store.start();
    }
    reader.start();
    exporter.start();
    packetThread.start();
  }

  private void samplePackets() {
    while (!closing) {
      packets.sample(System.nanoTime(), board.watched());
      try {
        TimeUnit.SECONDS.sleep(1);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /// The access logs, which the configuration decides about.
  public AccessLogs logs() {
    return logs;
  }

  /// A snapshot is in force: collectors are told what it says.
  public void inForce(Snapshot snapshot) {
    exporter.inForce(snapshot);
  }

  @Override
  public LiveView live() {
    return board;
  }

  @Override
  public Calls calls() {
    return calls;
  }

  @Override
  public History history() {
    return calls;
  }

  @Override
  public String metrics() {
    return meters.text();
  }

  @Override
  public Optional<Explanation> explain(long call) {
    return calls.find(call).map(Explanation::of);
  }

  @Override
  public InsightStatus status() {
    // Asked while the board is being made, before the reader is.
    @Nullable LedgerReader running = reader;
    return new InsightStatus(
        running == null ? 0 : running.calls(),
        running == null ? 0 : running.lost(),
        running == null ? 0 : running.lagMillis(),
        store == null
            ? new InsightStatus.Store(
                InsightStatus.State.OFF, "The history is switched off.", 0, 0, 0, 0, null)
            : store.status());
  }

  /// Calls read from the ledger so far.
  public long read() {
    return reader.calls();
  }

  /// Lets go of the history, which the next process goes on with. Calls that end here from now on
  /// have lines in the access logs, and none in the history.
  ///
  /// @return how many calls had been read by then
  public long leaveHistory() {
    if (store != null) {
      reader.leaveStore();
      store.close();
    }
    return reader.calls();
  }

  /// Reads what is still in the rings, writes it, and ends the feeds. Takes ten seconds at most.
  @Override
  public void close() {
    closing = true;
    packetThread.interrupt();
    reader.close();
    logs.close();
    exporter.close();
    board.closeFeeds();
    if (store != null) {
      store.close();
    }
  }

  /// Calls from memory first, then from the store, where there is one.
  private record RecentCalls(Recent recent, @Nullable Store store, @Nullable StoreHistory history)
      implements Calls, History {
    @Override
    public Optional<LedgerEntry> find(long call) {
      var found = recent.find(call);
      return found.isPresent() || store == null ? found : store.find(call);
    }

    @Override
    public CallPage page(CallFilter filter, @Nullable String before, int limit) {
      Require.between("limit", limit, 1, PAGE_MAX);
      return history == null
          ? RecentPages.page(recent, filter, before, limit)
          : history.page(filter, before, limit);
    }

    @Override
    public List<Row> summary(CallFilter filter, List<By> by, int limit) {
      return kept().summary(filter, by, limit);
    }

    @Override
    public List<Step> steps(CallFilter filter, Duration step) {
      return kept().steps(filter, step);
    }

    private StoreHistory kept() {
      if (history == null) {
        throw new HistoryUnavailableException("The history is switched off.");
      }
      return history;
    }
  }
}
