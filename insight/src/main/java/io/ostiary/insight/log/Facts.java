package io.ostiary.insight.log;

import io.ostiary.model.LedgerSlot;

/// What both kinds of lines say of a call.
final class Facts {
  private Facts() {}

  /// From the first byte of the request, or the accepting of its connection, to the end.
  static long nanos(LedgerSlot slot) {
    long from = slot.firstByteNanos != 0 ? slot.firstByteNanos : slot.acceptedNanos;
    return from == 0 ? 0 : Math.max(0, slot.endNanos - from);
  }

  static long bodyBytes(LedgerSlot slot) {
    return Math.max(0, slot.responseBytes - slot.responseHeadBytes);
  }

  /// From the first attempt's start to the last one's last byte, but for what policies held back;
  /// -1: nobody was asked.
  static long upstreamNanos(LedgerSlot slot) {
    if (slot.attemptCount == 0) {
      return -1;
    }
    var last = slot.attempts[slot.attemptCount - 1];
    long end = last.lastByteNanos != 0 ? last.lastByteNanos : slot.endNanos;
    return Math.max(0, end - slot.attempts[0].startNanos - slot.responseHeld.nanos);
  }

  static String upstream(LedgerSlot slot) {
    if (slot.attemptCount == 0) {
      return "";
    }
    var target = slot.attempts[slot.attemptCount - 1].target;
    return target == null ? "" : target.toString();
  }

  /// Whether something went wrong that is not the client's way of asking: no answer, a 5xx, or
  /// somebody else to blame.
  static boolean failed(LedgerSlot slot) {
    return slot.status == 0
        || slot.status >= 500
        || switch (slot.blame) {
          case KERNEL, UPSTREAM, GATEWAY -> true;
          case NONE, CLIENT, POLICY -> false;
        };
  }
}
