package io.ostiary.insight.live;

import io.ostiary.insight.LiveTick.Client;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/// The addresses that call most, in fixed memory (Misra and Gries: when the table is full, the
/// median is taken off every count and what is not above zero leaves). A count is too low by at
/// most the sum of what was taken off; that sum is added back and told as the possible error.
/// Confined to the ledger reader.
final class TopClients {
  private static final int TABLE = 1024;
  private static final int SIZE_MAX = 512;

  private final long[] high = new long[TABLE];
  private final long[] low = new long[TABLE];
  private final long[] counts = new long[TABLE];
  private int size;
  private long takenOff;

  void add(byte[] address, int length) {
    if (length == 4) {
      int v4 =
          (address[0] & 0xff) << 24
              | (address[1] & 0xff) << 16
              | (address[2] & 0xff) << 8
              | (address[3] & 0xff);
      add(0, 0xffff_0000_0000L | (v4 & 0xffff_ffffL), 1);
    } else if (length == 16) {
      add(eight(address, 0), eight(address, 8), 1);
    }
  }

  private static long eight(byte[] bytes, int from) {
    long value = 0;
    for (int i = from; i < from + 8; i++) {
      value = value << 8 | (bytes[i] & 0xff);
    }
    return value;
  }

  private void add(long keyHigh, long keyLow, long count) {
    int at = slot(keyHigh, keyLow);
    if (counts[at] == 0) {
      if (size == SIZE_MAX) {
        shrink();
        at = slot(keyHigh, keyLow);
      }
      high[at] = keyHigh;
      low[at] = keyLow;
      size++;
    }
    counts[at] += count;
  }

  private int slot(long keyHigh, long keyLow) {
    long mixed = (keyHigh * 31 + keyLow) * 0x9e3779b97f4a7c15L;
    int at = (int) (mixed >>> 54);
    while (counts[at] != 0 && (high[at] != keyHigh || low[at] != keyLow)) {
      at = (at + 1) & (TABLE - 1);
    }
    return at;
  }

  private void shrink() {
    var sorted = new long[size];
    int used = 0;
    for (long count : counts) {
      if (count != 0) {
        sorted[used++] = count;
      }
    }
    Arrays.sort(sorted);
    long median = sorted[used / 2];
    takenOff += median;
    var oldHigh = high.clone();
    var oldLow = low.clone();
    var oldCounts = counts.clone();
    Arrays.fill(counts, 0);
    size = 0;
    for (int i = 0; i < TABLE; i++) {
      if (oldCounts[i] > median) {
        add(oldHigh[i], oldLow[i], oldCounts[i] - median);
      }
    }
  }

  void mergeInto(TopClients into) {
    for (int i = 0; i < TABLE; i++) {
      if (counts[i] != 0) {
        into.add(high[i], low[i], counts[i]);
      }
    }
    into.takenOff += takenOff;
  }

  List<Client> top(int limit) {
    var clients = new ArrayList<Client>();
    for (int i = 0; i < TABLE; i++) {
      if (counts[i] != 0) {
        clients.add(new Client(address(high[i], low[i]), counts[i] + takenOff, takenOff));
      }
    }
    clients.sort(Comparator.comparingLong(Client::calls).reversed());
    return clients.size() > limit ? clients.subList(0, limit) : clients;
  }

  private static InetAddress address(long high, long low) {
    boolean v4 = high == 0 && low >>> 32 == 0xffff;
    var bytes = new byte[v4 ? 4 : 16];
    for (int i = 0; i < bytes.length; i++) {
      int fromEnd = bytes.length - 1 - i;
      bytes[i] = (byte) (fromEnd < 8 ? low >>> (fromEnd * 8) : high >>> ((fromEnd - 8) * 8));
    }
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of 4 or 16 bytes", e);
    }
  }
}
