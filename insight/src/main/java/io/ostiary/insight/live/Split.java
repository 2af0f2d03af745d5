package io.ostiary.insight.live;

import io.ostiary.model.LedgerSlot;

/// Divides a call's time among client network, gateway and upstream as
/// [io.ostiary.insight.explain.Explanation] does, but coarsely and without objects. Confined to the
/// ledger reader.
final class Split {
  long clientNanos;
  long gatewayNanos;
  long upstreamNanos;

  void of(LedgerSlot slot) {
    long first = slot.firstByteNanos;
    long end = slot.endNanos;
    if (first == 0 || end <= first) {
      clientNanos = 0;
      gatewayNanos = 0;
      upstreamNanos = 0;
      return;
    }
    long arrived = slot.clientAtHead.firstDataNanos;
    long begin = arrived != 0 && arrived < first ? arrived : first;
    long head = slot.headNanos == 0 ? end : slot.headNanos;
    upstreamNanos = Math.max(0, upstream(slot, end) - slot.responseHeld.nanos);
    clientNanos = Math.max(0, head - begin) + body(slot, head) + response(slot);
    gatewayNanos = Math.max(0, end - begin - upstreamNanos - clientNanos);
  }

  /// From the last request byte on (or the attempt's start) to its last byte, over all attempts.
  private static long upstream(LedgerSlot slot, long end) {
    long sum = 0;
    int count = Math.min(slot.attemptCount, LedgerSlot.ATTEMPTS_MAX);
    for (int i = 0; i < count; i++) {
      var attempt = slot.attempts[i];
      long until = attempt.lastByteNanos != 0 ? attempt.lastByteNanos : attempt.firstByteNanos;
      if (until == 0) {
        until = i + 1 < count ? slot.attempts[i + 1].startNanos : end;
      }
      long from = attempt.startNanos;
      if (slot.requestEndNanos > from && slot.requestEndNanos < until) {
        from = slot.requestEndNanos;
      }
      sum += Math.max(0, until - from);
    }
    return sum;
  }

  private static long body(LedgerSlot slot, long head) {
    return Math.max(0, slot.requestEndNanos - head - slot.requestHeld.nanos);
  }

  /// Writing what the upstream had already sent: waiting for the client to take it.
  private static long response(LedgerSlot slot) {
    long ready = slot.responseStartNanos;
    int last = Math.min(slot.attemptCount, LedgerSlot.ATTEMPTS_MAX) - 1;
    if (last >= 0) {
      ready = Math.max(ready, slot.attempts[last].lastByteNanos);
    }
    return ready == 0 ? 0 : Math.max(0, slot.responseEndNanos - ready);
  }
}
