package io.ostiary.kernel.shield;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/// The two places for a rule set in the kernel, but for addresses: `sets`, `rows` and `selectors`.
final class RuleSlots {
  private static final int ROWS = 8192;
  private static final int[] ROWS_OF_SIDE = {0, 4096};
  private static final long ROW_BYTES = 64;
  private static final VarHandle LONG = JAVA_LONG.varHandle();

  private final MemorySegment rules;
  private final MemorySegment rows;
  private final MemorySegment selectors;
  private final int hz;

  RuleSlots(BpfObject object, int hz) throws LibbpfException {
    this.hz = hz;
    var tables = object.share(ShieldMemory.TABLES, ShieldMemory.TABLES_BYTES);
    rules = tables.asSlice(ShieldMemory.SETS, 2 * ShieldMemory.RULE_SET_BYTES);
    rows = tables.asSlice(ShieldMemory.ROWS, 2 * ROWS * ROW_BYTES);
    selectors = tables.asSlice(ShieldMemory.SELECTORS, 2L * Selectors.SIZE * Short.BYTES);
  }

  /// Writes a whole set into the place that no packet reads.
  void write(int slot, RuleTables tables, List<AddressTable> addresses, int generation) {
    for (int side = 0; side < RuleTables.SIDES; side++) {
      rows(slot, side, tables.sides().get(side), addresses.get(side).classes());
    }
    for (int i = 0; i < tables.selectorRows().size(); i++) {
      row(slot, Selectors.ROWS_FIRST + i, tables.selectorRows().get(i));
    }
    long at = (long) slot * Selectors.SIZE * Short.BYTES;
    // In one piece: 202,000 single stores took 10 ms and more before they were compiled.
    MemorySegment.copy(tables.selectors(), 0, selectors, JAVA_SHORT, at, Selectors.SIZE);
    set(rules.asSlice(slot * ShieldMemory.RULE_SET_BYTES), tables, addresses, generation);
  }

  /// Writes the rows of all classes of a side. Where they stand already the same is written.
  void rows(int slot, int side, RuleTables.Side of, List<Mask> classes) {
    for (int number = 0; number < classes.size(); number++) {
      row(slot, ROWS_OF_SIDE[side] + number, of.row(classes.get(number)));
    }
  }

  private void row(int slot, int number, Mask mask) {
    long at = ((long) slot * ROWS + number) * ROW_BYTES;
    for (int word = 0; word < Mask.WORDS; word++) {
      rows.set(JAVA_LONG, at + (long) word * Long.BYTES, mask.word(word));
    }
  }

  private void set(
      MemorySegment set, RuleTables tables, List<AddressTable> addresses, int generation) {
    set.asSlice(0, ShieldMemory.RULE_SET_BYTES).fill((byte) 0);
    for (int word = 0; word < Mask.WORDS - 1; word++) {
      long at = (long) word * Long.BYTES;
      set.set(JAVA_LONG, ShieldMemory.ALLOW + at, tables.allow().word(word));
      set.set(JAVA_LONG, ShieldMemory.DENY + at, tables.deny().word(word));
      set.set(JAVA_LONG, ShieldMemory.CONNECTIONS + at, tables.connections().word(word));
    }
    for (int rule = 0; rule < tables.rules(); rule++) {
      long rate = tables.rates()[rule];
      if (rate > 0) {
        long interval = ((long) hz << 32) / rate;
        long at = (long) rule * Long.BYTES;
        set.set(JAVA_LONG, ShieldMemory.INTERVALS + at, interval);
        set.set(
            JAVA_LONG, ShieldMemory.TOLERANCES + at, interval * (RuleInstaller.burst(rate) - 1));
        set.set(JAVA_BYTE, ShieldMemory.BITS + rule, tables.bits()[rule]);
      }
    }
    for (int side = 0; side < RuleTables.SIDES; side++) {
      var table = addresses.get(side);
      var lengths = table.lengths6();
      for (int i = 0; i < lengths.size(); i++) {
        long at = ShieldMemory.LENGTHS6 + (long) side * AddressTable.LENGTHS6_MAX + i;
        set.set(JAVA_BYTE, at, lengths.get(i).byteValue());
      }
      set.set(
          JAVA_SHORT, ShieldMemory.LENGTHS4 + (long) side * Short.BYTES, (short) table.lengths4());
      set.set(JAVA_INT, ShieldMemory.CLASS6 + (long) side * Integer.BYTES, table.class6());
    }
    set.set(JAVA_INT, ShieldMemory.ADDRESSES, generation);
    set.set(JAVA_SHORT, ShieldMemory.WORDS, (short) ((tables.rules() + 63) / 64));
    set.set(JAVA_BYTE, ShieldMemory.MORE, (byte) (tables.more() ? 1 : 0));
    set.set(JAVA_BYTE, ShieldMemory.DRY_RUN, (byte) (tables.dryRun() ? 1 : 0));
  }

