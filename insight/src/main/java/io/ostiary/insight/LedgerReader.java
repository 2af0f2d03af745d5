package io.ostiary.insight;

import io.ostiary.insight.ledger.Aftermath;
import io.ostiary.insight.ledger.Batch;
import io.ostiary.insight.ledger.Batches;
import io.ostiary.insight.ledger.Names;
import io.ostiary.insight.ledger.Recent;
import io.ostiary.insight.ledger.RowWriter;
import io.ostiary.insight.live.Board;
import io.ostiary.insight.log.AccessLogs;
import io.ostiary.insight.meter.Meters;
import io.ostiary.insight.otlp.Exporter;
import io.ostiary.insight.store.Store;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.LedgerRing;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.LedgerView;
import java.time.Clock;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// The one thread that drains every ring. Each slot is summed for the live view and the metrics and
/// written as a row of bytes; no object is made for a call. Rows are sealed into batches every 100
/// ms, so that a call is on its way to the disk well before it is a second old.
final class LedgerReader implements AutoCloseable {
  private static final long TURN_MICROS = 20_000;

  /// The turns come as often as it takes to find about so many lines: they are still in the
  /// processor's cache then, and a ring keeps that many slots, so none is made anew.
  private static final int TURN_LINES = 256;

  private static final long SHORTEST_TURN_MICROS = 1000;

  /// While nobody calls. A loop's ring holds what it can write in this time.
  private static final long STILL_TURN_MICROS = 40_000;

  private static final int TURNS_UNTIL_STILL = 50;
  private static final long SEAL_NANOS = 100_000_000;
  private static final int DRAIN_MAX = 4096;
  private static final long STORE_MILLIS = 2_000;
  private static final long DAY_MILLIS = 86_400_000;

  private final LedgerView ledger;
  private final Clock clock;
  private final Board board;
  private final Meters meters;
  private final Recent recent;
  private final Batches batches;
  private final CountDownLatch storeLeft = new CountDownLatch(1);
  private @Nullable Store store;
  private final RowWriter writer;
  private final Aftermath aftermath;
  private final Consumer<LedgerSlot> kernel;
  private final AccessLogs logs;
  private final Exporter exporter;
  private final long segmentBytesMax;
  private final Consumer<LedgerSlot> read = this::read;
  private final Thread thread;
  private Names names = new Names();
  private Batch batch = new Batch(names, 0);
  private long segmentBytes;
  private long segmentDay;
  private long turnNanos;
  private long sealedNanos = System.nanoTime();
  private long lagNanos;
  private long lagSinceNanos;
  private long callsRead;
  private long callsBefore;
  private int still;
  private long restMicros = TURN_MICROS;
  private volatile long calls;
  private volatile long lagMillis;
  private volatile boolean closing;
  private volatile boolean leaving;

  LedgerReader(
      LedgerView ledger,
      ConnectionLens lens,
      IntFunction<NetworkPlace> places,
      Clock clock,
      Board board,
      Meters meters,
      Recent recent,
      Batches batches,
      @Nullable Store store,
      Consumer<LedgerSlot> kernel,
      AccessLogs logs,
      Exporter exporter,
      long segmentBytesMax) {
    this.exporter = exporter;
    this.segmentBytesMax = segmentBytesMax;
    this.kernel = kernel;
    this.logs = logs;
    this.batches = batches;
    this.ledger = ledger;
    this.clock = clock;
    this.board = board;
    this.meters = meters;
    this.recent = recent;
    this.store = store;
    writer = new RowWriter(places, lens::dropReason);
    aftermath = new Aftermath(lens, writer);
    segmentDay = clock.millis() / DAY_MILLIS;
    thread = Thread.ofPlatform().name("insight-ledger").daemon(true).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  long calls() {
    return calls;
  }

  long lagMillis() {
    return lagMillis;
  }

  long lost() {
    return ledger.rings().stream().mapToLong(LedgerRing::lost).sum();
  }

  private void run() {
    while (!closing) {
      if (!turn()) {
        try {
          TimeUnit.MICROSECONDS.sleep(rest());
        } catch (InterruptedException e) {
          break;
        }
      }
    }
    while (turn()) {
      // What the event loops published before the end.
    }
    aftermath.turn(Long.MAX_VALUE, batch);
    seal();
  }

  private long rest() {
    long lines = callsRead - callsBefore;
    still = lines == 0 ? still + 1 : 0;
    long longest = still > TURNS_UNTIL_STILL ? STILL_TURN_MICROS : TURN_MICROS;
    restMicros =
        lines == 0
            ? longest
            : Math.clamp(restMicros * TURN_LINES / lines, SHORTEST_TURN_MICROS, longest);
    return restMicros;
  }

  /// Drains a bounded number of lines; true when there may be more.
  private boolean turn() {
    turnNanos = System.nanoTime();
    callsBefore = callsRead;
    logs.turn();
    boolean more = false;
    for (var ring : ledger.rings()) {
      more |= ring.drain(read, DRAIN_MAX) == DRAIN_MAX;
    }
    calls = callsRead;
    aftermath.turn(turnNanos, batch);
    if (leaving && store != null) {
      seal();
      store = null;
      storeLeft.countDown();
    }
    if (turnNanos - sealedNanos >= SEAL_NANOS) {
      seal();
      writer.forgetPlaces();
    }
    if (turnNanos - lagSinceNanos >= 1_000_000_000L) {
      lagMillis = lagNanos / 1_000_000;
      lagNanos = 0;
      lagSinceNanos = turnNanos;
    }
    board.advance(clock.millis());
    return more;
  }

  private void read(LedgerSlot slot) {
    lagNanos = Math.max(lagNanos, turnNanos - slot.endNanos);
    board.add(slot);
    meters.add(slot);
    logs.add(slot);
    aftermath.write(slot, batch);
    kernel.accept(slot);
    callsRead++;
    if (batch.length() >= Batch.BYTES_FULL) {
      seal();
    }
  }

  /// Hands the batch on and begins a new one, in a new segment where the old one is full, of
  /// yesterday, or knows too many names.
  private void seal() {
    sealedNanos = turnNanos;
    if (batch.rows() == 0) {
      return;
    }
    batch.seal();
    int length = batch.length();
    boolean told = exporter.wantsBatches();
    batches.hold(batch, 2 + (store == null ? 0 : 1) + (told ? 1 : 0));
    recent.add(batch);
    board.add(batch);
    if (store != null) {
      store.offer(batch);
    }
    if (told) {
      exporter.offer(batch);
    }
    batches.release(batch);
    segmentBytes += length;
    long day = clock.millis() / DAY_MILLIS;
    if (segmentBytes >= segmentBytesMax || day != segmentDay || names.size() >= Names.SIZE_MAX) {
      names = names.next();
      segmentBytes = 0;
      segmentDay = day;
    }
    batch = batches.take(names, Math.min(length * 5 / 4, Batch.BYTES_FULL + 8192));
  }

  /// Gives the store the last lines it gets; what comes later is for the rest alone.
  void leaveStore() {
    leaving = true;
    try {
      var ignored = storeLeft.await(STORE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Reads what was published, five seconds at most.
  @Override
  public void close() {
    closing = true;
    try {
      thread.join(5_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
