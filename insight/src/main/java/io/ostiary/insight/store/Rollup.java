package io.ostiary.insight.store;

import io.ostiary.insight.ledger.Names;
import io.ostiary.insight.ledger.Row;
import io.ostiary.model.CallId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Calls of one segment that are summed but not yet in the index: by API in windows of 10 s, by
/// route and by consumer in windows of 60 s, each with the steps of its latencies, so that
/// percentiles can be told from sums. Confined to the store's thread.
///
/// Three tables and not one, because consumers times routes would leave nearly one sum for each
/// call. For the same reason steps are 16 for each doubling by API, four by route and two by
/// consumer. A table is full at 7 to 10 MB.
final class Rollup {
  static final int API_SECONDS = 10;
  static final int MINUTE_SECONDS = 60;

  /// A key has 16 bits for a name; one batch may bring a few thousand new ones.
  private static final int NAMES_MAX = 40_000;

  final RollTable apis = new RollTable(1, 8_192);
  final RollTable routes = new RollTable(4, 32_768);
  final RollTable consumers = new RollTable(8, 49_152);
  private final Map<String, Integer> ids = new HashMap<>();
  private final List<String> texts = new ArrayList<>(List.of(""));
  private @Nullable Names names;
  private int[] own = new int[256];

  /// Sums all rows of a frame.
  void add(byte[] rows, int length, Names names) {
    if (this.names != names) {
      this.names = names;
      Arrays.fill(own, 0);
    }
    for (int at = 0; at < length; at += Row.getInt(rows, at)) {
      add(rows, at);
    }
  }

  private void add(byte[] rows, int at) {
    long seconds = CallId.epochMillis(Row.getLong(rows, at + Row.CALL)) / 1000;
    long ending = ((long) Row.getShort(rows, at + Row.STATUS) << 3) | rows[at + Row.BLAME];
    long api = id(Row.getInt(rows, at + Row.API));
    long reason = id(Row.getInt(rows, at + Row.REASON));
    long shared = api | (reason << 16);
    long minute = ((seconds / MINUTE_SECONDS) << 32) | ending;
    apis.add(((seconds / API_SECONDS) << 32) | ending, shared, rows, at);
    long route = id(Row.getInt(rows, at + Row.ROUTE)) << 32;
    long upstream = id(Row.getInt(rows, at + Row.UPSTREAM)) << 48;
    routes.add(minute, shared | route | upstream, rows, at);
    consumers.add(minute, shared | (id(Row.getInt(rows, at + Row.CONSUMER)) << 32), rows, at);
  }

  private long id(int local) {
    if (local == 0) {
      return 0;
    }
    if (local >= own.length) {
      own = Arrays.copyOf(own, Math.max(local + 1, own.length * 2));
    }
    if (own[local] == 0) {
      own[local] = intern(java.util.Objects.requireNonNull(names).textOrEmpty(local));
    }
    return own[local];
  }

  private int intern(String text) {
    var known = ids.get(text);
    if (known != null) {
      return known;
    }
    int id = texts.size();
    texts.add(text);
    ids.put(text, id);
    return id;
  }

  /// The texts by the numbers that keys hold; number 0 is no text.
  List<String> texts() {
    return texts;
  }

  boolean full() {
    return apis.full() || routes.full() || consumers.full() || texts.size() >= NAMES_MAX;
  }

  boolean empty() {
    return routes.size() == 0;
  }

  void clear() {
    apis.clear();
    routes.clear();
    consumers.clear();
    if (texts.size() >= NAMES_MAX / 2) {
      ids.clear();
      texts.clear();
      texts.add("");
      Arrays.fill(own, 0);
    }
  }
}
