package io.ostiary.kernel.shield;

import io.ostiary.model.Cidr;
import io.ostiary.model.CidrBlocks;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// The addresses of one side, source or destination, as `classify.h` looks them up: which groups of
/// addresses hold each of them. Confined to the installer.
///
/// Every address has a class, and a class stands for a set of groups. What an IPv4 /16 looks like
/// follows from the prefixes around it and in it alone, and so one changed prefix is brought into
/// force by placing the few /16s anew that it touches; an IPv6 prefix by placing what it contains.
final class AddressTable {
  static final int TOP = 65_536;
  static final long BLOCK = 1L << 63;
  static final int AROUND_SHIFT = 16;
  static final int CLASS_MASK = (1 << 15) - 1;
  static final int GROUPS_SHIFT = 31;
  static final int LONGER = 255;
  static final int LENGTHS6_MAX = 16;
  static final int LONG_ENTRIES_MAX = CidrBlocks.LONG_MAX;

  /// Shorter prefixes touch so much that all is placed anew.
  private static final int SHORTEST4 = 8;

  private static final int SHORTEST6 = 16;
  static final int KEY_SHIFT = 6;
  private static final int PLACED_MAX = 20_000;

  private final TreeMap<Long, Mask> own4 = new TreeMap<>();
  private final TreeMap<Prefix6, Mask> own6 = new TreeMap<>();
  private final int[] lengths4 = new int[33];
  private final int[] lengths6 = new int[129];

  private final Map<Mask, Integer> numbers = new HashMap<>();
  private final List<Mask> classes = new ArrayList<>();
  private final long[] top = new long[TOP];
  private final List<byte[]> blocks = new ArrayList<>();
  private final ArrayDeque<Integer> freeBlocks = new ArrayDeque<>();

  /// Blocks that a packet under way may still be reading.
  private final List<Integer> retiredBlocks = new ArrayList<>();

  private final TreeMap<Long, Integer> long4 = new TreeMap<>();
  private final Map<Prefix6, Integer> six = new HashMap<>();
  private int class6;

  private final Slash16 slash16 = new Slash16(this::classOf, long4::put);
  private final TreeSet<Integer> dirty4 = new TreeSet<>();
  private final List<Prefix6> dirty6 = new ArrayList<>();
  private boolean wholeAnew = true;

  /// What changed blocks were before, since [#keep]; of no group: not there.
  private final Map<Long, Mask> before4 = new HashMap<>();

  private final Map<Prefix6, Mask> before6 = new HashMap<>();

  /// Of the /16s that were placed since.
  private final Map<Integer, Long> beforeTop = new HashMap<>();

  private List<Integer> keptFree = List.of();
  private int keptBlocks;
  private int keptClasses;
  private boolean placed;

  /// What has to be written into the kernel, in this order for each /16: what a block refers to
  /// before the block, the block before what refers to it, and what nobody refers to any more.
  interface Writer {
    void top(int index, long value);

    void block(int number, byte[] content);

    /// @param key address and length, see [#address4] and [#length4]
    void long4(long key, int classNumber);

    void noLong4(long key);

    void six(Prefix6 prefix, int classNumber);

    void noSix(Prefix6 prefix);
  }

  static int address4(long key) {
    return (int) (key >> KEY_SHIFT);
  }

  static int length4(long key) {
    return (int) key & ((1 << KEY_SHIFT) - 1);
  }

  static long key(long address, int length) {
    return (address & 0xffff_ffffL) << KEY_SHIFT | length;
  }

  /// Takes all that an empty table is to hold.
  void fill(Gathered all) {
    all.fill4(own4, lengths4);
    all.fill6(own6, lengths6);
  }

  /// Puts a block into a group, or takes it out.
  void change(Cidr cidr, int group, boolean in) {
    CidrBlocks.give(
        cidr,
        new CidrBlocks.Numbers() {
          @Override
          public void four(long address, int prefix) {
            long key = key(address, prefix);
            remember(before4, own4, key);
            change(own4, lengths4, key, prefix, group, in);
            touched4(key);
          }

          @Override
          public void six(long high, long low, int prefix) {
            change6(new Prefix6(high, low, prefix), group, in);
          }
        });
  }

