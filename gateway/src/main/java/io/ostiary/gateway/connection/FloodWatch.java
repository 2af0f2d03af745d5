package io.ostiary.gateway.connection;

import io.ostiary.gateway.connection.FloodMeter.Kind;
import io.ostiary.gateway.exchange.ClientLink;
import io.ostiary.model.Ban;
import io.ostiary.model.BanCase;
import io.ostiary.model.BanSink;
import io.ostiary.model.Peers;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Who has connections cut off for flooding again and again: after [#CUTS] of them within
/// [#WINDOW_NANOS] it is held against the client, which is then banned like any other offender.
/// Fixed memory: the source seen first is forgotten first. Confined to its event loop.
final class FloodWatch {
  static final int CUTS = 3;
  private static final long WINDOW_NANOS = 600_000_000_000L;
  private static final int SOURCES_MAX = 1024;
  private static final Duration LASTS = Duration.ofMinutes(10);
  private static final Duration LASTS_MAX = Duration.ofDays(1);

  private record Seen(int cuts, long sinceNanos) {}

  private final BanSink bans;
  private final Map<InetAddress, Seen> sources =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<InetAddress, Seen> eldest) {
          return size() > SOURCES_MAX;
        }
      };

  FloodWatch(BanSink bans) {
    this.bans = bans;
  }

  void cutOff(ClientLink link, Kind kind) {
    long now = link.loop().now();
    var source = link.speaker().address();
    if (Peers.local(source)) {
      // Everybody behind the socket would be banned with whoever floods.
      return;
    }
    var before = sources.get(source);
    var seen =
        before == null || now - before.sinceNanos > WINDOW_NANOS
            ? new Seen(1, now)
            : new Seen(before.cuts + 1, before.sinceNanos);
    if (seen.cuts < CUTS) {
      sources.put(source, seen);
      return;
    }
    var one =
        new BanCase(
            source,
            link.peer().equals(link.speaker()),
            "%d connections cut off for flooding over HTTP/2, the last with %s"
                .formatted(seen.cuts, kind.word()),
            List.of(),
            "http2-flood",
            new Ban.Action.Deny(),
            LASTS,
            LASTS_MAX,
            now);
    if (bans.offer(one)) {
      sources.remove(source);
    } else {
      sources.put(source, seen);
    }
  }
}
