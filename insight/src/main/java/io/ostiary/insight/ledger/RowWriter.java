package io.ostiary.insight.ledger;

import io.ostiary.insight.NetworkPlace;
import io.ostiary.model.ConnectionFacts;
import io.ostiary.model.LedgerSlot;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/// Writes a slot as a row of bytes without making objects. Confined to the ledger reader.
public final class RowWriter {
  static final List<String> METHODS =
      List.of("", "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT");

  /// No row is longer: fixed part, target, method, and at most 10 bytes for each number.
  private static final int SIZE_MAX = 4096;

  private static final int METHOD_BYTES_MAX = 64;

  private final IntFunction<NetworkPlace> places;
  private final Map<Integer, NetworkPlace> placesKnown = new HashMap<>();
  private byte[] out = new byte[0];
  private int at;
  private long base;

  public RowWriter(IntFunction<NetworkPlace> places) {
    this.places = places;
  }

  /// Asks again where packets come in; called about once a second, since modes can change.
  public void forgetPlaces() {
    placesKnown.clear();
  }

  public void write(LedgerSlot slot, Batch batch) {
    var names = batch.names();
    out = batch.room(SIZE_MAX);
    int start = batch.length();
    base = base(slot);
    fixed(slot, names, start);
    at = start + Row.DETAIL;
    request(slot, names);
    times(slot);
    filters(slot, names);
    attempts(slot, names);
    clientNetwork(slot, names);
    upstreamNetwork(slot, names);
    Row.putInt(out, start + Row.LENGTH, at - start);
    batch.added(slot.callId, at);
  }

  /// What times are relative to: the first byte, or the nearest moment to it that there was.
  static long base(LedgerSlot slot) {
    if (slot.firstByteNanos != 0) {
      return slot.firstByteNanos;
    }
    return slot.acceptedNanos != 0 ? slot.acceptedNanos : slot.endNanos;
  }

  private void fixed(LedgerSlot slot, Names names, int start) {
    Row.putLong(out, start + Row.CALL, slot.callId);
    Row.putLong(out, start + Row.START_MILLIS, slot.startedEpochMillis);
    Row.putLong(out, start + Row.DURATION_MICROS, Math.max(0, slot.endNanos - base) / 1000);
    Row.putShort(out, start + Row.STATUS, slot.status);
    Row.putShort(out, start + Row.UPSTREAM_STATUS, slot.upstreamStatus);
    out[start + Row.BLAME] = (byte) Row.code(slot.blame);
    out[start + Row.CLIENT_LENGTH] = (byte) slot.clientLength;
    var api = slot.api;
    var route = slot.route;
    var consumer = slot.consumer;
    Row.putInt(out, start + Row.API, api == null ? 0 : names.idOf(api, api.name()));
    Row.putInt(out, start + Row.ROUTE, route == null ? 0 : names.idOf(route, route.id()));
    Row.putInt(
        out, start + Row.CONSUMER, consumer == null ? 0 : names.idOf(consumer, consumer.id()));
    Row.putInt(out, start + Row.REASON, names.id(slot.reason));
    var upstream = slot.attemptCount == 0 ? null : slot.attempts[slot.attemptCount - 1].upstream;
    Row.putInt(
        out, start + Row.UPSTREAM, upstream == null ? 0 : names.idOf(upstream, upstream.name()));
    Row.putLong(out, start + Row.REQUEST_BYTES, slot.requestBytes);
    Row.putLong(out, start + Row.RESPONSE_BYTES, slot.responseBytes);
    System.arraycopy(slot.client, 0, out, start + Row.CLIENT, 16);
  }

  private void request(LedgerSlot slot, Names names) {
    number(slot.planVersion);
    number(slot.peerLength);
    bytes(slot.peer, slot.peerLength);
    number(slot.peerPort);
    number(slot.traceHigh == 0 && slot.traceLow == 0 ? 0 : 1);
    if (slot.traceHigh != 0 || slot.traceLow != 0) {
      Row.putLong(out, at, slot.traceHigh);
      Row.putLong(out, at + 8, slot.traceLow);
      at += 16;
    }
    number(slot.listener == null ? 0 : names.idOf(slot.listener));
    number(slot.requestNumber);
    method(slot.method);
    number(slot.targetLength);
    bytes(slot.target, slot.targetLength);
  }

  /// A client may invent methods, so an unknown one goes into the row, not into the names.
  private void method(String method) {
    for (int i = 1; i < METHODS.size(); i++) {
      if (METHODS.get(i).equals(method)) {
        number(i);
        return;
      }
    }
    number(0);
    var text = method.getBytes(StandardCharsets.ISO_8859_1);
    int length = Math.min(text.length, METHOD_BYTES_MAX);
    number(length);
    bytes(text, length);
  }

