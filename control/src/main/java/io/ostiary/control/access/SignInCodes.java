package io.ostiary.control.access;

import io.ostiary.control.records.KeyText;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/// Codes that sign in once, for links. In memory only, hashed, eight at most: the oldest gives way.
public final class SignInCodes {
  private static final Duration LIFE = Duration.ofHours(12);
  private static final int CODES_MAX = 8;

  private final Clock clock;
  private final Map<String, Instant> ends = new LinkedHashMap<>();

  public SignInCodes(Clock clock) {
    this.clock = clock;
  }

  /// @param until when it stops working, used or not
  public record Code(String text, Instant until) {}

  public synchronized Code make() {
    while (ends.size() >= CODES_MAX) {
      ends.remove(ends.keySet().iterator().next());
    }
    var code = new Code(Secret.make(), clock.instant().plus(LIFE));
    ends.put(KeyText.hash(code.text()), code.until());
    return code;
  }

  /// Whether it was good; from now on it is not.
  synchronized boolean use(String text) {
    var until = ends.remove(KeyText.hash(text));
    return until != null && until.isAfter(clock.instant());
  }
}
