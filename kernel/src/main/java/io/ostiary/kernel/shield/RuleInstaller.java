package io.ostiary.kernel.shield;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ostiary.kernel.flood.ShortWay;
import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.Cidr;
import io.ostiary.model.CidrBlocks;
import io.ostiary.model.CidrList;
import io.ostiary.model.KernelRule;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings rule sets into force. Confined to one thread at a time.
///
/// There are two of every table, and a set is written beside the one that is in force, which one
/// store then replaces. What is about addresses stands in tables of its own, because it may be
/// much: where a set names nearly the same addresses as the one before, only these entries change,
/// each by a single store, and blocks that a new rule names before any rule does. So one change is
/// in force at once however many addresses there are.
final class RuleInstaller {
  private static final Logger LOG = LoggerFactory.getLogger(RuleInstaller.class);
  private static final VarHandle INT = JAVA_INT.varHandle();

  /// A packet is judged in far less; after this time none can be reading the set before.
  private static final long GRACE_NANOS = 20_000_000;

  /// A whole list, and what else the rules name.
  private static final int BLOCKS_MAX = CidrList.BLOCKS_MAX + 100_000;

  private static final int[] CLASSES_MAX = {4096, 1024};

  /// Up to here the tables before are kept until new ones are in force: some 130 bytes for a block.
  private static final long TOGETHER_MAX = 300_000;

  private final MemorySegment control;
  private final RuleSlots slots;
  private final AddressSlots addresses;
  private final RuleHitCounters hits;

  /// Of one set after the other: 400 KB for each would bring the garbage collector sooner.
  private final short[] selectors = new short[Selectors.SIZE];

  private List<AddressGroups> groups;
  private List<AddressTable> tables;
  private @Nullable RuleTables installed;
  private @Nullable Basis installedBasis;
  private int generation;
  private boolean built;
  private long swappedNanos;

  RuleInstaller(BpfObject object, MemorySegment control, int hz, int processors, ShortWay shortWay)
      throws LibbpfException {
    this.control = control;
    slots = new RuleSlots(object, hz);
    addresses = new AddressSlots(object);
    hits = new RuleHitCounters(object, control, hz, processors, shortWay);
    groups = newGroups();
    tables = newTables();
  }

  private static List<AddressGroups> newGroups() {
    return List.of(new AddressGroups(2), new AddressGroups(0));
  }

  private static List<AddressTable> newTables() {
    return List.of(new AddressTable(), new AddressTable());
  }

  /// @param interfaces numbers by name
  /// @return what is wrong; empty when it is in force
  List<String> install(RuleSetSource source, Map<String, Integer> interfaces)
      throws LibbpfException {
    var unknown = unknownSets(source);
    if (!unknown.isEmpty()) {
      return unknown;
    }
    if (source.rules().size() > RuleTables.RULES_MAX) {
      return List.of(
          "kernel.rules: %,d rules (expected: at most %d; put sources of equal rules into one rule or one set)"
              .formatted(source.rules().size(), RuleTables.RULES_MAX));
    }
    var wanted = List.of(sources(source), destinations(source));
    var tooMany = tooMany(wanted);
    if (!tooMany.isEmpty()) {
      return List.of(tooMany);
    }
    if (built && patch(source, wanted, interfaces, false)) {
      return List.of();
    }
    return rebuild(source, wanted, interfaces);
  }

  /// Exchanges the set in force for one that is the same but for blocks that nobody sends from, or
  /// back, so that code is loaded, linked and compiled before it is waited for.
  ///
  /// @param source what is in force
  /// @param more whether these blocks are to be spared
  void rehearse(RuleSetSource source, Map<String, Integer> interfaces, boolean more)
      throws LibbpfException {
    if (!built) {
      return;
    }
    var management = new ArrayList<>(source.management());
    var sets = new HashMap<>(source.sets());
    if (more) {
      management.addAll(Nobody.blocks(tables.getFirst().lengths6()));
      sets.replaceAll((_, blocks) -> CidrBlocks.copyOf(blocks)); // so that they are compared
    }
    var altered =
        new RuleSetSource(
            source.rules(),
            sets,
            List.of(),
            management,
            source.sessions(),
            source.dryRun(),
            source.above());
    // There and back by the two ways that a change can go.
    patch(altered, List.of(sources(altered), destinations(altered)), interfaces, more);
  }

