package io.ostiary.kernel.stage;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.OpenedObject;
import io.ostiary.kernel.libbpf.OpenedObject.Kind;
import io.ostiary.kernel.shield.Chain;
import io.ostiary.model.KernelStatus.KernelMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A user's object after verification. Confined to one thread at a time.
final class StageObject implements AutoCloseable {
  private static final Pattern SECTION = Pattern.compile("ostiary/(before|after)/(xdp|tcx)");

  /// The names in `ostiary_stage.h` of maps that are the shield's.
  private static final Set<String> SHARED = Set.of("ostiary_packets", "ostiary_xdp", "ostiary_tcx");

  /// What these are called once they are shared.
  private static final Set<String> OF_SHIELD = Set.of("ostiary_packets", "xdp_chain", "tcx_chain");

  /// Of an object of 64 bits.
  private static final int ELF_HEAD = 64;

  private static final byte[] ELF_BEGINS = {0x7f, 'E', 'L', 'F', 2};
  private static final int ELF_MACHINE_AT = 18;
  private static final short EM_BPF = 247;
  private static final int ELF_SECTIONS_AT = 40;
  private static final int ELF_SECTION_BYTES_AT = 58;

  private final BpfObject object;
  private final Found found;

  private StageObject(BpfObject object, Found found) {
    this.object = object;
    this.found = found;
  }

  /// What was found in the object before it was loaded.
  private static final class Found {
    private About about = new About("", List.of());
    private String place = "";
    private @Nullable String xdp;
    private @Nullable String tcx;
  }

  /// @param name for messages
  /// @throws StageRefused when it is no stage
  /// @throws LibbpfException when the kernel refuses it, with the verifier's last words
  static StageObject load(String name, byte[] elf, Chain chain) throws LibbpfException {
    if (!isObject(elf)) {
      throw new StageRefused("it is no eBPF object (expected: what clang -target bpf -g -c makes)");
    }
    if (isCut(elf)) {
      throw new StageRefused(
          "it ends after %,d bytes (expected: the whole file)".formatted(elf.length));
    }
    var found = new Found();
    try {
      var object = BpfObject.load(name, elf, opened -> prepare(opened, chain, found));
      return new StageObject(object, found);
    } catch (LibbpfException e) {
      if (String.valueOf(e.getMessage()).contains("BTF is required")) {
        throw new StageRefused("it has no type information (expected: compiled with clang -g)");
      }
      throw e;
    }
  }

  /// By the head of the file (ELF): what libbpf says of others names no file and no repair.
  private static boolean isObject(byte[] elf) {
    var head = ByteBuffer.wrap(elf).order(ByteOrder.nativeOrder());
    return elf.length >= ELF_HEAD
        && Arrays.equals(elf, 0, ELF_BEGINS.length, ELF_BEGINS, 0, ELF_BEGINS.length)
        && head.getShort(ELF_MACHINE_AT) == EM_BPF;
  }

  /// The list of its sections is the last thing in it.
  private static boolean isCut(byte[] elf) {
    var head = ByteBuffer.wrap(elf).order(ByteOrder.nativeOrder());
    int each = Short.toUnsignedInt(head.getShort(ELF_SECTION_BYTES_AT));
    int count = Short.toUnsignedInt(head.getShort(ELF_SECTION_BYTES_AT + Short.BYTES));
    long sections = head.getLong(ELF_SECTIONS_AT);
    return sections < 0 || sections > elf.length - (long) each * count;
  }

  private static void prepare(OpenedObject opened, Chain chain, Found found)
      throws LibbpfException {
    found.about = About.read(opened);
    found.xdp = null;
    found.tcx = null;
    found.place = "";
    for (var program : opened.programs()) {
      place(opened, program, found);
    }
    if (found.place.isEmpty()) {
      throw new StageRefused(
          "it has no program (expected: OSTIARY_BEFORE(name) or OSTIARY_AFTER(name))");
    }
    var maps = opened.maps();
    for (var shared : SHARED) {
      if (!maps.contains(shared)) {
        throw new StageRefused("it lacks the map " + shared + " of ostiary_stage.h");
      }
    }
    chain.share(opened, "ostiary_packets", "ostiary_packets");
    chain.share(opened, "ostiary_xdp", "xdp_chain");
    chain.share(opened, "ostiary_tcx", "tcx_chain");
  }

  private static void place(OpenedObject opened, OpenedObject.Source program, Found found)
      throws LibbpfException {
    var section = SECTION.matcher(program.section());
    if (!section.matches()) {
      throw new StageRefused(
          "section %s (expected: ostiary/before/xdp, ostiary/after/tcx, ..., as OSTIARY_BEFORE and OSTIARY_AFTER write them)"
              .formatted(program.section()));
    }
    boolean xdp = section.group(2).equals("xdp");
    boolean twice = (xdp ? found.xdp : found.tcx) != null;
    if (twice || (!found.place.isEmpty() && !found.place.equals(section.group(1)))) {
      throw new StageRefused("it has two stages (expected: one OSTIARY_BEFORE or OSTIARY_AFTER)");
    }
    found.place = section.group(1);
    opened.kind(program, xdp ? Kind.XDP : Kind.TCX);
    if (xdp) {
      found.xdp = program.name();
    } else {
      found.tcx = program.name();
    }
  }

  About about() {
    return found.about;
  }

  boolean isBefore() {
    return found.place.equals("before");
  }

  String place() {
    return found.place;
  }

  List<String> hooks() {
    var hooks = new ArrayList<String>();
    if (found.xdp != null) {
      hooks.add("xdp");
    }
    if (found.tcx != null) {
      hooks.add("tcx");
    }
    return hooks;
  }

  void putInto(Chain chain, int slot) throws LibbpfException {
    chain.put(slot, program(found.xdp), program(found.tcx));
  }

  private BpfObject.@Nullable Program program(@Nullable String name) {
    return name == null ? null : object.program(name);
  }

  int instructions() {
    return object.programs().stream().mapToInt(BpfObject.Program::instructions).max().orElse(0);
  }

  /// The stage's own maps, without the shield's.
  List<KernelMap> maps() {
    return object.mapsStatus().stream()
        .filter(map -> !OF_SHIELD.contains(map.name()) && !map.name().contains(".rodata"))
        .toList();
  }

  BpfObject object() {
    return object;
  }

  long memoryBytes() {
    return maps().stream().mapToLong(KernelMap::bytes).sum();
  }

  @Override
  public void close() {
    object.close();
  }
}
