package io.ostiary.insight.store;

import io.ostiary.insight.History.Sums;
import io.ostiary.insight.HistoryUnavailableException;
import io.ostiary.insight.Latency;
import io.ostiary.insight.live.LatencyCounts;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The answer to a question while it is put together from sums and from single calls. Confined to
/// the asker's thread.
final class SumsByKey {
  private static final int KEYS_MAX = 20_000;

  private final Map<Key, Group> groups = new HashMap<>();

  /// @param step number of the step in time; 0 where there are none
  record Key(long step, List<@Nullable String> names) {}

  /// One key's sums; percentiles from steps of latency, as everywhere in this room.
  static final class Group {
    private long calls;
    private long errors;
    private long refused;
    private long requestBytes;
    private long responseBytes;
    private long packetsIn;
    private long packetsOut;
    private long resent;
    private long longest;
    private int[] counts = new int[0];

    void add(long count, long failed, long refusedCount, long in, long out) {
      calls += count;
      errors += failed;
      refused += refusedCount;
      requestBytes += in;
      responseBytes += out;
    }

    void packets(long in, long out, long again) {
      packetsIn += in;
      packetsOut += out;
      resent += again;
    }

    void latency(int step, long count, long micros) {
      if (step >= counts.length) {
        counts = java.util.Arrays.copyOf(counts, Math.min(LatencyCounts.SIZE, step + 32));
      }
      counts[step] += (int) count;
      longest = Math.max(longest, micros);
    }

    private long percentile(double share) {
      long rank = Math.max(1, (long) Math.ceil(share * calls));
      long seen = 0;
      for (int i = 0; i < counts.length; i++) {
        seen += counts[i];
        if (seen >= rank) {
          return Math.min(longest, LatencyCounts.middle(i));
        }
      }
      return longest;
    }

    Sums sums() {
      var latency =
          calls == 0
              ? Latency.NONE
              : new Latency(percentile(0.5), percentile(0.95), percentile(0.99), longest);
      return new Sums(
          calls,
          errors,
          refused,
          latency,
          requestBytes,
          responseBytes,
          packetsIn,
          packetsOut,
          resent);
    }
  }

  Group group(long step, List<@Nullable String> names) {
    var group = groups.computeIfAbsent(new Key(step, names), _ -> new Group());
    if (groups.size() > KEYS_MAX) {
      throw new HistoryUnavailableException(
          "The answer has more than "
              + KEYS_MAX
              + " rows. Ask for a shorter window, or tell calls apart by less.");
    }
    return group;
  }

  Stream<Map.Entry<Key, Group>> busiest() {
    return groups.entrySet().stream()
        .sorted(
            Comparator.comparingLong((Map.Entry<Key, Group> entry) -> entry.getValue().calls)
                .reversed());
  }

  Stream<Map.Entry<Key, Group>> inTime() {
    return groups.entrySet().stream()
        .sorted(Comparator.comparingLong(entry -> entry.getKey().step()));
  }
}
