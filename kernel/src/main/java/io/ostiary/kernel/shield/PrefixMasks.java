package io.ostiary.kernel.shield;

import io.ostiary.model.Cidr;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// All prefixes of one address family with the rules whose sources they belong to. Confined to the
/// compiler.
final class PrefixMasks {
  private final Map<Cidr, Long> own = new HashMap<>();

  /// @param rules every rule that holds any source is in `base`, not here
  void add(Cidr prefix, long rules) {
    own.merge(prefix, rules, (a, b) -> a | b);
  }

  /// A prefix and every rule that holds all of it: its own and those of the prefixes around it.
  @SuppressWarnings("ArrayRecordComponent")
  record Entry(byte[] address, int length, long mask) {}

  /// Sorted so that a prefix stands before all it contains.
  List<Entry> nested(long base) {
    var sorted = new ArrayList<>(own.entrySet());
    sorted.sort((a, b) -> compare(a.getKey(), b.getKey()));
    var entries = new ArrayList<Entry>(sorted.size());
    var around = new ArrayDeque<Entry>();
    var cidrs = new ArrayDeque<Cidr>();
    for (var next : sorted) {
      var cidr = next.getKey();
      while (!cidrs.isEmpty() && !cidrs.peek().contains(cidr.address())) {
        cidrs.pop();
        around.pop();
      }
      long outer = around.isEmpty() ? base : around.peek().mask();
      var entry = new Entry(cidr.address().getAddress(), cidr.prefix(), outer | next.getValue());
      entries.add(entry);
      around.push(entry);
      cidrs.push(cidr);
    }
    return entries;
  }

  private static int compare(Cidr a, Cidr b) {
    int addresses = Arrays.compareUnsigned(a.address().getAddress(), b.address().getAddress());
    return addresses != 0 ? addresses : Integer.compare(a.prefix(), b.prefix());
  }
}
