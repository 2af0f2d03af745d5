package io.ostiary.insight.log;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// The texts of a time, made once for each second. Times are in UTC: a log that jumps with daylight
/// saving cannot be sorted. Confined to its thread.
final class Clocks {
  private static final DateTimeFormatter ISO =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter CLF =
      DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss '+0000'", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);

  private long second = Long.MIN_VALUE;
  private String iso = "";
  private String clf = "";

  void iso(long millis, LineBytes out) {
    turn(millis);
    out.raw(iso);
    out.digits(Math.floorMod(millis, 1000), 3);
    out.raw('Z');
  }

  void clf(long millis, LineBytes out) {
    turn(millis);
    out.raw(clf);
  }

  private void turn(long millis) {
    long now = Math.floorDiv(millis, 1000);
    if (now != second) {
      second = now;
      var instant = Instant.ofEpochSecond(now);
      iso = ISO.format(instant);
      clf = CLF.format(instant);
    }
  }
}