  private void touched4(long key) {
    wholeAnew |= length4(key) < SHORTEST4;
    int first = (int) (key >> (KEY_SHIFT + 16));
    for (int i = 0; i < 1 << Math.max(0, 16 - length4(key)) && !wholeAnew; i++) {
      dirty4.add(first + i);
    }
  }

  /// While all is to be placed anew, nobody goes back.
  private <K> void remember(Map<K, Mask> before, Map<K, Mask> own, K key) {
    if (keptClasses > 0) {
      before.putIfAbsent(key, own.getOrDefault(key, Mask.EMPTY));
    }
  }

  private void change6(Prefix6 prefix, int group, boolean in) {
    remember(before6, own6, prefix);
    change(own6, lengths6, prefix, prefix.length(), group, in);
    wholeAnew |= prefix.length() < SHORTEST6;
    if (!wholeAnew) {
      dirty6.add(prefix);
    }
  }

  private static <K> void change(
      NavigableMap<K, Mask> own, int[] lengths, K key, int length, int group, boolean in) {
    var before = own.getOrDefault(key, Mask.EMPTY);
    set(
        own,
        lengths,
        key,
        length,
        in ? before.isEmpty() ? Mask.of(group) : before.with(group) : before.without(group));
  }

  private static <K> void set(
      NavigableMap<K, Mask> own, int[] lengths, K key, int length, Mask after) {
    if (after.isEmpty()) {
      lengths[length] -= own.remove(key) == null ? 0 : 1;
    } else {
      lengths[length] += own.put(key, after) == null ? 1 : 0;
    }
  }

  /// Places everything anew; class 0 is that of an IPv4 address that no prefix holds.
  void place() {
    numbers.clear();
    classes.clear();
    blocks.clear();
    freeBlocks.clear();
    retiredBlocks.clear();
    long4.clear();
    six.clear();
    Arrays.fill(top, 0);
    classOf(own4.getOrDefault(key(0, 0), Mask.EMPTY));
    placeAll4();
    class6 = classOf(own6.getOrDefault(new Prefix6(0, 0, 0), Mask.EMPTY));
    placeNested6(own6, Mask.EMPTY, new Ignore());
    settled();
    keep();
  }

  /// Goes through the blocks once. Where one holds whole /16s, those in it that have blocks of
  /// their own are placed again behind it.
  private void placeAll4() {
    var outer = new ArrayDeque<Map.Entry<Long, Mask>>();
    outer.push(Map.entry(0L, Mask.EMPTY));
    var nested = new ArrayList<Map.Entry<Long, Mask>>();
    int index = -1;
    for (var entry : own4.entrySet()) {
      int at = (int) (entry.getKey() >> (KEY_SHIFT + 16));
      if (at != index && !nested.isEmpty()) {
        placeWhole(index, nested, around(outer, nested.getFirst().getKey()));
        nested.clear();
      }
      index = at;
      int length = length4(entry.getKey());
      if (length > 16) {
        nested.add(entry);
      } else {
        var mask = around(outer, entry.getKey()).or(entry.getValue());
        outer.push(Map.entry(entry.getKey(), mask));
        Arrays.fill(top, at, at + (1 << (16 - length)), classOf(mask));
      }
    }
    if (!nested.isEmpty()) {
      placeWhole(index, nested, around(outer, nested.getFirst().getKey()));
    }
  }

  private static Mask around(ArrayDeque<Map.Entry<Long, Mask>> outer, long key) {
    while (!Slash16.contains(outer.element().getKey(), key)) {
      outer.pop();
    }
    return outer.element().getValue();
  }

