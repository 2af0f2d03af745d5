package io.ostiary.kernel.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/// A short mark for the layout of each map of an object: two versions of Ostiary that mark a map
/// alike mean the same by every bit of it, down to the names and places of the members.
final class MapShapes {
  private static final int DEPTH_MAX = 16;

  private final Libbpf library;
  private final MemorySegment object;

  MapShapes(Libbpf library, MemorySegment object) {
    this.library = library;
    this.object = object;
  }

  /// Eight hexadecimal digits.
  String of(String map) throws LibbpfException {
    var sum = new CRC32C();
    sum.update(describe(map).getBytes(StandardCharsets.UTF_8));
    return "%08x".formatted(sum.getValue());
  }

  private String describe(String map) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var found =
          library.pointerOrFail(
              "map " + map, "bpf_object__find_map_by_name", object, arena.allocateFrom(map));
      var text = new StringBuilder(map);
      for (var number :
          new String[] {"type", "key_size", "value_size", "max_entries", "map_flags"}) {
        text.append(' ').append(library.number("map " + map, "bpf_map__" + number, found));
      }
      var btf = library.pointer("bpf_object__btf", object);
      for (var part : new String[] {"key", "value"}) {
        int type = library.number("map " + map, "bpf_map__btf_" + part + "_type_id", found);
        text.append(' ').append(type(btf, type, 0));
      }
      return text.toString();
    }
  }

  private String type(MemorySegment btf, int id, int depth) throws LibbpfException {
    if (id == 0 || depth > DEPTH_MAX) {
      return "-";
    }
    var head = library.pointer("btf__type_by_id", btf, id).reinterpret(12);
    int info = head.get(JAVA_INT, 4);
    int kind = info >>> 24 & 31;
    int sizeOrType = head.get(JAVA_INT, 8);
    return switch (kind) {
      case 3 -> {
        var array = head.reinterpret(24);
        yield type(btf, array.get(JAVA_INT, 12), depth + 1) + "*" + array.get(JAVA_INT, 20);
      }
      case 4, 5 -> members(btf, head, info & 0xffff, depth) + sizeOrType;
      // Names for another type, and what may be done with it.
      case 8, 9, 10, 11, 14, 18 -> type(btf, sizeOrType, depth + 1);
      case 2 -> "pointer";
      case 15 -> section(btf, head, info & 0xffff, depth) + sizeOrType;
      default -> kind + ":" + sizeOrType;
    };
  }

  /// Of the object's own data: its variables.
  private String section(MemorySegment btf, MemorySegment head, int count, int depth)
      throws LibbpfException {
    var variables = head.reinterpret(12 + 12L * count);
    var text = new StringBuilder("[");
    for (int i = 0; i < count; i++) {
      text.append(type(btf, variables.get(JAVA_INT, 12 + 12L * i), depth + 1)).append(',');
    }
    return text.append(']').toString();
  }

  private String members(MemorySegment btf, MemorySegment head, int count, int depth)
      throws LibbpfException {
    var members = head.reinterpret(12 + 12L * count);
    var text = new StringBuilder("{");
    for (int i = 0; i < count; i++) {
      long at = 12 + 12L * i;
      text.append(library.text("btf__name_by_offset", btf, members.get(JAVA_INT, at)))
          .append('@')
          .append(members.get(JAVA_INT, at + 8))
          .append(type(btf, members.get(JAVA_INT, at + 4), depth + 1))
          .append(',');
    }
    return text.append('}').toString();
  }
}
