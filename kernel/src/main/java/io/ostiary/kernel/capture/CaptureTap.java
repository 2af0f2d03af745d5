package io.ostiary.kernel.capture;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ostiary.kernel.flood.ShortWay;
import io.ostiary.kernel.libbpf.BpfLink;
import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where packets can be taken out of the loaded programs: a few captures at a time, each with a
/// filter of its own, and before them the one of the last seconds. Its methods take turns.
public final class CaptureTap implements AutoCloseable {
  /// How many captures can run at once, beside the one of the last seconds.
  public static final int CAPTURES_MAX = CaptureMemory.CAPTURES - 1;

  private static final int CHUNKS = 64;
  private static final int CHUNKS_MIN = 2;

  private final Loader loader;
  private final ShortWay shortWay;
  private final MemorySegment settings;
  private final MemorySegment running;
  private final PacketRing ring;
  private final int hz;
  private final int chunks;
  private @Nullable BpfObject outgoing;

  /// Loads some more programs of the same object, that share its maps.
  public interface Loader {
    BpfObject load(String name, Set<String> programs) throws LibbpfException;
  }

  /// @param running the word of the control block that says which captures run
  /// @throws IOException when the compiled programs do not fit
  public CaptureTap(
      BpfObject object,
      Loader loader,
      MemorySegment running,
      int processors,
      int hz,
      ShortWay shortWay)
      throws LibbpfException, IOException {
    var differences = CaptureMemory.differences(object);
    if (!differences.isEmpty()) {
      throw new IOException(String.join("; ", differences));
    }
    this.loader = loader;
    this.running = running;
    this.shortWay = shortWay;
    this.hz = hz;
    this.chunks = chunks(processors);
    settings = object.share("capture_settings", CaptureMemory.SETTINGS_BYTES);
    settings.set(JAVA_INT, CaptureMemory.CHUNKS, chunks);
    ring =
        new PacketRing(
            object.share("capture_cpus", processors * CaptureMemory.CPU_BYTES),
            () -> share(object, (long) processors * chunks * CaptureMemory.CHUNK),
            processors,
            chunks);
  }

  private static MemorySegment share(BpfObject object, long bytes) {
    try {
      return object.share("capture_ring", bytes);
    } catch (LibbpfException e) {
      throw new IllegalStateException(e);
    }
  }

  /// How many entries the maps need on a host of so many CPUs.
  public static Map<String, Integer> entries(int processors) {
    return Map.of("capture_cpus", processors, "capture_ring", processors * chunks(processors));
  }

  private static int chunks(int processors) {
    return Math.max(CHUNKS_MIN, Integer.highestOneBit(CHUNKS / processors));
  }

  public PacketRing ring() {
    return ring;
  }

  /// Keeps the last seconds of all that comes in, within a budget of packets that lets the ring
  /// hold them for so long; what is over it is counted. `seconds` of 0 ends it.
  public synchronized void keepLast(double seconds, int snap) {
    mark(CaptureMemory.LAST_SECONDS, false);
    if (seconds <= 0) {
      return;
    }
    double record = CaptureMemory.RECORD_BYTES + (snap + 7 & -8);
    double bytes = (double) (chunks - 1) * CaptureMemory.CHUNK;
    int budget = (int) Math.max(1, bytes / (record * seconds * hz));
    settings.set(JAVA_INT, CaptureMemory.BUDGET, budget);
    CaptureFilter.all(snap).write(filter(CaptureMemory.LAST_SECONDS));
    mark(CaptureMemory.LAST_SECONDS, true);
  }

  /// How many packets a second the last seconds take at most, on each CPU.
  public synchronized long lastSecondsBudget() {
    return (long) settings.get(JAVA_INT, CaptureMemory.BUDGET) * hz;
  }

  /// How many packets the last seconds left out, being over their budget.
  public long lastSecondsSkipped() {
    return ring.skipped() + shortWay.leftOut();
  }

  /// Begins a capture.
  ///
  /// @return its number, for [#stop] and the bit in [CapturedPacket#captures]; none when as many as
  ///   possible run
  public synchronized OptionalInt start(CaptureFilter filter) {
    for (int number = 1; number < CaptureMemory.CAPTURES; number++) {
      if ((marks() >> number & 1) == 0) {
        filter.write(filter(number));
        mark(number, true);
        return OptionalInt.of(number);
      }
    }
    return OptionalInt.empty();
  }

  public synchronized void stop(int number) {
    mark(number, false);
  }

  /// Lets captures see what leaves through an interface, until the link is closed.
  public synchronized BpfLink attachOut(int interfaceIndex) throws LibbpfException {
    var loaded = outgoing;
    if (loaded == null) {
      loaded = loader.load("capture_out", Set.of("capture_out"));
      outgoing = loaded;
    }
    return loaded.attachInterface(
        loaded.program("capture_out"), BpfLink.Hook.TCX_OUT, interfaceIndex);
  }

  /// How many packets capture `number` took since the programs were loaded, read or not.
  public long taken(int number) {
    return ring.taken(number);
  }

  @Override
  public synchronized void close() {
    running.set(JAVA_INT, 0, 0);
    if (outgoing != null) {
      outgoing.close();
    }
  }

  private MemorySegment filter(int number) {
    return settings.asSlice(
        CaptureMemory.FILTERS + number * CaptureMemory.FILTER_BYTES, CaptureMemory.FILTER_BYTES);
  }

  private int marks() {
    return running.get(JAVA_INT, 0);
  }

  /// The filter is written before the mark that lets the programs read it.
  private void mark(int number, boolean on) {
    VarHandle.releaseFence();
    int bit = 1 << number;
    running.set(JAVA_INT, 0, on ? marks() | bit : marks() & ~bit);
  }
}