  /// Before anything is made of them: very many take more memory than there is.
  private static String tooMany(List<Map<String, List<Cidr>>> wanted) {
    for (int side = 0; side < RuleTables.SIDES; side++) {
      long blocks = blocks(wanted.subList(side, side + 1));
      if (blocks > BLOCKS_MAX) {
        return "kernel.rules: %,d blocks of %s, those of sets included (expected: at most %,d)"
            .formatted(blocks, what(side), BLOCKS_MAX);
      }
    }
    return "";
  }

  private static long blocks(List<Map<String, List<Cidr>>> wanted) {
    return wanted.stream().flatMap(side -> side.values().stream()).mapToLong(List::size).sum();
  }

  private static String what(int side) {
    return side == RuleTables.SOURCES ? "sources" : "destinations";
  }

  private static List<String> unknownSets(RuleSetSource source) {
    var problems = new ArrayList<String>();
    for (int i = 0; i < source.rules().size(); i++) {
      var match = source.rules().get(i).match();
      for (var names : List.of(match.fromSets(), match.toSets())) {
        for (var name : names) {
          if (!source.sets().containsKey(name)) {
            problems.add(
                "kernel.rules/%d: set '%s' (expected: one of %s)"
                    .formatted(i, name, source.sets().keySet()));
          }
        }
      }
    }
    return problems;
  }

  private static Map<String, List<Cidr>> sources(RuleSetSource source) {
    var wanted = new LinkedHashMap<String, List<Cidr>>();
    wanted.put("management", source.management());
    wanted.put(
        "sessions", source.sessions().peers().stream().sorted(RuleInstaller::order).toList());
    for (var rule : source.rules()) {
      var match = rule.match();
      if (!match.fromAnywhere()) {
        wanted.computeIfAbsent(
            AddressGroups.label(match.from(), match.fromSets()),
            _ -> members(match.from(), match.fromSets(), source.sets()));
      }
    }
    return wanted;
  }

  private static int order(Cidr one, Cidr other) {
    return one.toString().compareTo(other.toString());
  }

  private static Map<String, List<Cidr>> destinations(RuleSetSource source) {
    var wanted = new LinkedHashMap<String, List<Cidr>>();
    for (var rule : source.rules()) {
      var match = rule.match();
      if (!match.toAnywhere()) {
        wanted.computeIfAbsent(
            AddressGroups.label(match.to(), match.toSets()),
            _ -> members(match.to(), match.toSets(), source.sets()));
      }
    }
    return wanted;
  }

  private static List<Cidr> members(
      List<Cidr> blocks, List<String> names, Map<String, List<Cidr>> sets) {
    if (names.isEmpty()) {
      return blocks;
    }
    if (blocks.isEmpty() && names.size() == 1) {
      return sets.getOrDefault(names.getFirst(), List.of());
    }
    var all = new ArrayList<List<Cidr>>(List.of(blocks));
    names.forEach(name -> all.add(sets.getOrDefault(name, List.of())));
    return CidrBlocks.of(all);
  }

