package io.ostiary.kernel.shield;

import io.ostiary.model.Cidr;
import io.ostiary.model.CidrBlocks;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/// Which addresses each rule of one side names, as numbered groups, and what one rule set changes
/// about those of the set before. Confined to the installer.
final class AddressGroups {
  private static final int REMOVALS_MAX = 16;

  /// Above this many changed blocks all is built anew.
  private static final int CHANGES_MAX = 2000;

  private static final int LABEL_BLOCKS = 64;

  private final Map<String, Group> groups = new HashMap<>();
  private final int reserved;

  /// As they were at the last [#keep]; empty where nothing has changed since.
  private Map<String, Group> before = Map.of();

  private record Group(int number, List<Cidr> members) {}

  /// One block that comes into a group or leaves it.
  record Change(Cidr block, int group, boolean in) {}

  /// @param now to be done before the rule set is in force
  /// @param after to be done once it is: about groups that no rule names any more
  record Difference(List<Change> now, List<Change> after) {}

  /// @param reserved how many numbers have a fixed meaning
  AddressGroups(int reserved) {
    this.reserved = reserved;
  }

  /// A name for a list of blocks: the same for the same list, and for a long one also where only
  /// its end differs, so that a list that grew is known to be one.
  static String label(List<Cidr> blocks, List<String> sets) {
    var head = blocks.size() <= LABEL_BLOCKS ? blocks : blocks.subList(0, LABEL_BLOCKS);
    return head + (head.size() < blocks.size() ? "..." : "") + sets;
  }

  int number(String label) {
    var group = groups.get(label);
    return group == null ? -1 : group.number();
  }

  /// Everything, as of an empty table.
  void restart(Map<String, List<Cidr>> wanted, AddressTable table) {
    groups.clear();
    var all = new Gathered();
    wanted.forEach((label, members) -> {
      int number = groups.size();
      groups.put(label, new Group(number, members));
      CidrBlocks.each(members, all.of(number));
    });
    table.fill(all);
  }

  /// From here on a change can be taken back.
  void keep() {
    before = Map.of();
  }

  /// As they were at the last [#keep].
  void takeBack() {
    if (!before.isEmpty()) {
      groups.clear();
      groups.putAll(before);
      before = Map.of();
    }
  }

  /// How many blocks they hold in all.
  long blocks() {
    return groups.values().stream().mapToLong(group -> group.members().size()).sum();
  }

  /// What differs; null where it is so much that restarting is quicker. The groups are then as
  /// before.
  @org.jspecify.annotations.Nullable
  Difference become(Map<String, List<Cidr>> wanted) {
    var now = new ArrayList<Change>();
    var after = new ArrayList<Change>();
    var next = new HashMap<String, Group>();
    var free = groups.keySet().containsAll(wanted.keySet()) ? List.<Integer>of() : freeNumbers();
    for (var one : wanted.entrySet()) {
      var known = groups.get(one.getKey());
      if (known == null && free.isEmpty()) {
        return null;
      }
      int number = known == null ? free.removeFirst() : known.number();
      next.put(one.getKey(), new Group(number, one.getValue()));
      if (!compare(known == null ? List.of() : known.members(), one.getValue(), number, now)) {
        return null;
      }
    }
    for (var gone : groups.entrySet()) {
      if (!wanted.containsKey(gone.getKey())) {
        var group = gone.getValue();
        if (after.size() + group.members().size() > CHANGES_MAX) {
          return null;
        }
        group.members().forEach(block -> after.add(new Change(block, group.number(), false)));
      }
    }
    before = Map.copyOf(groups);
    groups.clear();
    groups.putAll(next);
    return new Difference(now, after);
  }

  private List<Integer> freeNumbers() {
    var used = new HashSet<Integer>();
    groups.values().forEach(group -> used.add(group.number()));
    var free = new ArrayList<Integer>();
    for (int number = reserved; number < Mask.BITS; number++) {
      if (!used.contains(number)) {
        free.add(number);
      }
    }
    return free;
  }

  /// The same list is equal without a look at each of its blocks, of which there may be very many.
  @SuppressWarnings("ReferenceEquality")
  private static boolean compare(
      List<Cidr> before, List<Cidr> after, int group, List<Change> changes) {
    if (before == after) {
      return true;
    }
    int head = CidrBlocks.head(before, after);
    int shorter = Math.min(before.size(), after.size());
    int tail = CidrBlocks.tail(before, after, shorter - head);
    var out = before.subList(head, before.size() - tail);
    var in = after.subList(head, after.size() - tail);
    if (changes.size() + out.size() + in.size() > CHANGES_MAX) {
      return false;
    }
    var staying = new HashSet<>(in);
    int removals = 0;
    for (var block : out) {
      // It may have been named twice.
      if (staying.contains(block)) {
        continue;
      }
      if (++removals > REMOVALS_MAX) {
        return false;
      }
      // Of a list that holds each block once nothing else of it is left.
      if (after instanceof CidrBlocks || !after.contains(block)) {
        changes.add(new Change(block, group, false));
      }
    }
    in.forEach(block -> changes.add(new Change(block, group, true)));
    return true;
  }
}
