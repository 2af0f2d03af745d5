package io.ostiary.kernel.libbpf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A compiled object that was read and not loaded yet: here it is still decided which of its
/// programs are loaded, and which maps it shares with another object. Confined to its loading.
public final class OpenedObject {
  private static final int BTF_KIND_DATASEC = 15;

  /// What a program is, where its section does not tell libbpf.
  public enum Kind {
    /// With packets in several pieces, as an attached program has to be that it is called from.
    XDP(6, 37, 1 << 5),
    TCX(3, 0, 0);

    private final int type;
    private final int attachType;
    private final int flags;

    Kind(int type, int attachType, int flags) {
      this.type = type;
      this.attachType = attachType;
      this.flags = flags;
    }
  }

  /// A program before verification.
  public record Source(String name, String section, MemorySegment pointer) {}

  private final Libbpf library;
  private final MemorySegment object;
  private final Arena arena;

  OpenedObject(Libbpf library, MemorySegment object, Arena arena) {
    this.library = library;
    this.object = object;
    this.arena = arena;
  }

  public List<Source> programs() throws LibbpfException {
    var found = new ArrayList<Source>();
    var at = library.pointer("bpf_object__next_program", object, MemorySegment.NULL);
    while (!at.equals(MemorySegment.NULL)) {
      found.add(
          new Source(
              library.text("bpf_program__name", at),
              library.text("bpf_program__section_name", at),
              at));
      at = library.pointer("bpf_object__next_program", object, at);
    }
    return found;
  }

  /// Loads only these of its programs.
  public void only(Set<String> names) throws LibbpfException {
    for (var program : programs()) {
      int load = names.contains(program.name()) ? 1 : 0;
      library.number(program.name(), "bpf_program__set_autoload", program.pointer(), load);
    }
  }

  public void kind(Source program, Kind kind) throws LibbpfException {
    var at = program.pointer();
    library.number(program.name(), "bpf_program__set_type", at, kind.type);
    library.number(program.name(), "bpf_program__set_expected_attach_type", at, kind.attachType);
    library.number(program.name(), "bpf_program__set_flags", at, kind.flags);
  }

  public List<String> maps() throws LibbpfException {
    var found = new ArrayList<String>();
    var at = library.pointer("bpf_object__next_map", object, MemorySegment.NULL);
    while (!at.equals(MemorySegment.NULL)) {
      found.add(library.text("bpf_map__name", at));
      at = library.pointer("bpf_object__next_map", object, at);
    }
    return found;
  }

  /// How many entries a map has, instead of what was compiled.
  public void size(String map, int entries) throws LibbpfException {
    library.number("map " + map, "bpf_map__set_max_entries", find(map), entries);
  }

  /// Uses a map of another object, which keeps its own size, in the place of this one.
  public void reuse(String map, int descriptor) throws LibbpfException {
    library.number("map " + map, "bpf_map__reuse_fd", find(map), descriptor);
  }

  /// Uses the map of another process where it has the same layout.
  ///
  /// @return whether it has
  public boolean inherit(String map, Pins pins) throws LibbpfException {
    var waiting = pins.map(map, new MapShapes(library, object).of(map));
    if (waiting.isEmpty()) {
      return false;
    }
    try {
      reuse(map, waiting.getAsInt());
    } finally {
      library.number("close", "close", waiting.getAsInt());
    }
    return true;
  }

  /// A copy of what the other process's map holds, where it has the same layout and can be shared.
  public Optional<byte[]> inherited(String map, Pins pins, int bytes) throws LibbpfException {
    var waiting = pins.map(map, new MapShapes(library, object).of(map));
    if (waiting.isEmpty()) {
      return Optional.empty();
    }
    try {
      var copy = new byte[bytes];
      library.whileShared(
          "map " + map,
          waiting.getAsInt(),
          bytes,
          memory -> MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, copy, 0, bytes));
      return Optional.of(copy);
    } finally {
      library.number("close", "close", waiting.getAsInt());
    }
  }

  /// What the object's read-only data begins with, instead of what was compiled.
  public void set(byte[] settings) throws LibbpfException {
    if (settings.length > 0) {
      MemorySegment.copy(
          settings, 0, initial(".rodata"), ValueLayout.JAVA_BYTE, 0, settings.length);
    }
  }

  /// The object's `const volatile` numbers of 32 bits, by name; the others stay as compiled.
  public void set(Map<String, Integer> settings) throws LibbpfException {
    var places = variables();
    var data = initial(".rodata");
    for (var setting : settings.entrySet()) {
      var at = places.get(setting.getKey());
      if (at == null) {
        throw new IllegalArgumentException(
            "setting: %s (expected: one of %s)".formatted(setting.getKey(), places.keySet()));
      }
      data.set(ValueLayout.JAVA_INT, at, setting.getValue());
    }
  }

  /// Where each variable stands in the read-only data, by its type information.
  private Map<String, Long> variables() throws LibbpfException {
    var btf = library.pointer("bpf_object__btf", object);
    int id =
        library.number(
            "type information of the read-only data",
            "btf__find_by_name_kind",
            btf,
            arena.allocateFrom(".rodata"),
            BTF_KIND_DATASEC);
    var type = library.pointer("btf__type_by_id", btf, id).reinterpret(12);
    int count = type.get(ValueLayout.JAVA_INT, 4) & 0xffff;
    var sections = type.reinterpret(12 + 12L * count).asSlice(12);
    var places = new HashMap<String, Long>();
    for (long at = 0; at < sections.byteSize(); at += 12) {
      int number = sections.get(ValueLayout.JAVA_INT, at);
      var variable = library.pointer("btf__type_by_id", btf, number).reinterpret(12);
      var name = library.text("btf__name_by_offset", btf, variable.get(ValueLayout.JAVA_INT, 0));
      places.put(name, Integer.toUnsignedLong(sections.get(ValueLayout.JAVA_INT, at + 4)));
    }
    return places;
  }

  /// The data that a section begins with, such as `.rodata`.
  public MemorySegment initial(String section) throws LibbpfException {
    var size = arena.allocate(ValueLayout.JAVA_LONG);
    var data =
        library.pointerOrFail("section " + section, "bpf_map__initial_value", find(section), size);
    return data.reinterpret(size.get(ValueLayout.JAVA_LONG, 0));
  }

  private MemorySegment find(String map) throws LibbpfException {
    return library.pointerOrFail(
        "map " + map, "bpf_object__find_map_by_name", object, arena.allocateFrom(map));
  }
}
