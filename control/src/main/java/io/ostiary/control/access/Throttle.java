package io.ostiary.control.access;

import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;

/// Counts failed sign-ins: five from one address, or twenty from all, within a minute, and no
/// further one is looked at. Bounded: the addresses of one minute, 1000 at most. Shared, guarded by
/// itself.
final class Throttle {
  private static final int PER_ADDRESS = 5;
  private static final int OVERALL = 20;
  private static final long WINDOW_MILLIS = 60_000;
  private static final int ADDRESSES_MAX = 1000;

  private final Map<InetAddress, Integer> failures = new LinkedHashMap<>();
  private int overall;
  private long windowStart;

  /// Seconds until another try is looked at; 0: now.
  synchronized long waitSeconds(InetAddress address, long nowMillis) {
    turn(nowMillis);
    if (overall < OVERALL && failures.getOrDefault(address, 0) < PER_ADDRESS) {
      return 0;
    }
    return Math.max(1, (windowStart + WINDOW_MILLIS - nowMillis + 999) / 1000);
  }

  synchronized void failed(InetAddress address, long nowMillis) {
    turn(nowMillis);
    overall++;
    if (failures.size() < ADDRESSES_MAX || failures.containsKey(address)) {
      failures.merge(address, 1, Integer::sum);
    }
  }

  private void turn(long nowMillis) {
    if (nowMillis - windowStart >= WINDOW_MILLIS || nowMillis < windowStart) {
      windowStart = nowMillis;
      overall = 0;
      failures.clear();
    }
  }
}