  /// Adds lengths of prefixes to the set in force, before the first of them is looked up.
  ///
  /// @return false where one store cannot do it
  boolean addLengths(int slot, List<AddressTable> addresses) {
    var set = rules.asSlice(slot * ShieldMemory.RULE_SET_BYTES);
    for (int side = 0; side < RuleTables.SIDES; side++) {
      long at = ShieldMemory.LENGTHS4 + (long) side * Short.BYTES;
      short now = set.get(JAVA_SHORT, at);
      set.set(JAVA_SHORT, at, (short) (now | addresses.get(side).lengths4()));
      if (!addLengths6(set, side, addresses.get(side))) {
        return false;
      }
    }
    return true;
  }

  /// Takes lengths of prefixes out of the set in force, behind the last of them.
  ///
  /// @return false where one store cannot do it
  boolean trimLengths(int slot, List<AddressTable> addresses) {
    var set = rules.asSlice(slot * ShieldMemory.RULE_SET_BYTES);
    boolean trimmed = true;
    for (int side = 0; side < RuleTables.SIDES; side++) {
      var table = addresses.get(side);
      set.set(
          JAVA_SHORT, ShieldMemory.LENGTHS4 + (long) side * Short.BYTES, (short) table.lengths4());
      var lengths = descending(table.lengths6());
      trimmed &= lengths6(set, side).equals(lengths) || store6(set, side, lengths);
    }
    return trimmed;
  }

  private static boolean addLengths6(MemorySegment set, int side, AddressTable table) {
    var lengths = lengths6(set, side);
    return !lengths.addAll(table.lengths6()) || store6(set, side, lengths);
  }

  private static SortedSet<Integer> lengths6(MemorySegment set, int side) {
    var lengths = new ArrayList<Integer>();
    for (int i = 0; i < AddressTable.LENGTHS6_MAX; i++) {
      int length = set.get(JAVA_BYTE, at6(side) + i) & 255;
      if (length > 0) {
        lengths.add(length);
      }
    }
    return descending(lengths);
  }

  private static SortedSet<Integer> descending(List<Integer> lengths) {
    var sorted = new TreeSet<Integer>(Comparator.reverseOrder());
    sorted.addAll(lengths);
    return sorted;
  }

  private static long at6(int side) {
    return ShieldMemory.LENGTHS6 + (long) side * AddressTable.LENGTHS6_MAX;
  }

  /// All that there are must be in the first of the two words, before and after.
  private static boolean store6(MemorySegment set, int side, SortedSet<Integer> lengths) {
    if (lengths.size() > Long.BYTES || set.get(JAVA_BYTE, at6(side) + Long.BYTES) != 0) {
      return false;
    }
    long packed = 0;
    int place = 0;
    for (int length : lengths) {
      packed |= (long) length << (Byte.SIZE * place);
      place++;
    }
    LONG.setVolatile(set, at6(side), packed);
    return true;
  }
}
