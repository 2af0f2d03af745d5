package io.ostiary.kernel.shield;

import java.util.Locale;

/// What became of a packet, as `reason.h` numbers it.
public enum DropReason {
  PASSED(0),
  DENY_RULE(1),
  BANNED(2),
  LIMIT_RULE(3),
  MALFORMED(4),
  STAGE(5),
  BAN_LIMIT(6),
  LIMIT_CONNECTIONS(8),
  SYN_COOKIE(9),
  COOKIE_INVALID(10),
  SILENCE(11);

  /// In dry-run a packet is counted this far behind its reason, and passes.
  static final int WOULD = 16;

  /// Counters for each interface.
  static final int COUNTERS = 32;

  private final int number;

  DropReason(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /// @throws IllegalArgumentException where no reason has this number
  public static DropReason of(int number) {
    for (var reason : values()) {
      if (reason.number == number) {
        return reason;
      }
    }
    throw new IllegalArgumentException(
        "drop reason: %d (expected: a number of reason.h)".formatted(number));
  }

  /// As it is shown: `deny-rule`.
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
