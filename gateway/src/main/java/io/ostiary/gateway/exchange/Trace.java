package io.ostiary.gateway.exchange;

import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.wire.FieldKind;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.HeadText;
import io.ostiary.gateway.wire.Numbers;
import io.ostiary.model.LedgerSlot;

/// The W3C trace context of one call (https://www.w3.org/TR/trace-context/): the client's trace is
/// continued where its `traceparent` can be read, else a new one begins, and what the client said
/// in `tracestate` of the old one ends here. The call's id is the id of our own span, so a trace
/// leads to the ledger and back; each attempt has a span of its own, which the upstream is told of.
final class Trace {
  private static final byte[] NAME =
      "traceparent: 00-".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
  private static final HeaderName NAMED = HeaderName.of("traceparent");
  private static final int LENGTH = 55;

  long high;
  long low;
  long parent;
  private long span;
  private int flags;

  void clear() {
    high = 0;
    low = 0;
    parent = 0;
    flags = 0;
  }

  /// @param sample what of 2^56 the random part of a new trace must be below for it to be sampled
  void begin(Fields fields, Loop loop, long sample) {
    int field = fields.find(FieldKind.TRACEPARENT);
    // Two of them: nobody can say which is meant, so neither is.
    if (field >= 0 && !fields.repeated(NAMED) && read(fields, field)) {
      return;
    }
    high = loop.random().nextLong();
    low = loop.random().nextLong() | 1;
    parent = 0;
    flags = low >>> 8 < sample ? 1 : 0;
  }

  /// Whether it is the client's.
  boolean continued() {
    return parent != 0;
  }

  /// Whether somebody before us, or we, decided that this trace is recorded.
  boolean sampled() {
    return flags != 0;
  }

  private boolean read(Fields fields, int field) {
    var bytes = fields.bytes();
    int at = fields.valueStart(field);
    int length = fields.valueEnd(field) - at;
    // Version 00 is exactly this long; a later one may go on behind another '-'.
    boolean form =
        length >= LENGTH
            && bytes[at + 2] == '-'
            && bytes[at + 35] == '-'
            && bytes[at + 52] == '-'
            && Numbers.lowerHex(bytes, at, at + 2)
            && Numbers.lowerHex(bytes, at + 3, at + 35)
            && Numbers.lowerHex(bytes, at + 36, at + 52)
            && Numbers.lowerHex(bytes, at + 53, at + 55);
    if (!form || (bytes[at] == 'f' && bytes[at + 1] == 'f')) {
      return false;
    }
    boolean first = bytes[at] == '0' && bytes[at + 1] == '0';
    if (first ? length != LENGTH : length > LENGTH && bytes[at + LENGTH] != '-') {
      return false;
    }
    high = Numbers.hex16(bytes, at + 3);
    low = Numbers.hex16(bytes, at + 19);
    byte last = bytes[at + 54];
    flags = (last >= 'a' ? last - 'a' : last - '0') & 1;
    parent = Numbers.hex16(bytes, at + 36);
    return (high | low) != 0 && parent != 0;
  }

  /// An attempt begins, and with it a span that the upstream is told of.
  void attempt(long callId, int number) {
    span = LedgerSlot.attemptSpan(callId, number);
  }

  void write(HeadText out) {
    out.put(NAME).hex16(high).hex16(low).put('-').hex16(span);
    out.put('-').put('0').put((char) ('0' + flags)).endLine();
  }
}
