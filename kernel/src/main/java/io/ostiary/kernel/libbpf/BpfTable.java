package io.ostiary.kernel.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.function.Consumer;

/// A map, read and written by system calls; not for event loops. Confined to one thread at a time.
public final class BpfTable {
  private static final int BPF_MAP_TYPE_ARRAY = 2;
  private static final int BPF_F_MMAPABLE = 1 << 10;
  private static final int BPF_F_INNER_MAP = 1 << 12;
  private static final int NOT_THERE = 2;
  private static final Set<String> LISTED =
      Set.of("array", "percpu_array", "hash", "percpu_hash", "lru_hash", "lru_percpu_hash");

  private final Libbpf library;
  private final BpfObject.BpfMap map;

  BpfTable(Libbpf library, BpfObject.BpfMap map) {
    this.library = library;
    this.map = map;
  }

  /// Copies one entry.
  ///
  /// @param value room for it; of a per-CPU map, for one value of each possible CPU
  /// @return whether it is there
  public boolean lookup(MemorySegment key, MemorySegment value) throws LibbpfException {
    return there("bpf_map_lookup_elem", key, value);
  }

  /// @param before NULL for the first
  /// @return whether there is a next one; `next` holds it
  public boolean nextKey(MemorySegment before, MemorySegment next) throws LibbpfException {
    return there("bpf_map_get_next_key", before, next);
  }

  private boolean there(String function, MemorySegment in, MemorySegment out)
      throws LibbpfException {
    try {
      library.number("cannot read " + map.name(), function, map.descriptor(), in, out);
      return true;
    } catch (LibbpfException e) {
      if (e.errno() == NOT_THERE) {
        return false;
      }
      throw e;
    }
  }

  /// Whether entries can be listed and copied: not maps of maps, programs or rings.
  public boolean listed() {
    return LISTED.contains(map.type());
  }

  public boolean perCpu() {
    return map.type().contains("percpu");
  }

  public int keyBytes() {
    return map.keyBytes();
  }

  public int valueBytes() {
    return map.valueBytes();
  }

  /// From the value of one CPU to the next.
  public int valueStride() {
    return (map.valueBytes() + 7) & -8;
  }

  /// How many CPUs a per-CPU map has values for.
  public int processors() throws LibbpfException {
    return library.number("CPUs", "libbpf_num_possible_cpus");
  }

  /// Reads `count` entries of an array map.
  ///
  /// @param values room for them; of a per-CPU map, for one value of each possible CPU
  public void read(int first, int count, MemorySegment values) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      // The key before the first one, and none before 0.
      var before = first == 0 ? MemorySegment.NULL : arena.allocateFrom(JAVA_INT, first - 1);
      var keys = arena.allocate(JAVA_INT, count);
      var length = arena.allocateFrom(JAVA_INT, count);
      var next = arena.allocate(JAVA_INT);
      try {
        library.number(
            "cannot read " + map.name(),
            "bpf_map_lookup_batch",
            map.descriptor(),
            before,
            next,
            keys,
            values,
            length,
            MemorySegment.NULL);
      } catch (LibbpfException e) {
        // The end of the map was met, which is what was asked for.
        if (e.errno() != NOT_THERE) {
          throw e;
        }
      }
    }
  }

  public void write(MemorySegment key, MemorySegment value) throws LibbpfException {
    library.number(
        "cannot write " + map.name(), "bpf_map_update_elem", map.descriptor(), key, value, 0L);
  }

  /// Reads one entry.
  ///
  /// @return false where there is none
  public boolean find(MemorySegment key, MemorySegment value) throws LibbpfException {
    try {
      library.number(
          "cannot read " + map.name(), "bpf_map_lookup_elem", map.descriptor(), key, value);
      return true;
    } catch (LibbpfException e) {
      if (e.errno() == NOT_THERE) {
        return false;
      }
      throw e;
    }
  }

  /// Writes `count` entries that stand one after the other in `keys` and `values`.
  public void writeAll(MemorySegment keys, MemorySegment values, int count) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      library.number(
          "cannot write " + map.name(),
          "bpf_map_update_batch",
          map.descriptor(),
          keys,
          values,
          arena.allocateFrom(JAVA_INT, count),
          MemorySegment.NULL);
    }
  }

  /// Removes `count` entries of a hash map, those that are there.
  public void removeAll(MemorySegment keys, int count) throws LibbpfException {
    try {
      removeThere(keys, count);
    } catch (LibbpfException e) {
      if (e.errno() != NOT_THERE) {
        throw e;
      }
      for (int i = 0; i < count; i++) {
        remove(keys.asSlice((long) i * map.keyBytes(), map.keyBytes()));
      }
    }
  }

  /// Removes one entry, where it is there.
  public void remove(MemorySegment key) throws LibbpfException {
    try {
      library.number("cannot clear " + map.name(), "bpf_map_delete_elem", map.descriptor(), key);
    } catch (LibbpfException e) {
      if (e.errno() != NOT_THERE) {
        throw e;
      }
    }
  }

  private void removeThere(MemorySegment keys, int count) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      library.number(
          "cannot clear " + map.name(),
          "bpf_map_delete_batch",
          map.descriptor(),
          keys,
          arena.allocateFrom(JAVA_INT, count),
          MemorySegment.NULL);
    }
  }

  /// Puts another map into a slot of this map of maps, which keeps it even where its own object is
  /// closed.
  public void putMap(int slot, BpfTable inner) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      write(
          arena.allocateFrom(JAVA_INT, slot), arena.allocateFrom(JAVA_INT, inner.map.descriptor()));
    }
  }

  /// Puts a new array map into a slot of this map of maps. Returns after a grace period of RCU: no
  /// program can still be reading what stood there, nor any other table it read before.
  ///
  /// @param fill writes the new map's memory
  public void putArray(int slot, int entries, int valueBytes, Consumer<MemorySegment> fill)
      throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      putArray(slot, entries, valueBytes, arena, fill);
    }
  }

  /// The same, of a map that is changed later.
  ///
  /// @param shared for how long the memory stays readable and writable here
  /// @param fill writes the new map's memory
  /// @return the new map's memory
  public MemorySegment putArray(
      int slot, int entries, int valueBytes, Arena shared, Consumer<MemorySegment> fill)
      throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var options = arena.allocate(48, 8);
      options.set(java.lang.foreign.ValueLayout.JAVA_LONG, 0, 48);
      options.set(JAVA_INT, 28, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
      int descriptor =
          library.number(
              "cannot make a table for " + map.name(),
              "bpf_map_create",
              BPF_MAP_TYPE_ARRAY,
              arena.allocateFrom("ostiary_inner"),
              4,
              valueBytes,
              entries,
              options);
      try {
        long bytes = (long) entries * valueBytes;
        var memory = library.share("cannot fill " + map.name(), descriptor, bytes, shared);
        fill.accept(memory);
        write(arena.allocateFrom(JAVA_INT, slot), arena.allocateFrom(JAVA_INT, descriptor));
        return memory;
      } finally {
        library.number("close", "close", descriptor);
      }
    }
  }
}