  /// Changes what differs; false where that is too much or does not fit, and nothing is changed.
  /// Where nothing but addresses differs, as of a set whose file has changed, the set in force is
  /// changed as it stands: compiling the rules and writing them takes longer than all the rest.
  ///
  /// @param anew whether another set takes the place of the one in force in any case
  private boolean patch(
      RuleSetSource source,
      List<Map<String, List<Cidr>>> wanted,
      Map<String, Integer> interfaces,
      boolean anew)
      throws LibbpfException {
    keep();
    var now = new ArrayList<AddressSlots.Patch>();
    var after = new ArrayList<List<AddressGroups.Change>>();
    for (int side = 0; side < RuleTables.SIDES; side++) {
      var difference = groups.get(side).become(wanted.get(side));
      if (difference == null) {
        return takenBack();
      }
      var patch = addresses.patch(generation, side, tables.get(side), difference.now());
      if (patch == null || tables.get(side).classes().size() > CLASSES_MAX[side]) {
        return takenBack();
      }
      now.add(patch);
      after.add(difference.after());
    }
    var basis = basis(source, interfaces);
    var kept = anew || !basis.equals(installedBasis) ? null : installed;
    var compiled = kept == null ? compile(source, basis) : kept;
    if (compiled.selectorRows().size() > Selectors.ROWS_MAX) {
      return takenBack();
    }
    waitForReaders();
    int active = control.get(JAVA_INT, ShieldMemory.ACTIVE);
    if (!slots.addLengths(active, tables)) {
      return takenBack();
    }
    // A write that fails leaves the kernel with less than the tables have: then all is built anew.
    built = false;
    for (int side = 0; side < RuleTables.SIDES; side++) {
      // Addresses of a new class are met by the rules in force too, for a moment.
      var before = installed;
      if (before != null) {
        slots.rows(active, side, before.sides().get(side), tables.get(side).classes());
      }
      addresses.apply(now.get(side));
    }
    if (kept != null && slots.trimLengths(active, tables)) {
      swappedNanos = System.nanoTime(); // from now on nobody reads what was taken out
    } else {
      swap(kept == null ? compiled : compile(source, basis), basis, 1 - active);
    }
    boolean exact = true;
    for (int side = 0; side < RuleTables.SIDES; side++) {
      exact &= forget(side, after.get(side));
    }
    built = exact;
    return true;
  }

  private void keep() {
    groups.forEach(AddressGroups::keep);
    tables.forEach(AddressTable::keep);
  }

  /// The tables are again what the kernel has, so that after a set that is refused only what
  /// differs is changed.
  private boolean takenBack() {
    groups.forEach(AddressGroups::takeBack);
    tables.forEach(AddressTable::takeBack);
    return false;
  }

  /// Takes out what no rule names any more; false where it cannot be done so, and the next set
  /// builds anew.
  private boolean forget(int side, List<AddressGroups.Change> changes) throws LibbpfException {
    if (changes.isEmpty()) {
      return true;
    }
    var patch = addresses.patch(generation, side, tables.get(side), changes);
    if (patch == null || tables.get(side).classes().size() > CLASSES_MAX[side]) {
      return false;
    }
    var in = installed;
    if (in != null) {
      int active = control.get(JAVA_INT, ShieldMemory.ACTIVE);
      slots.rows(active, side, in.sides().get(side), tables.get(side).classes());
    }
    addresses.apply(patch);
    return true;
  }

  private List<String> rebuild(
      RuleSetSource source, List<Map<String, List<Cidr>>> wanted, Map<String, Integer> interfaces)
      throws LibbpfException {
    var nextGroups = newGroups();
    var nextTables = newTables();
    if (blocks(wanted) + groups.stream().mapToLong(AddressGroups::blocks).sum() > TOGETHER_MAX) {
      // Their memory is needed; if the new ones are refused, the next set is built anew as well.
      tables = nextTables;
      built = false;
    }
    for (int side = 0; side < RuleTables.SIDES; side++) {
      var table = nextTables.get(side);
      nextGroups.get(side).restart(wanted.get(side), table);
      table.place();
      var problem = problem(side, table);
      if (!problem.isEmpty()) {
        return List.of(problem);
      }
    }
    var before = groups;
    groups = nextGroups;
    var basis = basis(source, interfaces);
    var compiled = compile(source, basis);
    if (compiled.selectorRows().size() > Selectors.ROWS_MAX) {
      groups = before;
      return List.of(
          "kernel.rules: their ports, types, flags and tags overlap in %,d different ways (expected: at most %,d)"
              .formatted(compiled.selectorRows().size(), Selectors.ROWS_MAX));
    }
    tables = nextTables;
    built = false;
    int next = 1 - generation;
    for (int side = 0; side < RuleTables.SIDES; side++) {
      addresses.write(next, side, nextTables.get(side));
    }
    waitForReaders();
    int last = generation;
    generation = next;
    swap(compiled, basis, 1 - control.get(JAVA_INT, ShieldMemory.ACTIVE));
    built = true;
    try {
      addresses.release(last);
    } catch (LibbpfException e) {
      // The new rules are in force. The memory of the old ones is given back before the next.
      LOG.debug("the rules before were not released: {}", e.getMessage());
    }
    return List.of();
  }

