package io.ostiary.model;

/// Something that went wrong on a connection, at a moment. The kernel side keeps the newest few of
/// each connection, in one number each: the kind in the lowest three bits, the time in the others.
///
/// @param atNanos CLOCK_MONOTONIC, to eight nanoseconds
public record ConnectionEvent(Kind kind, long atNanos) {
  /// How many of a connection are kept.
  public static final int KEPT = 8;

  private static final int KIND_BITS = 3;
  private static final Kind[] KINDS = Kind.values();

  /// In the order of the kernel's numbers, from 1 on.
  public enum Kind {
    /// We sent a segment again.
    RETRANSMIT("retransmit"),
    /// A segment came that had come before.
    DUPLICATE("came again"),
    /// A segment came while one before it was missing.
    OUT_OF_ORDER("out of order"),
    /// The peer could take nothing more.
    PEER_WINDOW_CLOSED("peer's window closed"),
    /// We could take nothing more.
    OWN_WINDOW_CLOSED("own window closed"),
    /// The kernel threw an incoming packet away.
    DROPPED_IN("dropped on its way in"),
    /// The kernel threw an outgoing packet away.
    DROPPED_OUT("dropped on its way out");

    private final String words;

    Kind(String words) {
      this.words = words;
    }

    /// What to tell a person.
    public String words() {
      return words;
    }
  }

  /// The number of an event's kind.
  public static int code(long event) {
    return (int) event & ((1 << KIND_BITS) - 1);
  }

  public static long nanos(long event) {
    return event & -(1L << KIND_BITS);
  }

  /// The kind of a code from 1 on; 0 is no event.
  public static Kind kind(int code) {
    if (code < 1 || code > KINDS.length) {
      throw Require.invalid("event code", code, "1-" + KINDS.length);
    }
    return KINDS[code - 1];
  }
}
