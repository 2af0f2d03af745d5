package io.ostiary.kernel.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ostiary.model.KernelStatus;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A compiled object in the kernel: its programs, their maps, and what they are attached to.
/// Confined to one thread at a time; its owner sees to that.
///
/// Every attachment is a link held by a file descriptor of this process and by nothing else, so
/// that the kernel takes all of them away when the process ends, however it ends.
public final class BpfObject implements AutoCloseable {
  private static final int INFO_BYTES = 256;
  private static final long INFO_MACHINE_BYTES = 16;
  private static final long INFO_INSTRUCTION_BYTES = 20;
  private static final long INFO_VERIFIED = 216;
  private static final int LOG_STATISTICS = 4;
  private static final long LOG_BYTES = 4096;
  private static final int BTF_KIND_STRUCT = 4;
  private static final int BTF_KIND_ENUM = 6;

  /// The section of what a program begins with as zeros.
  private static final String ZEROS = ".bss";

  private final Libbpf library;
  private final MemorySegment object;
  private final List<MemorySegment> links = new ArrayList<>();
  private List<Program> programs = List.of();
  private List<BpfMap> maps = List.of();
  private final Map<String, MemorySegment> ownData = new HashMap<>();
  private @Nullable Transcript transcript;
  private boolean closed;

  private BpfObject(Libbpf library, MemorySegment object) {
    this.library = library;
    this.object = object;
  }

  /// A program after verification.
  ///
  /// @param instructions as the kernel keeps them
  /// @param verified instructions the verifier looked at, on every way through the program
  /// @param machineBytes of the code made of them
  /// @param log what the verifier said of it: its statistics
  /// @param pointer its `struct bpf_program *`
  public record Program(
      String name,
      int descriptor,
      int instructions,
      int verified,
      int machineBytes,
      String log,
      MemorySegment pointer) {}

  /// @param type as bpftool calls it: `array`, `lru_hash`, ...
  public record BpfMap(
      String name, String type, int descriptor, int entriesMax, int keyBytes, int valueBytes) {}

  /// A structure as the object's own type information (BTF) describes it.
  ///
  /// @param members byte offset by name
  public record Struct(long bytes, Map<String, Long> members) {
    public Struct {
      members = Map.copyOf(members);
    }

    /// Where it is laid out otherwise than Java believes, in the form `name: seen (expected:
    /// what)`. A difference is a fault of the build: numbers from the wrong place would look like
    /// measurements.
    ///
    /// @param expected byte offset by name; members that nobody reads are left out
    public List<String> differences(String name, long expectedBytes, Map<String, Long> expected) {
      var differences = new ArrayList<String>();
      if (bytes != expectedBytes) {
        differences.add("struct %s: %d bytes (expected: %d)".formatted(name, bytes, expectedBytes));
      }
      expected.forEach((member, offset) -> {
        var seen = members.get(member);
        if (!offset.equals(seen)) {
          differences.add(
              "struct %s.%s: at %s (expected: %d)".formatted(name, member, seen, offset));
        }
      });
      return differences;
    }
  }

  /// Reads, relocates and verifies; attaches nothing.
  ///
  /// @param name for the message where it fails
  public static BpfObject load(String name, byte[] elf) throws LibbpfException {
    return load(name, elf, new byte[0]);
  }

  /// @param settings what the object's read-only data begins with, instead of what was compiled
  public static BpfObject load(String name, byte[] elf, byte[] settings) throws LibbpfException {
    return load(name, elf, settings, Map.of());
  }

  /// @param entries how many entries maps have, by name, instead of what was compiled
  public static BpfObject load(
      String name, byte[] elf, byte[] settings, Map<String, Integer> entries)
      throws LibbpfException {
    return load(
        name,
        elf,
        opened -> {
          opened.set(settings);
          for (var map : entries.entrySet()) {
            opened.size(map.getKey(), map.getValue());
          }
        });
  }

