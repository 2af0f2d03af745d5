package io.ostiary.policies.cache;

import java.time.DateTimeException;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The three forms of a date that a recipient must read (RFC 9110 section 5.6.7).
public final class HttpDate {
  private static final DateTimeFormatter FIXED = form("EEE, dd MMM uuuu HH:mm:ss 'GMT'");
  private static final List<DateTimeFormatter> OLD =
      List.of(
          new DateTimeFormatterBuilder()
              .appendPattern("EEEE, dd-MMM-")
              .appendValueReduced(ChronoField.YEAR, 2, 2, 1970)
              .appendPattern(" HH:mm:ss 'GMT'")
              .toFormatter(Locale.US)
              .withZone(ZoneOffset.UTC),
          form("EEE MMM ppd HH:mm:ss uuuu"));

  private HttpDate() {}

  private static DateTimeFormatter form(String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.US).withZone(ZoneOffset.UTC);
  }

  /// Milliseconds since 1970, or -1.
  public static long millis(@Nullable String text) {
    if (text == null) {
      return -1;
    }
    long millis = millis(text, FIXED);
    for (int i = 0; i < OLD.size() && millis < 0; i++) {
      millis = millis(text, OLD.get(i));
    }
    return millis;
  }

  private static long millis(String text, DateTimeFormatter form) {
    try {
      return ZonedDateTime.parse(text, form).toInstant().toEpochMilli();
    } catch (DateTimeException e) {
      return -1;
    }
  }
}
