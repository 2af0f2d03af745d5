package io.ostiary.kernel.flood;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.FloodReport;
import io.ostiary.model.FloodReport.Cookies;
import io.ostiary.model.FloodReport.State;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads four times a second what `sketch.h` samples and counts, adapts how much is sampled to the
/// rate, and tells who sends how much. Readers and the one who calls [#tick] take turns.
///
/// While fewer than [#SAMPLES_A_SECOND] packets come in, each is a sample and shares are exact;
/// above, one of so many is taken at random that about this number remains. 65,536 samples of which
/// a thousandth are of one source are 66 of them, give or take 8.
public final class Floods {
  /// How often [#tick] wants to be called.
  public static final long TICK_MILLIS = 250;

  /// SYNs a second on one CPU that make a flood; half of it keeps it on.
  public static final int FLOOD_OPENS = 1000;

  static final int SAMPLES_A_SECOND = 65_536;

  private static final Logger LOG = LoggerFactory.getLogger(Floods.class);
  private static final int TICKS = 4;

  /// The host's own addresses are looked at so often while no flood needs them.
  private static final int STILL_TICKS = 5 * TICKS;

  /// So long after the last answer SYNs still count as answered.
  private static final int ANSWERING_TICKS = 2 * TICKS;

  private static final int SAMPLES_OF_ALL = 65_536;
  private static final int SAMPLES_MIN = 256;
  private static final VarHandle LONG = JAVA_LONG.varHandle();
  private static final VarHandle INT = JAVA_INT.varHandle();

  private final ShortWay shortWay;
  private final MemorySegment sketches;
  private final MemorySegment samples;
  private final LongSupplier ticksLeft;
  private final LocalAddresses addresses;
  private final LostAnswers lost;
  private final int processors;
  private final int slots;
  private final long[] taken;
  private final long[] packets;
  private final long[] opens;
  private final Deque<List<Slice>> window = new ArrayDeque<>();

  /// Slices that left the window, whose memory the next ones get: a second is just so long that it
  /// would all become garbage of the kind that is seldom collected.
  private final Deque<Slice> spare = new ArrayDeque<>();

  private final byte[] registers = new byte[SketchMemory.REGISTERS];
  private long before;
  private long ticks;
  private int stride = 1;
  private double distinct;
  private boolean cookiesOff;
  private State state = State.OFF;
  private long since;
  private long answeredBefore;
  private long answeredTick = -ANSWERING_TICKS;

  /// @param ticksLeft how long the flood lasts yet, in ticks of the kernel; below 1: there is none
  public Floods(BpfObject object, ShortWay shortWay, LongSupplier ticksLeft, int processors)
      throws LibbpfException {
    this.shortWay = shortWay;
    this.ticksLeft = ticksLeft;
    this.processors = processors;
    slots = slots(processors);
    sketches = object.share("sketches", processors * SketchMemory.SKETCH_BYTES);
    samples = object.share("samples", (long) processors * slots * SketchMemory.SAMPLE_BYTES);
    lost = new LostAnswers(object.table("silent_interfaces"));
    addresses = new LocalAddresses(object.table("local_addresses"));
    taken = new long[processors];
    packets = new long[processors];
    opens = new long[processors];
    stride(1);
    answeredBefore = sum(SketchMemory.ANSWERED);
    for (int cpu = 0; cpu < processors; cpu++) { // of the process before, where there was one
      taken[cpu] = (long) LONG.getAcquire(sketch(cpu), SketchMemory.SAMPLES);
      opens[cpu] = (long) LONG.getAcquire(sketch(cpu), SketchMemory.OPENS);
      packets[cpu] = seen(cpu);
    }
    addresses.refresh();
  }

  /// How many samples the ring of each CPU holds: a power of two.
  public static int slots(int processors) {
    return Math.max(SAMPLES_MIN, Integer.highestOneBit(SAMPLES_OF_ALL / processors));
  }

  /// @param nanos CLOCK_MONOTONIC
  public synchronized void tick(long nanos) throws LibbpfException {
    double seconds = before == 0 ? TICK_MILLIS / 1e3 : Math.max(1e-3, (nanos - before) / 1e9);
    before = nanos;
    var slices = new ArrayList<Slice>(processors);
    long seen = 0;
    for (int cpu = 0; cpu < processors; cpu++) {
      var slice = slice(cpu, seconds);
      slices.add(slice);
      seen += slice.packets();
    }
    window.addLast(slices);
    if (window.size() > TICKS) {
      spare.addAll(window.removeFirst());
    }
    stride(Math.clamp(Math.ceilDiv(Math.round(seen / seconds), SAMPLES_A_SECOND), 1, 1 << 16));
    distinct();
    if (ticks % TICKS == 0 && (flooded() || ticks % STILL_TICKS == 0)) {
      addresses.refresh();
    }
    state();
    ticks++;
  }