  private void placeWhole(int index, List<Map.Entry<Long, Mask>> nested, Mask around) {
    var block = new byte[256];
    top[index] =
        BLOCK
            | blocks.size()
            | (long) classOf(around) << AROUND_SHIFT
            | slash16.place(block, (long) index << 16, nested, around);
    blocks.add(block);
  }

  /// From here on changes can be taken back.
  void keep() {
    before4.clear();
    before6.clear();
    beforeTop.clear();
    keptFree = List.copyOf(freeBlocks);
    keptBlocks = blocks.size();
    keptClasses = classes.size();
    placed = false;
  }

  /// As it was at the last [#keep], also where only some of the changes since were placed. None of
  /// them may have been written.
  void takeBack() {
    settled();
    before4.forEach((key, mask) -> {
      set(own4, lengths4, key, length4(key), mask);
      if (length4(key) >= SHORTEST4) {
        touched4(key);
      }
    });
    before6.forEach((prefix, mask) -> {
      set(own6, lengths6, prefix, prefix.length(), mask);
      if (prefix.length() >= SHORTEST6) {
        dirty6.add(prefix);
      }
    });
    // Changes of shorter prefixes are never placed but with all others.
    if (placed) {
      var nobody = new Ignore();
      // Each /16 gets the block again that it has in the kernel.
      beforeTop.forEach((index, value) -> top[index] = value);
      dirty4.forEach(index -> placeChanged4(index, Integer.MAX_VALUE, nobody));
      dirty6.forEach(prefix -> placeChanged6(prefix, nobody));
      var since = classes.subList(keptClasses, classes.size());
      since.forEach(numbers::remove);
      since.clear();
      blocks.subList(keptBlocks, blocks.size()).clear();
      freeBlocks.clear();
      freeBlocks.addAll(keptFree);
    }
    settled();
    keep();
  }

  private void settled() {
    freeBlocks.addAll(retiredBlocks);
    retiredBlocks.clear();
    dirty4.clear();
    dirty6.clear();
    wholeAnew = false;
  }

  /// Places anew what the changes since the last placing touch.
  ///
  /// @param blocksMax how many blocks there is room for
  /// @return false where all has to be placed anew; nothing of it is to be written then
  boolean placeChanged(int blocksMax, Writer writer) {
    if (wholeAnew || dirty4.size() + dirty6.size() > PLACED_MAX) {
      return false;
    }
    placed = true;
    for (int index : dirty4) {
      if (!placeChanged4(index, blocksMax, writer)) {
        return false;
      }
    }
    for (var prefix : dirty6) {
      if (!placeChanged6(prefix, writer)) {
        return false;
      }
    }
    settled();
    return true;
  }

  private boolean placeChanged4(int index, int blocksMax, Writer writer) {
    long from = key((long) index << 16, 0);
    long to = from + (1L << (16 + KEY_SHIFT));
    var before = new TreeMap<>(long4.subMap(from, to));
    long4.subMap(from, to).clear();
    beforeTop.putIfAbsent(index, top[index]);
    int block = (top[index] & BLOCK) == 0 ? -1 : (int) top[index] & 0xffff;
    long value = place4(index, block, blocksMax);
    if (value == -1) {
      return false;
    }
    if (block >= 0 && (value & BLOCK) == 0) {
      retiredBlocks.add(block);
    }
    top[index] = value;
    var after = long4.subMap(from, to);
    after.forEach(writer::long4);
    if ((value & BLOCK) != 0) {
      writer.block((int) value & 0xffff, blocks.get((int) value & 0xffff));
    }
    writer.top(index, value);
    before.keySet().stream().filter(key -> !after.containsKey(key)).forEach(writer::noLong4);
    return true;
  }

  private boolean placeChanged6(Prefix6 prefix, Writer writer) {
    var nested = own6.subMap(prefix, true, prefix.end(), true);
    if (nested.size() > PLACED_MAX) {
      return false;
    }
    if (!own6.containsKey(prefix) && six.remove(prefix) != null) {
      writer.noSix(prefix);
    }
    var around = Mask.EMPTY;
    for (int length = 0; length < prefix.length(); length++) {
      if (lengths6[length] > 0) {
        around = around.or(own6.getOrDefault(prefix.around(length), Mask.EMPTY));
      }
    }
    placeNested6(nested, around, writer);
    return true;
  }

