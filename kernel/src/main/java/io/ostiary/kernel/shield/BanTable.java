package io.ostiary.kernel.shield;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.BpfTable;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.Ban;
import io.ostiary.model.Cidr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// The bans of `banned.h`: an entry for each prefix, a bit for each hash, the prefix lengths in
/// use. Threads take turns, by a lock that is held for some microseconds only.
final class BanTable {
  static final int BANS_MAX = 65_536;
  static final int LENGTHS_MAX = 8;
  private static final int FILTER_BITS = 1 << 20;
  private static final long SWEEP_NANOS = 1_000_000_000L;
  private static final byte[] MAPPED = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};
  private static final VarHandle LONG = JAVA_LONG.varHandle();

  private final BpfTable table;
  private final MemorySegment filter;
  private final MemorySegment control;
  private final int hz;
  private final Map<Cidr, Long> ends = new HashMap<>();
  private final Set<Cidr> listed = new HashSet<>();

  /// How many bans share a bit. 255 means that many or more: such a bit stays.
  private final byte[] shared = new byte[FILTER_BITS];

  /// How many bans have a prefix length, of 128 bits; those of IPv4 from 129 on.
  private final int[] lengths = new int[2 * 129];

  private long sweptNanos = System.nanoTime();
  private boolean closed;

  BanTable(BpfObject object, MemorySegment control, int hz) throws LibbpfException {
    this.control = control;
    this.hz = hz;
    table = object.table("bans");
    filter = object.share("ban_filter", FILTER_BITS / 8);
  }

  synchronized List<String> ban(Cidr source, Duration time, BanAction action)
      throws LibbpfException {
    var problem = refused(source);
    if (!problem.isEmpty() || closed) {
      return problem;
    }
    if (time.isNegative() || time.isZero()) {
      remove(source);
      return List.of();
    }
    put(source, time, action);
    return List.of();
  }

  /// Where another end was agreed than the entry has; a second is the clocks' own disagreement.
  private void moveEnd(Cidr source, long end) throws LibbpfException {
    if (Math.abs(end - ends.getOrDefault(source, end)) <= hz) {
      return;
    }
    try (var arena = Arena.ofConfined()) {
      var key = key(arena, source);
      var value = arena.allocate(ShieldMemory.BAN_BYTES, 8);
      if (table.find(key, value)) {
        value.set(JAVA_LONG, ShieldMemory.BAN_UNTIL, end);
        table.write(key, value);
        ends.put(source, end);
      }
    }
  }

  private List<String> refused(Cidr source) {
    if (source.prefix() == 0) {
      return List.of(
          "ban: %s (expected: less than every address; write a deny rule)".formatted(source));
    }
    if (ends.containsKey(source)) {
      return List.of();
    }
    if (ends.size() >= BANS_MAX) {
      return List.of("ban: %s is one too many (expected: at most %,d)".formatted(source, BANS_MAX));
    }
    int family = family(source);
    long inUse = 0;
    for (int length = 0; length <= 128; length++) {
      inUse += lengths[family + length] > 0 ? 1 : 0;
    }
    if (inUse >= LENGTHS_MAX && lengths[family + length(source)] == 0) {
      return List.of(
          "ban: %s (expected: prefixes of at most %d different lengths)"
              .formatted(source, LENGTHS_MAX));
    }
    return List.of();
  }

  private void put(Cidr source, Duration time, BanAction action) throws LibbpfException {
    long end = end(time);
    boolean fresh = ends.put(source, end) == null;
    try (var arena = Arena.ofConfined()) {
      var key = key(arena, source);
      if (fresh) {
        mark(key, 1);
        lengths[family(source) + length(source)]++;
        tellLengths(source);
      }
      var value = arena.allocate(ShieldMemory.BAN_BYTES, 8);
      value.set(JAVA_LONG, ShieldMemory.BAN_UNTIL, end);
      if (action instanceof BanAction.Limit(long rate)) {
        long interval = ((long) hz << 32) / rate;
        value.set(JAVA_LONG, ShieldMemory.BAN_INTERVAL, interval);
        value.set(
            JAVA_LONG, ShieldMemory.BAN_TOLERANCE, interval * (RuleInstaller.burst(rate) - 1));
      }
      table.write(key, value);
    }
  }

  synchronized void unban(Cidr source) throws LibbpfException {
    remove(source);
  }

  private void remove(Cidr source) throws LibbpfException {
    if (closed || ends.remove(source) == null) {
      return;
    }
    try (var arena = Arena.ofConfined()) {
      var key = key(arena, source);
      table.remove(key);
      mark(key, -1);
    }
    lengths[family(source) + length(source)]--;
    tellLengths(source);
  }

  synchronized BanHits hits(Cidr source) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(ShieldMemory.BAN_BYTES, 8);
      if (closed || !table.find(key(arena, source), value)) {
        return new BanHits(0, 0);
      }
      return new BanHits(
          value.get(JAVA_LONG, ShieldMemory.BAN_PACKETS),
          value.get(JAVA_LONG, ShieldMemory.BAN_SIZE));
    }
  }

  /// Makes the bans that came by this way before into these. One that [#ban] made before it was
  /// listed stays what it is, and from now on ends with the list. Bans that only the gateway can
  /// enforce are left out.
  synchronized List<String> list(Collection<Ban> all) throws LibbpfException {
    var now = Instant.now();
    var bans = all.stream().filter(ban -> ban.place() == Ban.Place.KERNEL).toList();
    var wanted = bans.stream().map(Ban::source).collect(Collectors.toSet());
    for (var gone : listed.stream().filter(one -> !wanted.contains(one)).toList()) {
      remove(gone);
      listed.remove(gone);
    }
    for (var ban : bans) {
      var time = Duration.between(now, ban.until());
      if (time.isNegative() || time.isZero()) {
        continue;
      }
      if (ends.containsKey(ban.source())) {
        listed.add(ban.source());
        moveEnd(ban.source(), end(time));
        continue;
      }
      var problem = ban(ban.source(), time, BanAction.of(ban.action()));
      if (!problem.isEmpty()) {
        return problem;
      }
      listed.add(ban.source());
    }
    return List.of();
  }

  /// Gives back the places of bans that ended by themselves.
  synchronized void sweep() throws LibbpfException {
    long nanos = System.nanoTime();
    if (closed || ends.isEmpty() || nanos - sweptNanos < SWEEP_NANOS) {
      return;
    }
    sweptNanos = nanos;
    long now = ticks();
    var over = ends.entrySet().stream().filter(ban -> ban.getValue() <= now).map(Map.Entry::getKey);
    for (var source : over.toList()) {
      remove(source);
      listed.remove(source);
    }
  }

  synchronized void close() {
    closed = true;
  }

  /// The kernel's tick count now: at the last beat, and by the clock since.
  private long ticks() {
    double since = System.nanoTime() - control.get(JAVA_LONG, ShieldMemory.NANOS);
    return control.get(JAVA_LONG, ShieldMemory.JIFFIES) + (long) (since / 1e9 * hz);
  }

  private long end(Duration time) {
    return ticks() + Math.max(1, (long) (time.toMillis() / 1e3 * hz));
  }

  private void mark(MemorySegment key, int by) {
    long high = word(key, 0) << 32 | word(key, 4);
    long low = word(key, 8) << 32 | word(key, 12);
    long seed = control.get(JAVA_LONG, ShieldMemory.SEED);
    long hash = mix(mix(seed ^ high) ^ low ^ word(key, 16) << 16);
    int bit = (int) hash & (FILTER_BITS - 1);
    int count = shared[bit] & 255;
    if (count == 255) {
      return;
    }
    shared[bit] = (byte) (count + by);
    long at = (long) (bit >> 6) * Long.BYTES;
    long bits = filter.get(JAVA_LONG, at);
    long mask = 1L << (bit & 63);
    LONG.setVolatile(filter, at, count + by > 0 ? bits | mask : bits & ~mask);
  }

  private static long word(MemorySegment key, long at) {
    return Integer.toUnsignedLong(key.get(JAVA_INT, at));
  }

  /// As `mix` in `control.h`.
  static long mix(long value) {
    long h = value ^ value >>> 32;
    h *= 0x9e3779b97f4a7c15L;
    return h ^ h >>> 29;
  }

  private void tellLengths(Cidr source) {
    int family = family(source);
    long told = 0;
    int count = 0;
    for (int length = 128; length > 0; length--) {
      if (lengths[family + length] > 0) {
        told |= (long) length << (Byte.SIZE * count);
        count++;
      }
    }
    long at = family == 0 ? ShieldMemory.BAN_LENGTHS6 : ShieldMemory.BAN_LENGTHS4;
    LONG.setVolatile(control, at, told);
  }

  private static int family(Cidr source) {
    return isFour(source) ? 129 : 0;
  }

  private static boolean isFour(Cidr source) {
    return source.address().getAddress().length == 4;
  }

  private static int length(Cidr source) {
    return source.prefix() + (isFour(source) ? 96 : 0);
  }

  private static MemorySegment key(Arena arena, Cidr source) {
    var key = arena.allocate(ShieldMemory.BAN_KEY_BYTES, 8);
    var address = source.address().getAddress();
    if (address.length == 4) {
      MemorySegment.copy(MAPPED, 0, key, JAVA_BYTE, 0, MAPPED.length);
    }
    MemorySegment.copy(address, 0, key, JAVA_BYTE, 16 - address.length, address.length);
    key.set(JAVA_INT, 16, length(source));
    return key;
  }
}
