package io.ostiary.server;

import io.ostiary.control.BanBook;
import io.ostiary.control.NotInForceException;
import io.ostiary.control.OwnAddresses;
import io.ostiary.control.Publication;
import io.ostiary.control.Spared;
import io.ostiary.control.records.StorageException;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.UrgentThread;
import io.ostiary.model.Ban;
import io.ostiary.model.BanCase;
import io.ostiary.model.BanSink;
import io.ostiary.model.CallId;
import io.ostiary.model.Cidr;
import io.ostiary.model.Snapshot;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where what policies hold against clients becomes bans.
///
/// An event loop leaves its case here without waiting. One thread, `ban-desk`, takes it, asks
/// whether the client must be spared, and enforces the ban: one entry of the kernel's table, then
/// the gateway. What takes longer, the record with its audit and the snapshot, is left to a second
/// thread, `ban-records`, which takes all that have come meanwhile in one change, and tries again
/// where the database does not answer. Both queues are bounded; what they have no room for is
/// counted: a lost case comes again as long as its client goes on, an unrecorded ban still ends by
/// itself.
///
/// Between the decision and the first packet that is dropped lies little but the wake-up of
/// `ban-desk`. So where it may, it is an urgent thread, and rests as long as it has worked.
///
/// A repeat offender is banned for twice the time before, if its last ban ended within a day.
@SuppressWarnings("ReferenceEquality") // Whether it is the same snapshot is the question.
final class BanDesk implements BanSink, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BanDesk.class);
  private static final int CASES_MAX = 4096;
  private static final int RECORDS_MAX = 4096;
  private static final int BATCH = 256;

  /// So many are enforced before others get the processor again.
  private static final int AT_ONCE = 32;

  /// What 32 of them take; longer is time that it has waited itself.
  private static final long REST_NANOS_MAX = 2_000_000;

  private static final int PAST_MAX = 65_536;
  private static final int REHEARSALS = 16;

  /// Addresses that nothing comes from: broadcast, and the discard prefix of RFC 6666.
  private static final List<BanCase> NOBODY = List.of(nobody("255.255.255.255"), nobody("100::"));

  private static final Duration REMEMBERED = Duration.ofDays(1);
  private static final long PARK_NANOS = 1_000_000_000L;
  private static final long AGAIN_MILLIS = 1000;
  private static final long LOOK_NANOS = 5_000_000_000L;
  private static final Duration SPARED_AGAIN = Duration.ofMinutes(10);

  /// What is known of a source that was banned before.
  private record Past(int times, Instant until) {}

  /// The bans of a snapshot by their sources.
  private record Index(@Nullable Snapshot of, Map<Cidr, Ban> bans) {}

  /// What is left to the second thread.
  private sealed interface Note {
    record Made(Ban ban) implements Note {}

    record Spare(Cidr block, BanCase one, String why) implements Note {}

    /// Nothing comes any more.
    record End() implements Note {}
  }

  private final OwnAddresses own;
  private final ConcurrentLinkedQueue<BanCase> cases = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicLong lost = new AtomicLong();
  private final BlockingQueue<Note> notes = new ArrayBlockingQueue<>(RECORDS_MAX);

  /// In force and not recorded yet.
  private final Map<Cidr, Ban> made = new ConcurrentHashMap<>();

  private final Map<Cidr, Instant> sparedAt = bounded(1024);
  private final Map<Cidr, Past> past = bounded(PAST_MAX);
  private volatile Index index = new Index(null, Map.of());
  private volatile @Nullable Thread desk;
  private volatile @Nullable Thread writer;
  private volatile boolean closed;

  /// How often it was rehearsed so far; of `ban-desk` alone.
  private int rehearsals;

  BanDesk(OwnAddresses own) {
    this.own = own;
  }

  private static <V> Map<Cidr, V> bounded(int most) {
    return new LinkedHashMap<>() {
      @Override
      protected boolean removeEldestEntry(Map.Entry<Cidr, V> eldest) {
        return size() > most;
      }
    };
  }

  /// Begins to decide. Cases that came before have waited.
  void open(Publication both, BanBook kept) {
    remember(kept);
    own.look();
    writer = Thread.ofVirtual().name("ban-records").start(() -> write(kept));
    desk = Thread.ofPlatform().name("ban-desk").daemon(true).start(() -> decide(both, kept));
  }

  /// Who was banned before this process began.
  private void remember(BanBook kept) {
    try {
      for (var ban : kept.since("ban", kept.now().minus(REMEMBERED), PAST_MAX)) {
        note(ban);
      }
    } catch (StorageException e) {
      LOG.warn("repeat offenders are not remembered: {}", e.getMessage());
    }
  }

  private void note(Ban ban) {
    var before = past.remove(ban.source());
    past.put(ban.source(), new Past(before == null ? 1 : before.times() + 1, ban.until()));
  }

  @Override
  public boolean offer(BanCase one) {
    if (waiting.incrementAndGet() > CASES_MAX) {
      waiting.decrementAndGet();
      lost.incrementAndGet();
      return false;
    }
    cases.add(one);
    LockSupport.unpark(desk);
    return true;
  }

  /// Tells that the start is over, and nobody waits any more for what else the processor could do.
  void served() {
    LockSupport.unpark(desk);
  }

  /// Cases for which there was no room.
  long lost() {
    return lost.get();
  }

  private void decide(Publication both, BanBook kept) {
    boolean urgent = false;
    while (!closed) {
      long woken = System.nanoTime();
      try {
        var bans = new ArrayList<Ban>();
        for (var one = cases.poll(); one != null; one = next(bans)) {
          waiting.decrementAndGet();
          var ban = judge(one, kept);
          if (ban != null) {
            bans.add(ban);
          }
        }
        if (!bans.isEmpty()) {
          both.ban(bans);
          bans.forEach(ban -> leave(new Note.Made(ban)));
        }
      } catch (RuntimeException e) {
        LOG.error("a ban could not be decided", e);
      }
      rest(Math.min(System.nanoTime() - woken, REST_NANOS_MAX));
      if (cases.isEmpty()) {
        LockSupport.parkNanos(this, PARK_NANOS);
      }
      if (!urgent && rehearsed(both, kept)) {
        urgent = true;
        hurry();
      }
    }
  }

  /// Bans who cannot send, and lifts it: the first ban of a process loads classes, links calls and
  /// runs as it was written, and took ten times as long as the next one. It is recorded nowhere.
  ///
  /// @return false where a case has come, which waits for one of these at most
  private boolean rehearsed(Publication both, BanBook kept) {
    try {
      for (; rehearsals < REHEARSALS; rehearsals++) {
        if (!cases.isEmpty()) {
          return false;
        }
        rehearse(NOBODY.get(rehearsals % NOBODY.size()), both, kept);
      }
    } catch (RuntimeException e) {
      LOG.warn("the first ban will take longer: it could not be rehearsed", e);
    }
    return true;
  }

  private void rehearse(BanCase nobody, Publication both, BanBook kept) {
    var ban = judge(nobody, kept);
    if (ban != null) {
      both.ban(List.of(ban));
      both.unban(ban);
      made.remove(ban.source(), ban);
      past.remove(ban.source());
    }
  }

  private static BanCase nobody(String address) {
    return new BanCase(
        InetAddress.ofLiteral(address),
        true,
        "rehearsed",
        List.of(0L),
        "ban",
        new Ban.Action.Deny(),
        Duration.ofSeconds(1),
        Duration.ofSeconds(1),
        0);
  }

  /// Not ended by a case that comes, or there would be no rest in a flood of them.
  private static void rest(long nanos) {
    try {
      Thread.sleep(Duration.ofNanos(nanos));
    } catch (InterruptedException e) {
      // Nobody does that, and an urgent thread that stays interrupted would never rest again.
    }
  }

  private static void hurry() {
    try {
      UrgentThread.become();
    } catch (LibbpfException e) {
      LOG.debug("bans wait for a processor as others do: {}", e.getMessage());
    }
  }

  private @Nullable BanCase next(List<Ban> bans) {
    return bans.size() >= AT_ONCE ? null : cases.poll();
  }

  private @Nullable Ban judge(BanCase one, BanBook kept) {
    var now = kept.now();
    var running = kept.running();
    var block = block(one.client());
    var why = Spared.why(block, own, running);
    if (why != null) {
      spare(block, one, why, now);
      return null;
    }
    if (active(block, running, now)) {
      return null;
    }
    var before = past.get(block);
    int times = before == null || forgiven(before, now) ? 0 : before.times();
    var ban =
        new Ban(
            kept.nextId(now),
            block,
            one.reason() + (times == 0 ? "" : "; offended before, %d times".formatted(times)),
            one.calls().stream().map(CallId::text).toList(),
            now,
            now.plus(time(one, times)),
            one.by(),
            one.action(),
            one.direct() ? Ban.Place.KERNEL : Ban.Place.GATEWAY);
    if (times == 0) {
      past.remove(block);
    }
    note(ban);
    if (made.size() < PAST_MAX) {
      made.put(block, ban);
    }
    return ban;
  }

  /// A ban that should still stand and does not was lifted, so it was none.
  private static boolean forgiven(Past before, Instant now) {
    return before.until().isAfter(now) || before.until().plus(REMEMBERED).isBefore(now);
  }

  private static Duration time(BanCase one, int times) {
    long most = one.lastsMax().toMillis();
    long millis = one.lasts().toMillis();
    for (int i = 0; i < times && millis < most; i++) {
      millis *= 2;
    }
    return Duration.ofMillis(Math.min(millis, most));
  }

  /// IPv6 hosts choose their last 64 bits freely, so the network is what is banned, unless this
  /// host is in it.
  private Cidr block(InetAddress client) {
    var bytes = client.getAddress();
    if (bytes.length == 4) {
      return new Cidr(client, 32);
    }
    Arrays.fill(bytes, 8, 16, (byte) 0);
    try {
      var network = new Cidr(InetAddress.getByAddress(bytes), 64);
      return own.in(network).isEmpty() ? network : new Cidr(client, 128);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of 16 bytes", e);
    }
  }

  private boolean active(Cidr block, @Nullable Snapshot running, Instant now) {
    var own = made.get(block);
    if (own != null && own.until().isAfter(now)) {
      return true;
    }
    var known = index;
    if (running == null || known.of() == running) {
      var listed = known.bans().get(block);
      return running != null && listed != null && listed.until().isAfter(now);
    }
    // Somebody else has published. To look through them is quicker than to index them here.
    for (var ban : running.bans()) {
      if (ban.source().equals(block) && ban.until().isAfter(now)) {
        return true;
      }
    }
    return false;
  }

  private void index(@Nullable Snapshot running) {
    if (running != null && running != index.of()) {
      index =
          new Index(
              running,
              running.bans().stream()
                  .collect(Collectors.toMap(Ban::source, ban -> ban, BanDesk::longer)));
    }
  }

  private static Ban longer(Ban one, Ban other) {
    return one.until().isAfter(other.until()) ? one : other;
  }

  /// Said once in a while for each source, however often it would have been banned.
  private void spare(Cidr block, BanCase one, String why, Instant now) {
    var before = sparedAt.get(block);
    if (before != null && before.plus(SPARED_AGAIN).isAfter(now)) {
      return;
    }
    sparedAt.remove(block);
    sparedAt.put(block, now);
    LOG.warn("not banned: {}. Otherwise: {}", why, one.reason());
    leave(new Note.Spare(block, one, why));
  }

  private void leave(Note note) {
    if (!notes.offer(note)) {
      if (note instanceof Note.Made(var ban)) {
        made.remove(ban.source(), ban);
      }
      LOG.warn("no room for the record of {}; it is in force and ends by itself", note);
    }
  }

  private void write(BanBook kept) {
    var open = new ArrayList<Note>();
    long looked = System.nanoTime();
    try {
      while (!closed || !notes.isEmpty()) {
        if (System.nanoTime() - looked > LOOK_NANOS) {
          own.look();
          looked = System.nanoTime();
        }
        var first = notes.poll(LOOK_NANOS, TimeUnit.NANOSECONDS);
        if (first == null) {
          continue;
        }
        open.add(first);
        notes.drainTo(open, BATCH - 1);
        while (!written(kept, open) && !closed) {
          Thread.sleep(AGAIN_MILLIS);
        }
        open.clear();
        index(kept.running());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Whether all that is open is done with; what the database did not take is not.
  private boolean written(BanBook kept, List<Note> open) {
    try {
      var bans =
          open.stream()
              .filter(Note.Made.class::isInstance)
              .map(note -> ((Note.Made) note).ban())
              .toList();
      keep(kept, bans);
      open.removeIf(Note.Made.class::isInstance);
      while (!open.isEmpty()) {
        if (open.getFirst() instanceof Note.Spare(var block, var one, var why)) {
          kept.spared(block, one.by(), one.reason(), why, one.calls());
        }
        open.removeFirst();
      }
      return true;
    } catch (StorageException e) {
      LOG.warn("bans are in force and not recorded yet: {}", e.getMessage());
      return false;
    } catch (RuntimeException e) {
      LOG.error("bans are in force and will not be recorded: {}", open, e);
      return true;
    }
  }

  /// Where one of them is refused, the others are kept without it.
  private void keep(BanBook kept, List<Ban> bans) {
    if (bans.isEmpty()) {
      return;
    }
    try {
      kept.keep(bans);
      bans.forEach(ban -> made.remove(ban.source(), ban));
    } catch (NotInForceException e) {
      if (bans.size() == 1) {
        LOG.error("in force until its end and not recorded: {}: {}", bans, e.getMessage());
        return;
      }
      bans.forEach(ban -> keep(kept, List.of(ban)));
    }
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(desk);
    // Where there is no room for it, nobody waits for it.
    notes.offer(new Note.End());
    var writing = writer;
    try {
      if (writing != null && !writing.join(Duration.ofSeconds(5))) {
        writing.interrupt();
        LOG.warn("ban-records did not stop within 5 s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
