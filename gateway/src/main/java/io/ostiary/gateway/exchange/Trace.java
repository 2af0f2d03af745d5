package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.wire.FieldKind;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.Numbers;

/// The W3C trace context of one call (https://www.w3.org/TR/trace-context/): the client's trace is
/// continued where its `traceparent` can be read, else a new one begins. The call's id is the id of
/// our own span, so a trace leads to the ledger and back.
final class Trace {
  private static final byte[] NAME =
      "traceparent: 00-".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
  private static final int LENGTH = 55;

  long high;
  long low;
  private int flags;

  void clear() {
    high = 0;
    low = 0;
  }

  void begin(Fields fields, Loop loop) {
    int field = fields.find(FieldKind.TRACEPARENT);
    if (field >= 0 && read(fields, field)) {
      return;
    }
    high = loop.random().nextLong();
    low = loop.random().nextLong() | 1;
    flags = 0;
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
    return (high | low) != 0 && Numbers.hex16(bytes, at + 36) != 0;
  }

  void write(ByteBuf out, long callId) {
    out.writeBytes(NAME);
    Numbers.writeHex16(out, high);
    Numbers.writeHex16(out, low);
    out.writeByte('-');
    Numbers.writeHex16(out, callId);
    out.writeByte('-').writeByte('0').writeByte('0' + flags);
    out.writeShort('\r' << 8 | '\n');
  }
}
