package io.ostiary.kernel.flood;

/// Sums by prefix: a hash table of primitives with open addressing, since a second may bring tens
/// of thousands of different sources. Confined to one thread.
final class PrefixSums {
  private static final int SMALLEST = 1024;

  private long[] keys = new long[SMALLEST];
  private boolean[] used = new boolean[SMALLEST];
  private double[] packets = new double[SMALLEST];

  /// Of `packets`, the variance that comes from taking samples.
  private double[] variance = new double[SMALLEST];

  private double[] opens = new double[SMALLEST];
  private double[] dropped = new double[SMALLEST];
  private double[] largest = new double[SMALLEST];
  private int size;

  interface Visitor {
    void visit(int at);
  }

  void add(long key, double weight, double itsVariance, double opened, double lost) {
    int at = place(key);
    packets[at] += weight;
    variance[at] += itsVariance;
    opens[at] += opened;
    dropped[at] += lost;
  }

  /// The same by a shorter prefix, which remembers the largest of its parts.
  PrefixSums shortened(int bits) {
    var sums = new PrefixSums();
    each(at -> {
      int to = sums.place(keys[at] >>> bits);
      sums.packets[to] += packets[at];
      sums.variance[to] += variance[at];
      sums.opens[to] += opens[at];
      sums.dropped[to] += dropped[at];
      sums.largest[to] = Math.max(sums.largest[to], packets[at]);
    });
    return sums;
  }

  void each(Visitor visitor) {
    for (int at = 0; at < keys.length; at++) {
      if (used[at]) {
        visitor.visit(at);
      }
    }
  }

  long key(int at) {
    return keys[at];
  }

  double packets(int at) {
    return packets[at];
  }

  double variance(int at) {
    return variance[at];
  }

  double opens(int at) {
    return opens[at];
  }

  double dropped(int at) {
    return dropped[at];
  }

  /// Of the parts of which [#shortened] made it.
  double largest(int at) {
    return largest[at];
  }

  private int place(long key) {
    if (size * 2 >= keys.length) {
      grow();
    }
    int mask = keys.length - 1;
    int at = hash(key) & mask;
    while (used[at] && keys[at] != key) {
      at = (at + 1) & mask;
    }
    if (!used[at]) {
      used[at] = true;
      keys[at] = key;
      size++;
    }
    return at;
  }

  private static int hash(long key) {
    long h = (key ^ key >>> 32) * 0x9e3779b97f4a7c15L;
    return (int) (h >>> 32);
  }

  private void grow() {
    var old = new PrefixSums();
    old.keys = keys;
    old.used = used;
    old.packets = packets;
    old.variance = variance;
    old.opens = opens;
    old.dropped = dropped;
    old.largest = largest;
    int length = keys.length * 2;
    keys = new long[length];
    used = new boolean[length];
    packets = new double[length];
    variance = new double[length];
    opens = new double[length];
    dropped = new double[length];
    largest = new double[length];
    size = 0;
    old.each(from -> {
      int to = place(old.keys[from]);
      packets[to] = old.packets[from];
      variance[to] = old.variance[from];
      opens[to] = old.opens[from];
      dropped[to] = old.dropped[from];
      largest[to] = old.largest[from];
    });
  }
}
