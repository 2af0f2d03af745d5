package io.ostiary.control.api;

import io.ostiary.insight.CallFilter;
import io.ostiary.insight.CallPage;
import io.ostiary.insight.Calls;
import io.ostiary.insight.HistoryUnavailableException;
import io.ostiary.model.AddressText;
import io.ostiary.model.CallId;
import io.ostiary.model.LedgerEntry;
import io.ostiary.model.capture.CallNames;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The calls of the time of one capture, found by the client's end of their connection. Reads the
/// ledger when it is first asked and again, at most once a second, for packets that are younger.
/// Bounded: of more calls only the newest are known. Confined to one thread.
final class LedgerCalls implements CallNames {
  private static final int CALLS_MAX = 5000;
  private static final int PAGE = 500;
  private static final Duration AGAIN = Duration.ofSeconds(1);

  /// A connection is idle for at most so long before a packet belongs to no call.
  private static final Duration AFTER = Duration.ofMinutes(2);

  /// The gateway's clock and the kernel's are read at different moments.
  private static final Duration SKEW = Duration.ofMillis(5);

  private final Calls calls;
  private final Clock clock;
  private Instant from;
  private Instant read = Instant.MIN;
  private final Set<String> known = new HashSet<>();
  private final Map<String, TreeMap<Instant, Spoken>> byPeer = new HashMap<>();

  private record Spoken(Instant end, NamedCall call) {}

  /// @param from when the oldest packet can have come
  LedgerCalls(Calls calls, Instant from, Clock clock) {
    this.calls = calls;
    this.from = from.minus(AFTER);
    this.clock = clock;
  }

  @Override
  public @Nullable NamedCall at(InetAddress peer, int port, Instant at) {
    var now = clock.instant();
    if (at.isAfter(read.equals(Instant.MIN) ? at.minusNanos(1) : read.minus(AGAIN))
        && (read.equals(Instant.MIN) || read.plus(AGAIN).isBefore(now))) {
      read(now);
    }
    var spoken = byPeer.get(key(peer, port));
    if (spoken == null) {
      return null;
    }
    var before = spoken.floorEntry(at.plus(SKEW));
    if (before != null) {
      boolean over = before.getValue().end().plus(AFTER).isBefore(at);
      return over ? null : before.getValue().call();
    }
    // The handshake comes before the first call.
    var first = spoken.firstEntry();
    return first.getKey().isBefore(at.plus(AFTER)) ? first.getValue().call() : null;
  }

  private static String key(InetAddress peer, int port) {
    return AddressText.of(peer, port);
  }

  private void read(Instant now) {
    read = now;
    try {
      String before = null;
      do {
        CallPage page = calls.page(CallFilter.ALL.withWindow(from, null), before, PAGE);
        for (var line : page.calls()) {
          if (known.size() < CALLS_MAX && known.add(line.id())) {
            calls.find(CallId.parse(line.id())).ifPresent(this::keep);
          }
        }
        before = page.next();
      } while (before != null && known.size() < CALLS_MAX);
      from = now.minus(AFTER);
    } catch (HistoryUnavailableException e) {
      // The capture is as good as before, without the names of calls.
    }
  }

  private void keep(LedgerEntry entry) {
    var call = new NamedCall(CallId.text(entry.call()), entry.api());
    var end = entry.start().plusNanos(entry.timings().end());
    byPeer
        .computeIfAbsent(key(entry.peer(), entry.peerPort()), peer -> new TreeMap<>())
        .put(entry.start(), new Spoken(end, call));
  }
}
