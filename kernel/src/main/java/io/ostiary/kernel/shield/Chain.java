package io.ostiary.kernel.shield;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ostiary.kernel.libbpf.BpfLink;
import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.BpfTable;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.OpenedObject;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The slots of `chain.h`: programs that packets meet besides the shield's own, by tail calls.
/// Shared by control-plane threads, which take turns.
///
/// A slot is filled before its bit is set, and its bit cleared before it is emptied. A packet that
/// finds a slot emptied goes on without it; a program that is replaced or taken away is kept by the
/// kernel until the last packet has left it. So an object may be closed as soon as its slot is
/// empty.
public final class Chain implements AutoCloseable {
  public static final int SLOTS = 16;
  public static final int STAGES_BEFORE = 0;
  public static final int STAGES_AFTER = 5;

  /// Of each side of the classifier.
  public static final int STAGES = 4;

  /// Met by packets with ports that passed everything.
  public static final int SERVICE = 9;

  /// Met by TCP packets that passed everything, before [#SERVICE].
  public static final int COOKIE = 10;

  private static final int CLASSIFIER = 4;
  private static final int APIS = 1 << 16;
  private static final int CARRIES = 1 << 17;
  private static final VarHandle INT = JAVA_INT.varHandle();

  private final BpfObject shield;
  private final MemorySegment control;
  private final byte[] elf;
  private final Map<String, Integer> settings;
  private final BpfTable xdp;
  private final BpfTable tcx;
  private @Nullable BpfObject classifier;

  Chain(BpfObject shield, MemorySegment control, byte[] elf, Map<String, Integer> settings) {
    this.shield = shield;
    this.control = control;
    this.elf = elf;
    this.settings = settings;
    xdp = shield.table("xdp_chain");
    tcx = shield.table("tcx_chain");
  }

  /// Puts programs into a slot, in the place of those that are there, and lets packets meet them.
  ///
  /// @param inXdp null where there is none for XDP; packets then pass by
  /// @param atTcx the same for tcx
  public synchronized void put(
      int slot, BpfObject.@Nullable Program inXdp, BpfObject.@Nullable Program atTcx)
      throws LibbpfException {
    if (slot < SERVICE) {
      loadClassifier();
    }
    fill(xdp, slot, inXdp);
    fill(tcx, slot, atTcx);
    flags(1 << slot, 1 << slot);
  }

  /// No packet that comes in from now on meets what is in this slot.
  public synchronized void clear(int slot) throws LibbpfException {
    flags(1 << slot, 0);
    fill(xdp, slot, null);
    fill(tcx, slot, null);
  }

  /// Whether stages are told the API of a connection.
  public synchronized void tellApis(boolean tell) {
    flags(APIS, tell ? APIS : 0);
  }

  /// Lets an object that is being loaded share a map of the shield.
  public void share(OpenedObject opened, String map, String shieldMap) throws LibbpfException {
    opened.reuse(map, shield.descriptor(shieldMap));
  }

  /// The same of all maps, for programs of the shield's own object that are loaded later.
  void shareAll(OpenedObject opened) throws LibbpfException {
    for (var map : opened.maps()) {
      if (map.endsWith(ShieldMemory.TABLES)) {
        opened.reuse(ShieldMemory.TABLES, shield.descriptor(ShieldMemory.TABLES));
      } else if (!map.contains(".rodata")) {
        opened.reuse(map, shield.descriptor(map));
      }
    }
  }

  /// Gives packets of an interface, whose stages run in XDP, the marks they got there.
  public synchronized BpfLink mark(int interfaceIndex) throws LibbpfException {
    var loaded = loadClassifier();
    return loaded.attachInterface(loaded.program("mark_tcx"), BpfLink.Hook.TCX, interfaceIndex);
  }

  /// A map of the shield that the chain's programs use.
  public BpfTable table(String map) {
    return shield.table(map);
  }

  public MemorySegment memory(String map, long bytes) throws LibbpfException {
    return shield.share(map, bytes);
  }

  /// The program that stages hand back to: read from the same object a second time, so that a host
  /// without stages starts without verifying it.
  private BpfObject loadClassifier() throws LibbpfException {
    if (classifier != null) {
      return classifier;
    }
    var loaded =
        BpfObject.load(
            "classifier",
            elf,
            opened -> {
              opened.set(settings);
              opened.only(Set.of("classifier_xdp", "classifier_tcx", "mark_tcx"));
              shareAll(opened);
            });
    classifier = loaded;
    fill(xdp, CLASSIFIER, loaded.program("classifier_xdp"));
    fill(tcx, CLASSIFIER, loaded.program("classifier_tcx"));
    return loaded;
  }

  /// Whether macvlans are watched beside what carries them.
  synchronized void carries(boolean any) {
    flags(CARRIES, any ? CARRIES : 0);
  }

  private void flags(int mask, int value) {
    int now = (int) INT.getVolatile(control, ShieldMemory.CHAIN);
    INT.setVolatile(control, ShieldMemory.CHAIN, (now & ~mask) | value);
  }

  private static void fill(BpfTable table, int slot, BpfObject.@Nullable Program program)
      throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var key = arena.allocateFrom(JAVA_INT, slot);
      if (program == null) {
        table.remove(key);
      } else {
        table.write(key, arena.allocateFrom(JAVA_INT, program.descriptor()));
      }
    }
  }

  @Override
  public synchronized void close() {
    if (classifier != null) {
      classifier.close();
    }
  }
}
