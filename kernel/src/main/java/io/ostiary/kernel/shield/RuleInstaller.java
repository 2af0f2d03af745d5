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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes rule sets into the tables of the number that is not active, makes it active by one store,
/// and waits until no packet can still be reading the other one. Confined to one thread at a time.
final class RuleInstaller {
  private static final int PORTS = 65_536;
  private static final int TOP = 65_536;
  private static final int BLOCK_BYTES = 256;
  private static final int KEY4_BYTES = 8;
  private static final int KEY6_BYTES = 20;
  private static final Logger LOG = LoggerFactory.getLogger(RuleInstaller.class);
  private static final VarHandle INT = JAVA_INT.varHandle();

  private final MemorySegment control;
  private final MemorySegment rules;
  private final MemorySegment ports;
  private final MemorySegment top;
  private final BpfTable blocks;
  private final BpfTable[] long4;
  private final BpfTable[] prefixes6;
  private final List<List<RuleTables.Prefix>> installed4;
  private final List<List<RuleTables.Prefix>> installed6;
  private final int hz;
  private boolean released = true;
  private long blockBytes;

  RuleInstaller(BpfObject object, MemorySegment control, int hz) throws LibbpfException {
    this.control = control;
    this.hz = hz;
    rules = object.share("rules", 2 * ShieldMemory.RULE_SET_BYTES);
    ports = object.share("ports", 2L * PORTS * Long.BYTES);
    top = object.share("ipv4_top", 2L * TOP * Long.BYTES);
    blocks = object.table("ipv4_blocks");
    long4 = new BpfTable[] {object.table("ipv4_long_0"), object.table("ipv4_long_1")};
    prefixes6 = new BpfTable[] {object.table("ipv6_0"), object.table("ipv6_1")};
    installed4 = new ArrayList<>(List.of(List.of(), List.of()));
    installed6 = new ArrayList<>(List.of(List.of(), List.of()));
  }

  void install(RuleTables tables) throws LibbpfException {
    int active = control.get(JAVA_INT, ShieldMemory.ACTIVE);
    int next = 1 - active;
    if (!released) {
      release(next);
    }
    long4(next, tables.long4());
    prefixes6(next, tables.prefixes6());
    blocks(next, tables.blocks());
    MemorySegment.copy(
        tables.ports(), 0, ports, JAVA_LONG, (long) next * PORTS * Long.BYTES, PORTS);
    MemorySegment.copy(tables.top(), 0, top, JAVA_LONG, (long) next * TOP * Long.BYTES, TOP);
    ruleSet(rules.asSlice(next * ShieldMemory.RULE_SET_BYTES), tables);
    INT.setVolatile(control, ShieldMemory.ACTIVE, next);
    released = false;
    blockBytes = (long) (tables.blocks().size() + 1) * BLOCK_BYTES;
    try {
      release(active);
    } catch (LibbpfException e) {
      // The new rules are in force. The memory of the old ones is given back before the next.
      LOG.debug("the rules before were not released: {}", e.getMessage());
    }
  }

  /// Gives back what the rules before needed, once no packet reads them any more.
  private void release(int slot) throws LibbpfException {
    // An empty table in the place of the old blocks; putting it there waits for the last reader.
    blocks.putArray(slot, 1, BLOCK_BYTES, empty -> {});
    long4(slot, List.of());
    prefixes6(slot, List.of());
    released = true;
  }

  /// Of the blocks of IPv4 classes, which the kernel does not count with the map that holds them.
  long unlistedBytes() {
    return blockBytes;
  }

