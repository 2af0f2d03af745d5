package io.ostiary.gateway.connection;

import io.ostiary.gateway.loop.Gauges;

/// How much of the cheap one HTTP/2 connection has sent: frames that cost their sender next to
/// nothing and us some work, or an answer.
///
/// Each kind has an allowance that fills up with time and with honest use of the connection, so
/// that a client which resets some calls of many, or updates a window for each piece it reads, is
/// never cut off, and one that does nothing else soon is. Confined to its event loop.
@SuppressWarnings("EnumOrdinal") // Places in arrays that live no longer than the process.
final class FloodMeter {
  /// What is counted. The allowances and their reasons stand in `docs/limits.md`.
  enum Kind {
    /// Streams that were reset, by the client or because of it, before their answer was complete.
    RESET(200, 20, 1, 0),
    /// Streams beyond the concurrent ones that are allowed.
    REFUSED(200, 10, 1, 0),
    SETTINGS(20, 1, 0, 0),
    PING(100, 10, 0, 4),
    /// DATA without a byte of content that does not end its stream.
    EMPTY_DATA(100, 10, 1, 0),
    PRIORITY(200, 20, 4, 0),
    WINDOW_UPDATE(1000, 100, 4, 8),
    CONTINUATION(100, 10, 1, 0),
    /// Heads beyond `limits.head`.
    HEAD_TOO_LARGE(10, 1, 0, 0),
    /// Frames of types that nobody knows, and frames on streams that are over.
    IGNORED(200, 20, 1, 0);

    private final int most;
    private final int perSecond;
    private final int perAnswer;
    private final int perFrameSent;

    Kind(int most, int perSecond, int perAnswer, int perFrameSent) {
      this.most = most;
      this.perSecond = perSecond;
      this.perAnswer = perAnswer;
      this.perFrameSent = perFrameSent;
    }

    /// As in metrics and in the reasons of bans.
    String word() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    int most() {
      return most;
    }
  }

  private static final Kind[] KINDS = Kind.values();
  private static final long SECOND = 1_000_000_000L;

  private final Gauges gauges;
  private final int[] left = new int[KINDS.length];
  private long filledNanos;

  FloodMeter(Gauges gauges, long now) {
    this.gauges = gauges;
    filledNanos = now;
    for (var kind : KINDS) {
      left[kind.ordinal()] = kind.most;
    }
  }

  /// Counts one; false: too many, the connection must end.
  boolean take(Kind kind, long now) {
    if (now - filledNanos >= SECOND) {
      long seconds = (now - filledNanos) / SECOND;
      filledNanos += seconds * SECOND;
      int capped = (int) Math.min(seconds, 3600);
      for (var each : KINDS) {
        fill(each, each.perSecond * capped);
      }
    }
    if (--left[kind.ordinal()] >= 0) {
      return true;
    }
    gauges.flooded(kind.ordinal());
    return false;
  }

  private void fill(Kind kind, int more) {
    int at = kind.ordinal();
    left[at] = Math.min(kind.most, Math.max(left[at], 0) + more);
  }

  /// A stream was answered to its end.
  void answered() {
    for (var kind : KINDS) {
      if (kind.perAnswer > 0) {
        fill(kind, kind.perAnswer);
      }
    }
  }

  /// A frame of an answer went out.
  void sent() {
    fill(Kind.PING, Kind.PING.perFrameSent);
    fill(Kind.WINDOW_UPDATE, Kind.WINDOW_UPDATE.perFrameSent);
  }
}
