package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.FieldLines;
import io.ostiary.gateway.spi.StateKey;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One limit of a [RateLimit] in force: its counters, and what clients are told of it in the fields
/// of the IETF draft *RateLimit header fields for HTTP*. For all event loops at once.
final class RateWindow {
  private static final int TEXTS_MAX = 4096;
  private static final Pattern UNQUOTED = Pattern.compile("[^ !#-\\[\\]-~]");

  /// What a call is told that was counted and given back: nothing.
  private static final FieldLines NOTHING = FieldLines.of(List.of());

  /// @param lines `RateLimit-Policy`, and `RateLimit` where so much remains
  private record Told(long remaining, FieldLines lines) {}

  private final Cells cells;
  private final StateKey<FieldLines> state;
  private final String name;
  private final RateLimit.Limit limit;
  private final long interval;
  private final long tolerance;
  private final long burst;
  private final long owed;
  private final long waitMax;

  /// What was told last, by the low bits of what remained: callers are mostly far from their limit
  /// and near each other, so hardly a call makes lines of its own.
  ///
  /// Made by the first call, for most of ten thousand routes may never have one. Two loops that
  /// make it at once lose nothing but texts.
  private volatile @Nullable AtomicReferenceArray<@Nullable Told> told;

  /// @param name how clients see it
  /// @param charges whether calls may turn out to cost more than was taken: a caller may then owe
  ///   as much as its burst
  /// @param waitMax how long a call may wait for its turn, ns
  RateWindow(
      String name,
      RateLimit.Limit limit,
      Cells cells,
      StateKey<FieldLines> state,
      boolean charges,
      long waitMax) {
    this.cells = cells;
    this.state = state;
    interval = limit.per().toNanos() / limit.requests();
    burst = limit.most();
    tolerance = interval * burst + waitMax;
    owed = charges ? interval * burst + tolerance : tolerance;
    this.waitMax = waitMax;
    this.name = name;
    this.limit = limit;
  }

  /// @return below 0: it does not fit, and would in so many nanoseconds; else what is left of burst
  ///   and wait, for [#turn]
  long take(CountBy[] by, Exchange exchange, long cost) {
    long key = CountBy.key(by, exchange, cells.hash());
    long left = cells.take(key, exchange.nanos(), interval * cost, tolerance, owed);
    if (left >= 0) {
      exchange.state(state, lines(Math.max(0, left - waitMax) / interval));
    }
    return left;
  }

  /// How long a call that fits has to wait, ns.
  long turn(long left) {
    return Math.max(0, waitMax - left);
  }

  void giveBack(CountBy[] by, Exchange exchange, long cost) {
    long key = CountBy.key(by, exchange, cells.hash());
    cells.add(key, exchange.nanos(), -interval * cost, tolerance, owed);
    exchange.state(state, NOTHING);
  }

  /// Counts what a call has cost beyond what was taken; this may leave less than nothing.
  void charge(CountBy[] by, Exchange exchange, long cost) {
    if (told(exchange) != null && cost != 0) {
      long key = CountBy.key(by, exchange, cells.hash());
      long more = interval * Math.min(cost, 2 * burst);
      long left = cells.add(key, exchange.nanos(), more, tolerance, owed);
      exchange.state(state, lines(Math.max(0, left - waitMax) / interval));
    }
  }

  /// Made when it is told, for most of ten thousand routes may never have a call.
  private String quoted() {
    return "\"" + UNQUOTED.matcher(name).replaceAll("_") + "\"";
  }

  /// `RateLimit-Policy`
  String policy() {
    long seconds = limit.per().toSeconds();
    return quoted() + ";q=" + limit.requests() + (seconds > 0 ? ";w=" + seconds : "");
  }

  /// The fields for a call that was counted; null: it was not.
  @Nullable FieldLines told(Exchange exchange) {
    var lines = exchange.state(state);
    return lines == null || lines.count() == 0 ? null : lines;
  }

  /// `RateLimit` where nothing is left.
  String spent(long seconds) {
    return quoted() + ";r=0;t=" + seconds;
  }

  /// Until everything is back takes what was used times the interval, rounded up.
  private FieldLines lines(long remaining) {
    var told = this.told;
    if (told == null) {
      told =
          new AtomicReferenceArray<>(
              Integer.highestOneBit((int) Math.min(burst + 1, TEXTS_MAX) * 2 - 1));
      this.told = told;
    }
    int index = (int) remaining & (told.length() - 1);
    var last = told.get(index);
    if (last == null || last.remaining != remaining) {
      var left = quoted() + ";r=" + remaining + ";t=" + seconds((burst - remaining) * interval);
      last =
          new Told(
              remaining,
              FieldLines.of(
                  List.of(
                      new Field(RateLimit.LIMIT_POLICY, policy()),
                      new Field(RateLimit.LIMIT, left))));
      told.set(index, last);
    }
    return last.lines;
  }

  static long seconds(long nanos) {
    return Math.ceilDiv(nanos, 1_000_000_000L);
  }
}