  private MemorySegment sketch(int cpu) {
    return sketches.asSlice(cpu * SketchMemory.SKETCH_BYTES, SketchMemory.SKETCH_BYTES);
  }

  private void stride(int next) {
    stride = next;
    for (int cpu = 0; cpu < processors; cpu++) {
      INT.setVolatile(sketch(cpu), SketchMemory.STRIDE, next);
    }
  }

  private Slice slice(int cpu, double seconds) {
    var own = sketch(cpu);
    long to = (long) LONG.getAcquire(own, SketchMemory.SAMPLES);
    long from = Math.max(taken[cpu], to - slots);
    int count = (int) (to - from);
    var room = room(count);
    var sources = room.sources();
    var weights = room.weights();
    var kinds = room.kinds();
    for (int i = 0; i < count; i++) {
      long at = ((long) cpu * slots + (from + i & slots - 1)) * SketchMemory.SAMPLE_BYTES;
      sources[i] = samples.get(JAVA_LONG, at);
      weights[i] = samples.get(JAVA_INT, at + SketchMemory.SAMPLE_PACKETS);
      int flags = samples.get(JAVA_BYTE, at + SketchMemory.SAMPLE_FLAGS);
      int family = samples.get(JAVA_BYTE, at + SketchMemory.SAMPLE_FAMILY);
      kinds[i] = (byte) ((family == 6 ? Slice.SIX : 0) | flags << 1);
    }
    // What was overwritten while it was copied is not what it was.
    int lost =
        Math.clamp((long) LONG.getAcquire(own, SketchMemory.SAMPLES) - slots - from, 0, count);
    boolean whole = from == taken[cpu] && lost == 0 && stride == 1;
    taken[cpu] = to;
    long counted = seen(cpu);
    long opened = (long) LONG.getAcquire(own, SketchMemory.OPENS);
    long passed = counted - packets[cpu];
    long tried = opened - opens[cpu];
    packets[cpu] = counted;
    opens[cpu] = opened;
    room.leave(lost, count);
    return scaled(seconds, passed, tried, room, count - lost, whole);
  }

  /// Memory for so many samples: that of an earlier slice, unless it is too small or much too
  /// large.
  private Slice room(int count) {
    int wanted = Math.max(SAMPLES_MIN, count);
    for (var rooms = spare.iterator(); rooms.hasNext(); ) {
      var room = rooms.next();
      if (count <= room.room() && room.room() <= 8 * wanted) {
        rooms.remove();
        return room;
      }
    }
    while (spare.size() > processors) {
      spare.poll();
    }
    return Slice.empty(Math.max(SAMPLES_MIN, 2 * Integer.highestOneBit(count)));
  }

  /// Packets of one CPU, those refused on the short way among them.
  private long seen(int cpu) {
    return (long) LONG.getAcquire(sketch(cpu), SketchMemory.PACKETS) + shortWay.packets(cpu);
  }