  private void placeNested6(SortedMap<Prefix6, Mask> nested, Mask around, Writer writer) {
    var outer = new ArrayDeque<Map.Entry<Prefix6, Mask>>();
    for (var entry : nested.entrySet()) {
      var prefix = entry.getKey();
      while (!outer.isEmpty() && !outer.element().getKey().contains(prefix)) {
        outer.pop();
      }
      var mask = (outer.isEmpty() ? around : outer.element().getValue()).or(entry.getValue());
      outer.push(Map.entry(prefix, mask));
      if (prefix.length() > 0) {
        int number = classOf(mask);
        var before = six.put(prefix, number);
        if (before == null || before != number) {
          writer.six(prefix, number);
        }
      }
    }
  }

  /// @param block the one it has, or -1
  /// @return the value for `ipv4_top`, or -1 where no block is left
  private long place4(int index, int block, int blocksMax) {
    long address = (long) index << 16;
    var around = Mask.EMPTY;
    for (int length = 0; length <= 16; length++) {
      if (lengths4[length] > 0) {
        long masked = length == 0 ? 0 : address & -1L << (32 - length);
        around = around.or(own4.getOrDefault(key(masked, length), Mask.EMPTY));
      }
    }
    int aroundClass = classOf(around);
    long end = (address + 0x1_0000L) << KEY_SHIFT;
    var first = own4.ceilingKey(key(address, 17));
    if (first == null || first >= end) {
      return aroundClass;
    }
    var nested = own4.subMap(first, end);
    int number = block;
    if (number < 0) {
      number = freeBlocks.isEmpty() ? blocks.size() : freeBlocks.pop();
    }
    if (number >= blocksMax) {
      return -1;
    }
    if (number == blocks.size()) {
      blocks.add(new byte[256]);
    }
    return BLOCK
        | number
        | (long) aroundClass << AROUND_SHIFT
        | slash16.place(blocks.get(number), address, nested.entrySet(), around);
  }

  private int classOf(Mask groups) {
    var known = numbers.get(groups);
    if (known != null) {
      return known;
    }
    // What is beyond the tables is refused in the end.
    int number = Math.min(classes.size(), CLASS_MASK);
    numbers.put(groups, number);
    classes.add(groups);
    return number;
  }

  /// The groups of each class.
  List<Mask> classes() {
    return classes;
  }

  int class6() {
    return class6;
  }

  long[] top() {
    return top;
  }

  List<byte[]> blocks() {
    return blocks;
  }

  Map<Long, Integer> long4() {
    return long4;
  }

  Map<Prefix6, Integer> six() {
    return six;
  }

  /// Bit n: there are entries of 32 - n bits for `ipv4_long`; 24 where anything is longer.
  int lengths4() {
    int bits = 0;
    for (int length = 25; length <= 32; length++) {
      bits |= lengths4[length] > 0 ? 1 << (32 - length) : 0;
    }
    return bits | 1 << 8;
  }

  /// Lengths of IPv6 prefixes in use, the longest first.
  List<Integer> lengths6() {
    var lengths = new ArrayList<Integer>();
    for (int length = 128; length > 0; length--) {
      if (lengths6[length] > 0) {
        lengths.add(length);
      }
    }
    return lengths;
  }

  /// Of a placing as a whole, which is written afterwards.
  private static final class Ignore implements Writer {
    @Override
    public void top(int index, long value) {}

    @Override
    public void block(int number, byte[] content) {}

    @Override
    public void long4(long key, int classNumber) {}

    @Override
    public void noLong4(long key) {}

    @Override
    public void six(Prefix6 prefix, int classNumber) {}

    @Override
    public void noSix(Prefix6 prefix) {}
  }
}
