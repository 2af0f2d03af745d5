package io.ostiary.kernel.shield;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.BpfTable;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The two places for tables of addresses in the kernel, each with both sides: `ipv4_top`,
/// `ipv4_blocks`, `ipv4_long` and `ipv6`. Confined to the installer.
final class AddressSlots {
  private static final int BLOCK_BYTES = 256;
  private static final int BLOCKS_SPARE = 64;
  private static final int KEY4_BYTES = 8;
  private static final int KEY6_BYTES = 20;
  private static final VarHandle LONG = JAVA_LONG.varHandle();

  private final MemorySegment top;
  private final BpfTable blocks;
  private final BpfTable[] long4;
  private final BpfTable[] prefixes6;
  private final List<Place> places = new ArrayList<>();

  /// What stands in one place for one side. What may stand in a hash is noted before it is written:
  /// a write can fail half-way.
  private static final class Place {
    int capacity;
    @Nullable Arena shared;
    MemorySegment blocks = MemorySegment.NULL;
    List<Long> long4 = List.of();
    List<Prefix6> six = List.of();

    /// Closed by [#forgetBlocks].
    @SuppressWarnings("MustBeClosedChecker")
    Arena open() {
      var arena = Arena.ofShared();
      shared = arena;
      return arena;
    }

    void forgetBlocks() {
      if (shared != null) {
        shared.close();
      }
      shared = null;
      blocks = MemorySegment.NULL;
      capacity = 0;
    }
  }

  AddressSlots(BpfObject object) throws LibbpfException {
    top =
        object
            .share(ShieldMemory.TABLES, ShieldMemory.TABLES_BYTES)
            .asSlice(ShieldMemory.IPV4_TOP, 2L * RuleTables.SIDES * AddressTable.TOP * Long.BYTES);
    blocks = object.table("ipv4_blocks");
    long4 = new BpfTable[] {object.table("ipv4_long_0"), object.table("ipv4_long_1")};
    prefixes6 = new BpfTable[] {object.table("ipv6_0"), object.table("ipv6_1")};
    for (int i = 0; i < 2 * RuleTables.SIDES; i++) {
      places.add(new Place());
    }
  }

  private static int index(int generation, int side) {
    return generation * RuleTables.SIDES + side;
  }

  /// Writes a whole table into a place that no packet reads.
  void write(int generation, int side, AddressTable table) throws LibbpfException {
    var place = places.get(index(generation, side));
    release(generation, side);
    place.long4 = new ArrayList<>(table.long4().keySet());
    writeLong4(generation, side, table.long4());
    place.six = new ArrayList<>(table.six().keySet());
    writeSix(generation, side, table.six());
    var content = table.blocks();
    if (side == RuleTables.SOURCES || !content.isEmpty()) {
      place.capacity = content.size() + BLOCKS_SPARE;
      var arena = place.open();
      place.blocks =
          blocks.putArray(
              index(generation, side),
              place.capacity,
              BLOCK_BYTES,
              arena,
              memory -> {
                for (int i = 0; i < content.size(); i++) {
                  block(memory, i, content.get(i));
                }
              });
    }
    long at = (long) index(generation, side) * AddressTable.TOP * Long.BYTES;
    MemorySegment.copy(table.top(), 0, top, JAVA_LONG, at, AddressTable.TOP);
  }

  private static void block(MemorySegment memory, int number, byte[] content) {
    MemorySegment.copy(content, 0, memory, JAVA_BYTE, (long) number * BLOCK_BYTES, BLOCK_BYTES);
  }

  /// Changes that are worked out, to be applied to a table that packets read.
  static final class Patch implements AddressTable.Writer {
    private final int generation;
    private final int side;
    private final Map<Long, Integer> long4 = new HashMap<>();
    private final List<Long> noLong4 = new ArrayList<>();
    private final Map<Prefix6, Integer> six = new HashMap<>();
    private final List<Prefix6> noSix = new ArrayList<>();
    private final Map<Integer, byte[]> blocks = new HashMap<>();
    private final Map<Integer, Long> top = new HashMap<>();

    private Patch(int generation, int side) {
      this.generation = generation;
      this.side = side;
    }

    @Override
    public void top(int index, long value) {
      top.put(index, value);
    }

    @Override
    public void block(int number, byte[] content) {
      blocks.put(number, content);
    }

    @Override
    public void long4(long key, int classNumber) {
      long4.put(key, classNumber);
    }

    @Override
    public void noLong4(long key) {
      noLong4.add(key);
    }

    @Override
    public void six(Prefix6 prefix, int classNumber) {
      six.put(prefix, classNumber);
    }

    @Override
    public void noSix(Prefix6 prefix) {
      six.remove(prefix);
      noSix.add(prefix);
    }
  }