  private void ruleSet(MemorySegment set, RuleTables tables) {
    set.asSlice(0, ShieldMemory.RULE_SET_BYTES).fill((byte) 0);
    put(set, ShieldMemory.CLASSES, tables.classes());
    put(set, ShieldMemory.PROTOCOLS, tables.protocols());
    set.set(JAVA_LONG, ShieldMemory.WITHOUT_PORTS, tables.withoutPorts());
    set.set(JAVA_LONG, ShieldMemory.ALLOW, tables.allow());
    set.set(JAVA_LONG, ShieldMemory.DENY, tables.deny());
    set.set(JAVA_LONG, ShieldMemory.LIMIT, tables.limit());
    for (int rule = 0; rule < tables.rates().length; rule++) {
      long rate = tables.rates()[rule];
      if (rate > 0) {
        long interval = ((long) hz << 32) / rate;
        set.set(JAVA_LONG, ShieldMemory.INTERVALS + 8L * rule, interval);
        set.set(JAVA_LONG, ShieldMemory.TOLERANCES + 8L * rule, interval * (burst(rate) - 1));
      }
    }
    set.set(JAVA_LONG, ShieldMemory.CONNECTIONS, tables.connections());
    MemorySegment.copy(tables.bits(), 0, set, JAVA_BYTE, ShieldMemory.BITS, tables.bits().length);
    lengths(set, ShieldMemory.LENGTHS4, tables.long4());
    lengths(set, ShieldMemory.LENGTHS6, tables.prefixes6());
    set.set(JAVA_BYTE, ShieldMemory.CLASS6, (byte) tables.class6());
    set.set(JAVA_BYTE, ShieldMemory.DRY_RUN, (byte) (tables.dryRun() ? 1 : 0));
  }

  /// How many packets may come at once: those of 100 ms, and ten where that is fewer.
  static long burst(long rate) {
    return Math.max(rate / 10, Math.min(rate, 10));
  }

  private static void put(MemorySegment set, long offset, long[] values) {
    MemorySegment.copy(values, 0, set, JAVA_LONG, offset, values.length);
  }

  private static void lengths(MemorySegment set, long offset, List<RuleTables.Prefix> prefixes) {
    var lengths =
        prefixes.stream()
            .map(RuleTables.Prefix::length)
            .distinct()
            .sorted(Comparator.reverseOrder())
            .toList();
    for (int i = 0; i < lengths.size(); i++) {
      set.set(JAVA_BYTE, offset + i, lengths.get(i).byteValue());
    }
  }

  private void blocks(int slot, List<byte[]> content) throws LibbpfException {
    if (content.isEmpty()) {
      return;
    }
    blocks.putArray(
        slot,
        content.size(),
        BLOCK_BYTES,
        memory -> {
          for (int i = 0; i < content.size(); i++) {
            MemorySegment.copy(
                content.get(i), 0, memory, JAVA_BYTE, (long) i * BLOCK_BYTES, BLOCK_BYTES);
          }
        });
  }

  /// What may stand in a table is noted before it is written: a write can fail half-way.
  private void long4(int slot, List<RuleTables.Prefix> next) throws LibbpfException {
    remove(long4[slot], installed4.get(slot), 4, KEY4_BYTES);
    installed4.set(slot, next);
    write(long4[slot], next, 4, KEY4_BYTES);
  }

  private void prefixes6(int slot, List<RuleTables.Prefix> next) throws LibbpfException {
    remove(prefixes6[slot], installed6.get(slot), 16, KEY6_BYTES);
    installed6.set(slot, next);
    write(prefixes6[slot], next, 16, KEY6_BYTES);
  }

  private static void remove(
      BpfTable table, List<RuleTables.Prefix> prefixes, int addressBytes, int keyBytes)
      throws LibbpfException {
    if (prefixes.isEmpty()) {
      return;
    }
    try (var arena = Arena.ofConfined()) {
      table.removeAll(keys(arena, prefixes, addressBytes, keyBytes), prefixes.size());
    }
  }

  private static void write(
      BpfTable table, List<RuleTables.Prefix> prefixes, int addressBytes, int keyBytes)
      throws LibbpfException {
    if (prefixes.isEmpty()) {
      return;
    }
    try (var arena = Arena.ofConfined()) {
      var values = arena.allocate(JAVA_INT, prefixes.size());
      for (int i = 0; i < prefixes.size(); i++) {
        values.setAtIndex(JAVA_INT, i, prefixes.get(i).classNumber());
      }
      table.writeAll(keys(arena, prefixes, addressBytes, keyBytes), values, prefixes.size());
    }
  }

  private static MemorySegment keys(
      Arena arena, List<RuleTables.Prefix> prefixes, int addressBytes, int keyBytes) {
    var keys = arena.allocate((long) prefixes.size() * keyBytes, 8);
    for (int i = 0; i < prefixes.size(); i++) {
      long at = (long) i * keyBytes;
      MemorySegment.copy(prefixes.get(i).address(), 0, keys, JAVA_BYTE, at, addressBytes);
      keys.set(JAVA_INT, at + addressBytes, prefixes.get(i).length());
    }
    return keys;
  }
}
