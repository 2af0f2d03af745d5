package io.ostiary.kernel.shield;

import io.ostiary.model.CidrBlocks;
import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/// Very many blocks with their groups, sorted as numbers before trees are made of them in one go:
/// put one by one into a tree, each would be compared with a dozen others all over the memory.
/// Confined to the installer.
final class Gathered {
  /// Groups are less than 512.
  private static final int GROUP_BITS = 9;

  /// What is left of a number for the place in a list of at most [AddressTable#LONG_ENTRIES_MAX]
  /// and then some; what is beyond is sorted as it is.
  private static final int PLACE_BITS = 18;

  private long[] four = new long[64];
  private int count4;
  private One6[] six = new One6[64];
  private int count6;

  private record One6(Prefix6 prefix, int group) {}

  /// Takes the blocks of a group.
  CidrBlocks.Numbers of(int group) {
    return new CidrBlocks.Numbers() {
      @Override
      public void four(long address, int prefix) {
        if (count4 == four.length) {
          four = Arrays.copyOf(four, 2 * count4);
        }
        four[count4++] = AddressTable.key(address, prefix) << GROUP_BITS | group;
      }

      @Override
      public void six(long high, long low, int prefix) {
        if (count6 == six.length) {
          six = Arrays.copyOf(six, 2 * count6);
        }
        six[count6++] = new One6(new Prefix6(high, low, prefix), group);
      }
    };
  }

  /// @param own an empty tree
  /// @param lengths how many there are of each length
  void fill4(Map<Long, Mask> own, int[] lengths) {
    Arrays.sort(four, 0, count4);
    var keys = new Long[count4];
    var masks = new Mask[count4];
    int kept = 0;
    for (int i = 0; i < count4; i++) {
      long key = four[i] >> GROUP_BITS;
      var mask = Mask.of((int) four[i] & ((1 << GROUP_BITS) - 1));
      if (kept > 0 && keys[kept - 1] == key) {
        masks[kept - 1] = masks[kept - 1].or(mask);
      } else {
        lengths[AddressTable.length4(key)]++;
        masks[kept] = mask;
        keys[kept++] = key;
      }
    }
    own.putAll(new Sorted<>(keys, masks, kept));
  }

  void fill6(Map<Prefix6, Mask> own, int[] lengths) {
    var sorted = sorted6();
    var keys = new Prefix6[count6];
    var masks = new Mask[count6];
    int kept = 0;
    for (var one : sorted) {
      var mask = Mask.of(one.group());
      if (kept > 0 && keys[kept - 1].equals(one.prefix())) {
        masks[kept - 1] = masks[kept - 1].or(mask);
      } else {
        lengths[one.prefix().length()]++;
        masks[kept] = mask;
        keys[kept++] = one.prefix();
      }
    }
    own.putAll(new Sorted<>(keys, masks, kept));
  }

  /// By the first bits as numbers, which nearly always is enough, and then in full.
  private One6[] sorted6() {
    var sorted = Arrays.copyOf(six, count6);
    if (count6 < 1 << PLACE_BITS) {
      var numbers = new long[count6];
      long places = (1L << PLACE_BITS) - 1;
      for (int i = 0; i < count6; i++) {
        numbers[i] = ((six[i].prefix().high() ^ Long.MIN_VALUE) & ~places) | i;
      }
      Arrays.sort(numbers);
      for (int i = 0; i < count6; i++) {
        sorted[i] = six[(int) (numbers[i] & places)];
      }
    }
    Arrays.sort(sorted, (one, other) -> one.prefix().compareTo(other.prefix()));
    return sorted;
  }

  /// As much of a sorted map as a tree asks for that takes all of it at once.
  @SuppressWarnings("JdkObsolete") // It is what TreeMap.putAll asks for.
  private static final class Sorted<K> extends AbstractMap<K, Mask> implements SortedMap<K, Mask> {
    private final K[] keys;
    private final Mask[] masks;
    private final int size;

    Sorted(K[] keys, Mask[] masks, int size) {
      this.keys = keys;
      this.masks = masks;
      this.size = size;
    }

    @Override
    public Set<Map.Entry<K, Mask>> entrySet() {
      return new AbstractSet<>() {
        @Override
        public Iterator<Map.Entry<K, Mask>> iterator() {
          return entries();
        }

        @Override
        public int size() {
          return size;
        }
      };
    }

    private Iterator<Map.Entry<K, Mask>> entries() {
      return new Iterator<>() {
        private int next;

        @Override
        public boolean hasNext() {
          return next < size;
        }

        @Override
        public Map.Entry<K, Mask> next() {
          int at = next++;
          return Map.entry(keys[at], masks[at]);
        }
      };
    }

    @Override
    public @Nullable Comparator<? super K> comparator() {
      return null;
    }

    @Override
    public SortedMap<K, Mask> subMap(K from, K to) {
      throw new UnsupportedOperationException();
    }

    @Override
    public SortedMap<K, Mask> headMap(K to) {
      throw new UnsupportedOperationException();
    }

    @Override
    public SortedMap<K, Mask> tailMap(K from) {
      throw new UnsupportedOperationException();
    }

    @Override
    public K firstKey() {
      return keys[0];
    }

    @Override
    public K lastKey() {
      return keys[size - 1];
    }
  }
}
