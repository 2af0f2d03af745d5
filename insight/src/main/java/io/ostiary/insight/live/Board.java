package io.ostiary.insight.live;

import io.ostiary.insight.CallFilter;
import io.ostiary.insight.CallSample;
import io.ostiary.insight.Feed;
import io.ostiary.insight.InsightStatus;
import io.ostiary.insight.LiveTick;
import io.ostiary.insight.LiveView;
import io.ostiary.insight.Point;
import io.ostiary.insight.ledger.Batch;
import io.ostiary.model.Blame;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.Require;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/// Everything the page Now shows. Written by the ledger reader, slot by slot; each second it closes
/// a point, hands out a tick and starts anew. What others read are finished records only.
///
/// Bounds: 900 points of 1 s, 2,160 of 10 s, and seven [Minute.Slice]s for the lists.
public final class Board implements LiveView {
  private static final int SECONDS = 900;
  private static final int TENS = 2160;
  private static final int LIST = 20;
  private static final long ASKED_NANOS = 5_000_000_000L;

  private final PacketSampler packets;
  private final Supplier<InsightStatus> status;
  private final Feeds feeds = new Feeds();
  private final Minute minute = new Minute();
  private final Split split = new Split();
  private final Sums second = new Sums();
  private final Sums ten = new Sums();
  private final Points seconds = new Points(SECONDS);
  private final Points tens = new Points(TENS);
  private long secondEndMillis;
  private volatile LiveTick latest;

  /// When somebody asked for it last, who may ask every second.
  private volatile long askedNanos = System.nanoTime() - ASKED_NANOS;

  /// @param nowMillis wall clock of the start
  public Board(PacketSampler packets, Supplier<InsightStatus> status, long nowMillis) {
    this.packets = packets;
    this.status = status;
    secondEndMillis = nowMillis - nowMillis % 1000 + 1000;
    var empty = second.point(secondEndMillis - 1000, 1, PacketRates.NONE);
    latest = tick(empty, List.of(), PacketRates.NONE);
  }

  /// Counts one call. Ledger reader only.
  public void add(LedgerSlot slot) {
    split.of(slot);
    boolean error = isError(slot.status, slot.blame);
    long micros = Math.max(0, slot.endNanos - slot.firstByteNanos) / 1000;
    second.add(slot, error, micros, split);
    minute.add(slot, error, micros);
  }

  public static boolean isError(int status, Blame blame) {
    return status >= 500 || (status == 0 && blame != Blame.CLIENT && blame != Blame.NONE);
  }

  /// Hands sealed rows to the call feeds. Ledger reader only.
  public void add(Batch batch) {
    feeds.offer(batch);
  }

  /// Closes the seconds that are over. Ledger reader only. A clock that jumped by more than ten
  /// seconds, in either direction, starts the series at its new place.
  public void advance(long nowMillis) {
    if (Math.abs(nowMillis - secondEndMillis) > 10_000) {
      close();
      secondEndMillis = nowMillis - nowMillis % 1000 + 1000;
      return;
    }
    while (nowMillis >= secondEndMillis) {
      close();
    }
  }

  private void close() {
    var rates = packets.rates();
    long from = secondEndMillis - 1000;
    ten.addAll(second, rates);
    var point = second.point(from, 1, rates);
    var answered = minute.answered(LIST);
    seconds.add(point);
    second.clear();
    if (secondEndMillis % 10_000 == 0) {
      tens.add(ten.point(secondEndMillis - 10_000, 10, ten.packetRates()));
      ten.clear();
      minute.rotate();
    }
    minute.passed();
    var tick = tick(point, answered, rates);
    latest = tick;
    feeds.offer(tick);
    secondEndMillis += 1000;
  }

  private LiveTick tick(Point point, List<LiveTick.Answered> answered, PacketRates rates) {
    var lists = minute.lists(LIST);
    return new LiveTick(
        Instant.ofEpochMilli(secondEndMillis),
        point,
        lists.seconds(),
        lists.apis(),
        lists.routes(),
        lists.consumers(),
        lists.upstreams(),
        answered,
        lists.statuses(),
        lists.clients(),
        rates.sources(),
        rates.interfaces(),
        status.get());
  }

  /// Whether anybody looks at ticks.
  public boolean watched() {
    return feeds.watched() || System.nanoTime() - askedNanos < ASKED_NANOS;
  }

  /// Ends every feed.
  public void closeFeeds() {
    feeds.closeAll();
  }

  @Override
  public LiveTick latest() {
    askedNanos = System.nanoTime();
    return latest;
  }

  @Override
  public List<Point> series(Duration span) {
    Require.between("span (seconds)", span.toSeconds(), 1, TENS * 10L);
    boolean fine = span.toSeconds() <= SECONDS;
    int count = (int) (fine ? span.toSeconds() : (span.toSeconds() + 9) / 10);
    return (fine ? seconds : tens).last(count);
  }

  @Override
  public Feed<LiveTick> ticks() {
    return feeds.openTicks();
  }

  @Override
  public Feed<CallSample> calls(CallFilter filter, int limit) {
    return feeds.openCalls(filter, limit);
  }
}
