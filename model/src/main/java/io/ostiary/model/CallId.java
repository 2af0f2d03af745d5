package io.ostiary.model;

/// The name of one call, as returned in `Ostiary-Call`: 64 bits, the upper 42 of them milliseconds
/// since 2024-01-01 UTC, the lower 22 a counter that starts anywhere. Ids sort by time, so the
/// store finds a call without an index.
///
/// Written as 13 characters of Crockford's base 32 (no I, L, O, U), lower case.
public final class CallId {
  /// 2024-01-01T00:00:00Z.
  public static final long EPOCH_MILLIS = 1_704_067_200_000L;

  /// How many low bits are left to the counter.
  public static final int COUNTER_BITS = 22;

  /// Characters of the written form.
  public static final int LENGTH = 13;

  private static final byte[] DIGITS =
      "0123456789abcdefghjkmnpqrstvwxyz".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);

  private CallId() {}

  public static long of(long epochMillis, long counter) {
    return (epochMillis - EPOCH_MILLIS) << COUNTER_BITS | (counter & ((1L << COUNTER_BITS) - 1));
  }

  /// When the call began, to the millisecond.
  public static long epochMillis(long id) {
    return (id >>> COUNTER_BITS) + EPOCH_MILLIS;
  }

  /// Writes the 13 characters at `offset`.
  public static void write(long id, byte[] into, int offset) {
    for (int i = LENGTH - 1; i >= 0; i--) {
      into[offset + i] = DIGITS[(int) (id & 31)];
      id >>>= 5;
    }
  }

  public static String text(long id) {
    var bytes = new byte[LENGTH];
    write(id, bytes, 0);
    return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
  }

  /// The id that `text` stands for; upper case is accepted.
  public static long parse(String text) {
    if (text.length() != LENGTH) {
      throw Require.invalid("call id", text, "13 characters such as " + text(of(EPOCH_MILLIS, 1)));
    }
    long id = 0;
    for (int i = 0; i < LENGTH; i++) {
      int digit = digit(text.charAt(i));
      if (digit < 0 || (i == 0 && digit > 15)) {
        throw Require.invalid(
            "call id", text, "13 of the characters 0-9 and a-z without i, l, o, u");
      }
      id = id << 5 | digit;
    }
    return id;
  }

  private static int digit(char c) {
    char lower = c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
    for (int i = 0; i < DIGITS.length; i++) {
      if (DIGITS[i] == lower) {
        return i;
      }
    }
    return -1;
  }
}
