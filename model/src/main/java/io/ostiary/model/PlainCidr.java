package io.ostiary.model;

/// Reads the plain forms of addresses and blocks as numbers, without an object for each: of a long
/// list nearly all. Whatever else there is, also what is wrong, is left to [Cidr#parse], which has
/// the last word about what a text means. Used by one thread.
final class PlainCidr {
  private static final int GROUPS = 8;
  private static final int NOT_PLAIN = -1;

  private final int[] groups = new int[GROUPS];

  /// Puts a block among others.
  ///
  /// @return false where it is not plain, and nothing was done
  boolean read(String text, int from, int to, CidrBlocks.Builder into) {
    for (int i = from; i < to && i < from + 5; i++) {
      if (text.charAt(i) == ':') {
        return six(text, from, to, into);
      }
    }
    return four(text, from, to, into);
  }

  private static boolean four(String text, int from, int to, CidrBlocks.Builder into) {
    long address = 0;
    int at = from;
    for (int part = 0; part < 4; part++) {
      if (part > 0 && (at == to || text.charAt(at++) != '.')) {
        return false;
      }
      int start = at;
      int number = 0;
      for (int c; at < to && at - start < 3 && (c = text.charAt(at)) >= '0' && c <= '9'; at++) {
        number = number * 10 + c - '0';
      }
      if (at == start || number > 255 || (at - start > 1 && text.charAt(start) == '0')) {
        return false;
      }
      address = address << 8 | number;
    }
    int prefix = prefix(text, at, to, 32);
    if (prefix == NOT_PLAIN || (address & (1L << (32 - prefix)) - 1) != 0) {
      return false;
    }
    into.four(address, prefix);
    return true;
  }

  /// What stands behind the address: nothing, or a length without a sign and zeros in front.
  private static int prefix(String text, int from, int to, int most) {
    if (from == to) {
      return most;
    }
    int digits = to - from - 1;
    if (text.charAt(from) != '/'
        || digits < 1
        || digits > 3
        || (digits > 1 && text.charAt(from + 1) == '0')) {
      return NOT_PLAIN;
    }
    int number = 0;
    for (int at = from + 1; at < to; at++) {
      int digit = text.charAt(at) - '0';
      if (digit < 0 || digit > 9) {
        return NOT_PLAIN;
      }
      number = number * 10 + digit;
    }
    return number <= most ? number : NOT_PLAIN;
  }

  private boolean six(String text, int from, int to, CidrBlocks.Builder into) {
    int slash = text.indexOf('/', from, to);
    int prefix = slash < 0 ? 128 : prefix(text, slash, to, 128);
    if (prefix == NOT_PLAIN || !groups(text, from, slash < 0 ? to : slash)) {
      return false;
    }
    long high = half(0);
    long low = half(4);
    // Addresses of IPv4 in the form of IPv6 become what they stand for.
    boolean mapped = high == 0 && low >>> 32 == 0xffff;
    long behindHigh = prefix >= 64 ? 0 : -1L >>> prefix;
    long behindLow = prefix >= 128 ? 0 : prefix <= 64 ? -1L : -1L >>> (prefix - 64);
    if (mapped || (high & behindHigh) != 0 || (low & behindLow) != 0) {
      return false;
    }
    into.six(high, low, prefix);
    return true;
  }

  private long half(int first) {
    return (long) groups[first] << 48
        | (long) groups[first + 1] << 32
        | (long) groups[first + 2] << 16
        | groups[first + 3];
  }

  /// Eight groups, or fewer and two colons for the others.
  private boolean groups(String text, int from, int to) {
    int count = 0;
    int gap = NOT_PLAIN;
    int at = from;
    if (at + 1 < to && text.charAt(at) == ':' && text.charAt(at + 1) == ':') {
      gap = 0;
      at += 2;
    }
    while (at < to) {
      int end = at;
      int group = 0;
      for (int digit; end < to && (digit = digit(text.charAt(end))) >= 0; end++) {
        group = group << 4 | digit;
      }
      if (end == at || end - at > 4 || count == GROUPS) {
        return false;
      }
      groups[count++] = group;
      at = end;
      if (at == to) {
        break;
      }
      if (text.charAt(at++) != ':' || at == to) {
        return false;
      }
      if (text.charAt(at) == ':') {
        if (gap >= 0) {
          return false;
        }
        gap = count;
        at++;
      }
    }
    return gap < 0 ? count == GROUPS : count < GROUPS && spread(gap, count);
  }

  /// Moves the groups behind the gap to the end.
  private boolean spread(int gap, int count) {
    int behind = count - gap;
    for (int i = 1; i <= behind; i++) {
      groups[GROUPS - i] = groups[count - i];
    }
    for (int i = gap; i < GROUPS - behind; i++) {
      groups[i] = 0;
    }
    return true;
  }

  private static int digit(char c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    int lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : NOT_PLAIN;
  }
}