  private void times(LedgerSlot slot) {
    time(slot.acceptedNanos);
    time(slot.headNanos);
    time(slot.requestEndNanos);
    time(slot.responseStartNanos);
    time(slot.responseEndNanos);
    time(slot.endNanos);
  }

  private void filters(LedgerSlot slot, Names names) {
    int count = Math.min(slot.filterCount, LedgerSlot.FILTERS_MAX);
    number(count);
    for (int i = 0; i < count; i++) {
      number(names.id(slot.filterNames[i]));
      time(slot.filterNanos[i]);
    }
  }

  private void attempts(LedgerSlot slot, Names names) {
    int count = Math.min(slot.attemptCount, LedgerSlot.ATTEMPTS_MAX);
    number(count);
    for (int i = 0; i < count; i++) {
      var attempt = slot.attempts[i];
      var upstream = attempt.upstream;
      number(upstream == null ? 0 : names.idOf(upstream, upstream.name()));
      number(attempt.target == null ? 0 : names.idOf(attempt.target));
      number(attempt.reused ? 1 : 0);
      time(attempt.startNanos);
      time(attempt.connectedNanos);
      time(attempt.requestSentNanos);
      time(attempt.firstByteNanos);
      time(attempt.lastByteNanos);
      number(attempt.status);
      number(names.id(attempt.failure));
    }
  }

  private void clientNetwork(LedgerSlot slot, Names names) {
    var head = slot.clientAtHead;
    var end = slot.clientAtEnd.cookie != 0 ? slot.clientAtEnd : head;
    if (end.cookie == 0) {
      number(0);
      return;
    }
    boolean headKnown = head.cookie == end.cookie;
    boolean whole = !headKnown && slot.requestNumber <= 1;
    var first = headKnown ? head : end;
    network(end, first, names);
    number(since(end.packetsIn, head.packetsIn, headKnown, whole));
    number(since(end.packetsOut, head.packetsOut, headKnown, whole));
    number(since(end.retransmitsOut, head.retransmitsOut, headKnown, whole));
    number(since(end.duplicatesIn, head.duplicatesIn, headKnown, whole));
  }

  private void upstreamNetwork(LedgerSlot slot, Names names) {
    var end = slot.upstreamAtEnd;
    if (end.cookie == 0 || slot.attemptCount == 0) {
      number(0);
      return;
    }
    int last = Math.min(slot.attemptCount, LedgerSlot.ATTEMPTS_MAX) - 1;
    boolean whole = !slot.attempts[last].reused;
    network(end, end, names);
    number(since(end.packetsIn, 0, false, whole));
    number(since(end.packetsOut, 0, false, whole));
    number(since(end.retransmitsOut, 0, false, whole));
    number(since(end.duplicatesIn, 0, false, whole));
  }

  private static long since(long end, long head, boolean headKnown, boolean whole) {
    if (headKnown) {
      return Math.max(0, end - head);
    }
    return whole ? end : 0;
  }

  /// @param first facts that know when this call's first and last data segment arrived
  private void network(ConnectionFacts end, ConnectionFacts first, Names names) {
    number(1);
    time(end.synNanos);
    time(end.establishedNanos);
    time(first.firstDataNanos);
    time(first.lastDataNanos);
    time(end.lastAckNanos);
    number(end.smoothedRttMicros);
    number(end.smallestRttMicros);
    number(end.handshakeRttMicros);
    number(end.packetsIn);
    number(end.packetsOut);
    number(end.bytesIn);
    number(end.bytesOut);
    number(end.retransmitsOut);
    number(end.duplicatesIn);
    number(end.synAckRetransmits);
    number(end.zeroWindows);
    number(end.closeReason);
    if (end.interfaceIndex == 0) {
      number(0);
      number(0);
      return;
    }
    var place = placesKnown.computeIfAbsent(end.interfaceIndex, places::apply);
    number(names.id(place.name()));
    number(names.id(place.verdict()));
  }

  /// Zero for a moment that never came, else one more than its zigzag distance from the base.
  private void time(long nanos) {
    if (nanos == 0) {
      out[at++] = 0;
      return;
    }
    long distance = nanos - base;
    number((distance << 1 ^ distance >> 63) + 1);
  }

  /// Seven bits a byte, the lowest first.
  private void number(long value) {
    while ((value & ~0x7fL) != 0) {
      out[at++] = (byte) (value | 0x80);
      value >>>= 7;
    }
    out[at++] = (byte) value;
  }

  private void bytes(byte[] from, int length) {
    System.arraycopy(from, 0, out, at, length);
    at += length;
  }
}