  /// Makes the weights add up to what was counted.
  private static Slice scaled(
      double seconds, long packets, long opens, Slice room, int count, boolean whole) {
    var weights = room.weights();
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += weights[i];
    }
    if (!whole && sum > 0) {
      for (int i = 0; i < count; i++) {
        weights[i] *= (float) (packets / sum);
      }
    }
    return room.with(seconds, whole ? Math.round(sum) : packets, opens, count);
  }

  /// Once a second the programs get the other registers, which are empty; a tick later nobody
  /// writes into those before any more, and they are read and emptied.
  private void distinct() {
    int step = (int) (ticks % TICKS);
    int used = (int) (ticks / TICKS & 1);
    if (step == 0) {
      for (int cpu = 0; cpu < processors; cpu++) {
        INT.setVolatile(sketch(cpu), SketchMemory.SET, used);
      }
    }
    if (step == 1) {
      Arrays.fill(registers, (byte) 0);
      for (int cpu = 0; cpu < processors; cpu++) {
        var set = set(cpu, 1 - used);
        // Where hardly anybody sends, nearly all are empty.
        for (int at = 0; at < registers.length; at += Long.BYTES) {
          if (set.get(JAVA_LONG_UNALIGNED, at) == 0) {
            continue;
          }
          for (int i = at; i < at + Long.BYTES; i++) {
            registers[i] = (byte) Math.max(registers[i], set.get(JAVA_BYTE, i));
          }
        }
        set.fill((byte) 0);
      }
      distinct = Distinct.estimate(registers);
    }
  }

  private MemorySegment set(int cpu, int number) {
    return sketch(cpu)
        .asSlice(
            SketchMemory.FIRST_REGISTER + (long) number * SketchMemory.REGISTERS,
            SketchMemory.REGISTERS);
  }

  private void state() throws LibbpfException {
    long answered = sum(SketchMemory.ANSWERED);
    for (var device : lost.look(answered - answeredBefore, System.nanoTime())) {
      LOG.warn("{} loses our SYN cookies; for five minutes the kernel's own answer there", device);
    }
    if (answered > answeredBefore) {
      answeredTick = ticks;
    }
    answeredBefore = answered;
    if (ticks % TICKS == 0) {
      cookiesOff = cookiesOff();
    }
    var next = State.OFF;
    if (cookiesOff) {
      next = State.UNAVAILABLE;
    } else if (flooded()) {
      if (state == State.OFF) {
        addresses.refresh();
      }
      next = ticks - answeredTick < ANSWERING_TICKS ? State.ANSWERING : State.WATCHING;
    }
    if (next != state) {
      if (next == State.ANSWERING) {
        LOG.warn("a SYN flood fills the queue of a listener: SYNs are answered with SYN cookies");
      } else if (state == State.ANSWERING) {
        LOG.info("the SYN flood is over, or the queues of all listeners have room again");
      }
      state = next;
      since = next == State.OFF ? 0 : System.currentTimeMillis();
    }
  }

  private boolean flooded() {
    return ticksLeft.getAsLong() > 0;
  }

  private static boolean cookiesOff() {
    try {
      return Files.readString(Path.of("/proc/sys/net/ipv4/tcp_syncookies")).startsWith("0");
    } catch (IOException e) {
      return false;
    }
  }

  /// Of the second before the last tick.
  public synchronized FloodReport report() throws LibbpfException {
    var slices = window.stream().flatMap(List::stream).toList();
    double seconds = window.stream().mapToDouble(each -> each.getFirst().seconds()).sum();
    if (seconds == 0) {
      return FloodReport.NONE;
    }
    long seen = slices.stream().mapToLong(Slice::packets).sum();
    long opened = slices.stream().mapToLong(Slice::opens).sum();
    var shares = Shares.of(slices, seconds);
    return new FloodReport(
        seconds,
        Math.round(seen / seconds),
        Math.round(opened / seconds),
        Math.max(Math.round(distinct), named(shares)),
        Distinct.ERROR,
        stride,
        cookies(),
        shares);
  }

  /// The estimate is of a whole second, and so older than the shares: it may know fewer.
  private static long named(List<FloodReport.Share> shares) {
    return shares.stream()
        .filter(share ->
            share.prefix().prefix()
                == (share.prefix().address().getAddress().length == 4 ? 32 : 64))
        .count();
  }

  private long sum(long member) {
    long sum = 0;
    for (int cpu = 0; cpu < processors; cpu++) {
      sum += (long) LONG.getAcquire(sketch(cpu), member);
    }
    return sum;
  }

  private Cookies cookies() {
    String sentence =
        switch (state) {
          case UNAVAILABLE ->
              "SYN floods are not answered, because net.ipv4.tcp_syncookies is 0: set it to 1.";
          case OFF -> "No SYN flood.";
          case WATCHING ->
              "Many connections are opened; the queues of the listeners have room for them.";
          case ANSWERING ->
              "A SYN flood fills the queue of a listener: SYNs are answered with SYN cookies.";
        };
    if (!lost.names().isEmpty()) {
      sentence +=
          " On %s only the kernel's own SYN cookies answer: what XDP sends back there is lost."
              .formatted(String.join(", ", lost.names()));
    }
    return new Cookies(
        state,
        sentence,
        since,
        sum(SketchMemory.ANSWERED),
        sum(SketchMemory.COMPLETED),
        sum(SketchMemory.INVALID));
  }
}