  /// What is done between opening an object and loading it.
  public interface Preparation {
    void prepare(OpenedObject opened) throws LibbpfException;
  }

  public static BpfObject load(String name, byte[] elf, Preparation preparation)
      throws LibbpfException {
    var library = Libbpf.load();
    try {
      return load(library, name, elf, preparation, true);
    } catch (LibbpfException e) {
      if (e.isRefused()) {
        throw e;
      }
      // Once more, for libbpf to tell the whole log.
      var said =
          new Transcript(library)
              .record(() -> load(library, name, elf, preparation, false).close());
      throw new LibbpfException("cannot load " + name, e.errno(), VerifierLog.matter(said));
    }
  }

  private static BpfObject load(
      Libbpf library, String name, byte[] elf, Preparation preparation, boolean statistics)
      throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var file = arena.allocateFrom(ValueLayout.JAVA_BYTE, elf);
      var object =
          library.pointerOrFail(
              "cannot open " + name,
              "bpf_object__open_mem",
              file,
              (long) elf.length,
              MemorySegment.NULL);
      var loaded = new BpfObject(library, object);
      try {
        preparation.prepare(new OpenedObject(library, object, arena));
        var logs = statistics ? loaded.listen(arena) : Map.<MemorySegment, MemorySegment>of();
        library.number("cannot load " + name, "bpf_object__load", object);
        loaded.emptyZeros(arena);
        loaded.programs = loaded.readPrograms(logs);
        loaded.maps = loaded.readMaps();
      } catch (LibbpfException | RuntimeException e) {
        loaded.close();
        throw e;
      }
      return loaded;
    }
  }

  public List<Program> programs() {
    return programs;
  }

  /// What the verifier said of each program, by its name.
  public Map<String, String> verifierLogs() {
    var found = new HashMap<String, String>();
    programs.forEach(program -> found.put(program.name(), program.log()));
    return found;
  }

  /// What libbpf began the object's own data with stays in its memory until the object is closed,
  /// though the kernel has it: for ours these are megabytes of zeros.
  private void emptyZeros(Arena arena) throws LibbpfException {
    var size = arena.allocate(ValueLayout.JAVA_LONG);
    var map = library.pointer("bpf_object__next_map", object, MemorySegment.NULL);
    for (;
        !map.equals(MemorySegment.NULL);
        map = library.pointer("bpf_object__next_map", object, map)) {
      if (library.text("bpf_map__name", map).endsWith(ZEROS)) {
        var data = library.pointer("bpf_map__initial_value", map, size);
        if (!data.equals(MemorySegment.NULL)) {
          library.empty(data, size.get(ValueLayout.JAVA_LONG, 0));
        }
      }
    }
  }

  /// Asks the verifier for its statistics of each program.
  private Map<MemorySegment, MemorySegment> listen(Arena arena) throws LibbpfException {
    var logs = new HashMap<MemorySegment, MemorySegment>();
    for (var at = next(MemorySegment.NULL); !at.equals(MemorySegment.NULL); at = next(at)) {
      var log = arena.allocate(LOG_BYTES);
      library.number("log", "bpf_program__set_log_buf", at, log, LOG_BYTES);
      library.number("log", "bpf_program__set_log_level", at, LOG_STATISTICS);
      logs.put(at, log);
    }
    return logs;
  }

  private MemorySegment next(MemorySegment before) throws LibbpfException {
    return library.pointer("bpf_object__next_program", object, before);
  }

  private List<Program> readPrograms(Map<MemorySegment, MemorySegment> logs)
      throws LibbpfException {
    var found = new ArrayList<Program>();
    for (var at = next(MemorySegment.NULL); !at.equals(MemorySegment.NULL); at = next(at)) {
      if (library.number("program", "bpf_program__autoload", at) != 0) {
        var log = logs.get(at);
        found.add(readProgram(at, log == null ? "" : log.getString(0).strip()));
      }
    }
    return List.copyOf(found);
  }

  private Program readProgram(MemorySegment pointer, String log) throws LibbpfException {
    int descriptor = library.number("program", "bpf_program__fd", pointer);
    try (var arena = Arena.ofConfined()) {
      var info = arena.allocate(INFO_BYTES, 8);
      var length = arena.allocateFrom(JAVA_INT, INFO_BYTES);
      library.number("program", "bpf_obj_get_info_by_fd", descriptor, info, length);
      return new Program(
          library.text("bpf_program__name", pointer),
          descriptor,
          info.get(JAVA_INT, INFO_INSTRUCTION_BYTES) / Long.BYTES,
          info.get(JAVA_INT, INFO_VERIFIED),
          info.get(JAVA_INT, INFO_MACHINE_BYTES),
          log,
          pointer);
    }
  }

  private List<BpfMap> readMaps() throws LibbpfException {
    var found = new ArrayList<BpfMap>();
    var at = library.pointer("bpf_object__next_map", object, MemorySegment.NULL);
    while (!at.equals(MemorySegment.NULL)) {
      // Before the section of an object's own data libbpf puts a name of the object.
      var name = library.text("bpf_map__name", at);
      found.add(
          new BpfMap(
              name.substring(Math.max(0, name.indexOf('.'))),
              library.text("libbpf_bpf_map_type_str", library.number("map", "bpf_map__type", at)),
              library.number("map", "bpf_map__fd", at),
              library.number("map", "bpf_map__max_entries", at),
              library.number("map", "bpf_map__key_size", at),
              library.number("map", "bpf_map__value_size", at)));
      at = library.pointer("bpf_object__next_map", object, at);
    }
    return List.copyOf(found);
  }

  /// The mark of each map's layout, as [MapShapes] makes it.
  public Map<String, String> shapes() throws LibbpfException {
    var shapes = new MapShapes(library, object);
    var found = new HashMap<String, String>();
    for (var map : maps) {
      found.put(map.name(), shapes.of(map.name()));
    }
    return found;
  }

  /// The maps with the memory that the kernel says they take.
  public List<KernelStatus.KernelMap> mapsStatus() {
    return maps.stream()
        .map(map ->
            new KernelStatus.KernelMap(map.name(), map.type(), map.entriesMax(), memory(map)))
        .toList();
  }

  private static long memory(BpfMap map) {
    try (var lines = Files.lines(Path.of("/proc/self/fdinfo/" + map.descriptor()))) {
      return lines
          .filter(line -> line.startsWith("memlock:"))
          .mapToLong(line -> Long.parseLong(line.substring(8).strip()))
          .findFirst()
          .orElse((long) map.entriesMax() * map.valueBytes());
    } catch (IOException | NumberFormatException e) {
      return (long) map.entriesMax() * map.valueBytes();
    }
  }

  /// The map of this name, to read and write by system calls.
  public BpfTable table(String map) {
    return new BpfTable(library, find(map));
  }

  public Program program(String name) {
    for (var program : programs) {
      if (program.name().equals(name)) {
        return program;
      }
    }
    throw new IllegalArgumentException("program: " + name + " (expected: one of " + programs + ")");
  }

  /// Attaches to a network interface; the link lives until [BpfLink#close] or the end of the
  /// process.
  public BpfLink attachInterface(Program program, BpfLink.Hook hook, int interfaceIndex)
      throws LibbpfException {
    try {
      return BpfLink.create(library, program, hook, interfaceIndex);
    } catch (LibbpfException e) {
      if (transcript == null) {
        transcript = new Transcript(library);
      }
      throw BpfLink.explained(e, library, transcript, program, hook, interfaceIndex);
    }
  }

  public TestRun testRun(Program program) {
    return new TestRun(library, program);
  }

  /// The memory of an array map made with BPF_F_MMAPABLE, shared with the programs. It stays
  /// readable after `close` for as long as somebody holds it. The object's own data is mapped once
  /// for all who ask: the kernel fills in every page at once, and each view takes memory.
  public MemorySegment share(String map, long bytes) throws LibbpfException {
    var known = ownData.get(map);
    if (known != null && known.byteSize() >= bytes) {
      return known.asSlice(0, bytes);
    }
    var made = library.share("cannot map the memory of " + map, find(map).descriptor(), bytes);
    if (map.startsWith(".")) {
      ownData.put(map, made);
    }
    return made;
  }

  /// For [OpenedObject#reuse].
  public int descriptor(String map) {
    return find(map).descriptor();
  }

  private BpfMap find(String name) {
    for (var map : maps) {
      if (map.name().equals(name)) {
        return map;
      }
    }
    throw new IllegalArgumentException("map: " + name + " (expected: one of " + maps + ")");
  }

  /// The version of libbpf that loaded it.
  public String libraryVersion() throws LibbpfException {
    return library.version();
  }

  public Struct struct(String name) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var btf = library.pointer("bpf_object__btf", object);
      int id =
          library.number(
              "type information of struct " + name,
              "btf__find_by_name_kind",
              btf,
              arena.allocateFrom(name),
              BTF_KIND_STRUCT);
      var type = library.pointer("btf__type_by_id", btf, id).reinterpret(12);
      int info = type.get(JAVA_INT, 4);
      var members = type.reinterpret(12 + 12L * (info & 0xffff)).asSlice(12);
      // With the kind's flag (BTF's bit 31) the upper eight bits are the size of a bit field.
      long offsetBits = info < 0 ? 0xff_ffff : 0xffff_ffffL;
      var offsets = new HashMap<String, Long>();
      for (long at = 0; at < members.byteSize(); at += 12) {
        var member = library.text("btf__name_by_offset", btf, members.get(JAVA_INT, at));
        offsets.put(member, (members.get(JAVA_INT, at + 8) & offsetBits) / 8);
      }
      return new Struct(type.get(JAVA_INT, 8), offsets);
    }
  }

  /// The constants of an enumeration of the running kernel, by name.
  public Map<String, Integer> kernelEnum(String name) throws LibbpfException {
    var btf = library.pointerOrFail("the kernel's type information", "btf__load_vmlinux_btf");
    try (var arena = Arena.ofConfined()) {
      int id =
          library.number(
              "type information of enum " + name,
              "btf__find_by_name_kind",
              btf,
              arena.allocateFrom(name),
              BTF_KIND_ENUM);
      var type = library.pointer("btf__type_by_id", btf, id).reinterpret(12);
      int count = type.get(JAVA_INT, 4) & 0xffff;
      var members = type.reinterpret(12 + 8L * count).asSlice(12);
      var constants = new HashMap<String, Integer>();
      for (long at = 0; at < members.byteSize(); at += 8) {
        var constant = library.text("btf__name_by_offset", btf, members.get(JAVA_INT, at));
        constants.put(constant, members.get(JAVA_INT, at + 4));
      }
      return constants;
    } finally {
      library.pointer("btf__free", btf);
    }
  }

  /// Attaches to the tracepoint that the program's section names.
  public void attachTracepoint(Program program) throws LibbpfException {
    links.add(
        library.pointerOrFail(
            "cannot attach " + program.name(), "bpf_program__attach_trace", program.pointer()));
  }

  public void attachCgroup(Program program, String directory) throws LibbpfException {
    int descriptor = library.openDirectory(directory);
    try {
      links.add(
          library.pointerOrFail(
              "cannot attach %s to the cgroup %s".formatted(program.name(), directory),
              "bpf_program__attach_cgroup",
              program.pointer(),
              descriptor));
    } finally {
      library.number("close", "close", descriptor);
    }
  }

  /// Detaches everything and gives the object back.
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    ownData.clear();
    try {
      for (var link : links.reversed()) {
        library.number("detach", "bpf_link__destroy", link);
      }
      library.pointer("bpf_object__close", object);
    } catch (LibbpfException e) {
      throw new IllegalStateException(e);
    }
  }
}