  private static String problem(int side, AddressTable table) {
    var what = what(side);
    if (table.classes().size() > CLASSES_MAX[side]) {
      return "kernel.rules: their %s overlap in %,d different ways (expected: at most %,d)"
          .formatted(what, table.classes().size(), CLASSES_MAX[side]);
    }
    int longest = Math.max(table.long4().size(), table.six().size());
    if (longest > AddressTable.LONG_ENTRIES_MAX / (side + 1)) {
      return "kernel.rules: %,d %s that are IPv6 blocks, or IPv4 blocks longer than /24 (expected: at most %,d of each)"
          .formatted(longest, what, AddressTable.LONG_ENTRIES_MAX / (side + 1));
    }
    if (table.lengths6().size() > AddressTable.LENGTHS6_MAX) {
      return "kernel.rules: %s that are IPv6 blocks of %d different lengths (expected: at most %d)"
          .formatted(what, table.lengths6().size(), AddressTable.LENGTHS6_MAX);
    }
    return "";
  }

  /// All that a compiled set depends on: of addresses only which groups they are in.
  private record Basis(
      List<KernelRule> rules,
      List<List<Integer>> groups,
      Set<Integer> ports,
      Map<String, Integer> interfaces,
      Set<String> above,
      boolean dryRun) {}

  private Basis basis(RuleSetSource source, Map<String, Integer> interfaces) {
    var from = new ArrayList<Integer>();
    var to = new ArrayList<Integer>();
    for (var rule : source.rules()) {
      from.add(group(RuleTables.SOURCES, rule.match().from(), rule.match().fromSets()));
      to.add(group(RuleTables.DESTINATIONS, rule.match().to(), rule.match().toSets()));
    }
    return new Basis(
        source.rules(),
        List.of(from, to),
        source.sessions().ports(),
        Map.copyOf(interfaces),
        source.above(),
        source.dryRun());
  }

  private RuleTables compile(RuleSetSource source, Basis basis) {
    return RuleCompiler.compile(
        source.rules(),
        basis.groups().stream()
            .map(side -> side.stream().mapToInt(Integer::intValue).toArray())
            .toList(),
        basis.ports(),
        basis.interfaces(),
        source.above(),
        source.dryRun(),
        selectors);
  }

  private int group(int side, List<Cidr> blocks, List<String> sets) {
    return blocks.isEmpty() && sets.isEmpty()
        ? -1
        : groups.get(side).number(AddressGroups.label(blocks, sets));
  }

  private void swap(RuleTables compiled, Basis basis, int next) throws LibbpfException {
    hits.begin(next, basis.rules());
    slots.write(next, compiled, tables, generation);
    INT.setVolatile(control, ShieldMemory.ACTIVE, next);
    swappedNanos = System.nanoTime();
    installed = compiled;
    installedBasis = basis;
  }

  /// No packet may still be reading what is written next.
  private void waitForReaders() throws LibbpfException {
    if (System.nanoTime() - swappedNanos < GRACE_NANOS) {
      addresses.barrier(1 - generation);
    }
  }

  /// What each rule of the set in force decided, in their order.
  List<RuleHitCounters.Hits> hits() throws LibbpfException {
    return hits.read(control.get(JAVA_INT, ShieldMemory.ACTIVE));
  }

  /// Of the blocks of IPv4 classes, which the kernel does not count with the map that holds them.
  long unlistedBytes() {
    return addresses.blockBytes();
  }

  void close() {
    addresses.close();
  }

  /// How many packets may come at once: those of 100 ms, and ten where that is fewer.
  static long burst(long rate) {
    return Math.max(rate / 10, Math.min(rate, 10));
  }
}