  /// Works out what changes in a table; null where all has to be built anew.
  @Nullable Patch patch(
      int generation, int side, AddressTable table, List<AddressGroups.Change> changes) {
    for (var change : changes) {
      table.change(change.block(), change.group(), change.in());
    }
    var patch = new Patch(generation, side);
    int room = places.get(index(generation, side)).capacity;
    boolean full =
        Math.max(table.long4().size(), table.six().size())
            > AddressTable.LONG_ENTRIES_MAX / (side + 1);
    return table.placeChanged(room, patch) && !full ? patch : null;
  }

  /// Each address changes at once, from what it was to what it is to be.
  void apply(Patch patch) throws LibbpfException {
    var place = places.get(index(patch.generation, patch.side));
    place.long4.addAll(patch.long4.keySet());
    writeLong4(patch.generation, patch.side, patch.long4);
    place.six.addAll(patch.six.keySet());
    writeSix(patch.generation, patch.side, patch.six);
    patch.blocks.forEach((number, content) -> block(place.blocks, number, content));
    VarHandle.releaseFence();
    long at = (long) index(patch.generation, patch.side) * AddressTable.TOP * Long.BYTES;
    patch.top.forEach((index, value) -> LONG.setVolatile(top, at + (long) index * 8, value));
    remove(long4[patch.generation], keys4(patch.noLong4, patch.side), patch.noLong4.size());
    remove(prefixes6[patch.generation], keys6(patch.noSix, patch.side), patch.noSix.size());
  }

  /// Gives back what a place needed. An empty table in the place of the old blocks; putting it
  /// there waits until no packet reads them any more.
  void release(int generation) throws LibbpfException {
    for (int side = 0; side < RuleTables.SIDES; side++) {
      release(generation, side);
    }
  }

  private void release(int generation, int side) throws LibbpfException {
    var place = places.get(index(generation, side));
    if (place.capacity > 0) {
      barrier(generation, side);
      place.forgetBlocks();
    }
    remove(long4[generation], keys4(place.long4, side), place.long4.size());
    place.long4 = List.of();
    remove(prefixes6[generation], keys6(place.six, side), place.six.size());
    place.six = List.of();
  }

  /// Returns when no packet can still be reading what was not in force before.
  ///
  /// @param generation not the one in force
  void barrier(int generation) throws LibbpfException {
    if (places.get(index(generation, 0)).capacity == 0) {
      barrier(generation, 0);
    }
  }

  private void barrier(int generation, int side) throws LibbpfException {
    blocks.putArray(index(generation, side), 1, BLOCK_BYTES, empty -> {});
  }

  /// Gives back memory that is shared with the kernel; the tables themselves go with their object.
  void close() {
    places.forEach(Place::forgetBlocks);
  }

  long blockBytes() {
    return places.stream().mapToLong(place -> (long) place.capacity * BLOCK_BYTES).sum();
  }

  private void writeLong4(int generation, int side, Map<Long, Integer> entries)
      throws LibbpfException {
    write(long4[generation], keys4(entries.keySet(), side), values(entries), entries.size());
  }

  private void writeSix(int generation, int side, Map<Prefix6, Integer> entries)
      throws LibbpfException {
    write(prefixes6[generation], keys6(entries.keySet(), side), values(entries), entries.size());
  }

  /// In the order of the keys.
  private static int[] values(Map<?, Integer> entries) {
    var values = new int[entries.size()];
    int at = 0;
    for (int value : entries.values()) {
      values[at++] = value;
    }
    return values;
  }

  private static byte[] keys4(Collection<Long> keys, int side) {
    var bytes = ByteBuffer.allocate(keys.size() * KEY4_BYTES);
    for (long key : keys) {
      bytes.putInt(AddressTable.address4(key));
      bytes.putInt(own(AddressTable.length4(key) | side << 8));
    }
    return bytes.array();
  }

  private static byte[] keys6(Collection<Prefix6> keys, int side) {
    var bytes = ByteBuffer.allocate(keys.size() * KEY6_BYTES);
    for (var key : keys) {
      bytes.putLong(key.high()).putLong(key.low()).putInt(own(key.length() | side << 8));
    }
    return bytes.array();
  }

  /// What the kernel reads as this number of its own, in a buffer of the network's order.
  private static int own(int number) {
    return ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? number : Integer.reverseBytes(number);
  }

  private static void write(BpfTable table, byte[] keys, int[] values, int count)
      throws LibbpfException {
    if (count > 0) {
      try (var arena = Arena.ofConfined()) {
        table.writeAll(
            arena.allocateFrom(JAVA_BYTE, keys), arena.allocateFrom(JAVA_INT, values), count);
      }
    }
  }

  private static void remove(BpfTable table, byte[] keys, int count) throws LibbpfException {
    if (count > 0) {
      try (var arena = Arena.ofConfined()) {
        table.removeAll(arena.allocateFrom(JAVA_BYTE, keys), count);
      }
    }
  }
}
