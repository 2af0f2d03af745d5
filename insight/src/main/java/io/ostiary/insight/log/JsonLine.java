package io.ostiary.insight.log;

import io.ostiary.model.LedgerSlot;
import java.util.List;
import java.util.Locale;

/// A call as one JSON object. Members that are not known are left out. Confined to its thread.
final class JsonLine implements Line {
  private final List<String> headers;
  private final Clocks clocks = new Clocks();

  JsonLine(List<String> headers) {
    this.headers = headers.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
  }

  @Override
  public void write(LedgerSlot slot, LineBytes out) {
    out.raw("{\"time\":\"");
    clocks.iso(slot.startedEpochMillis, out);
    out.raw("\",\"call\":\"");
    out.callId(slot.callId);
    out.raw("\",\"client\":\"");
    out.address(slot.client, slot.clientLength);
    out.raw("\",\"peer\":\"");
    out.address(slot.peer, slot.peerLength);
    out.raw('"');
    number("peer_port", slot.peerPort, out);
    text("listener", slot.listener == null ? "" : slot.listener.toString(), out);
    request(slot, out);
    outcome(slot, out);
    number("millis", Facts.nanos(slot) / 1000, true, out);
    upstream(slot, out);
    kernel(slot, out);
    trace(slot, out);
    headers(slot, out);
    fields(slot, out);
    out.raw('}');
  }

  private static void request(LedgerSlot slot, LineBytes out) {
    text("method", slot.method, out);
    if (slot.targetLength > 0) {
      out.raw(",\"target\":\"");
      out.json(slot.target, 0, slot.targetLength);
      out.raw('"');
    }
    if (slot.targetLengthSent > slot.targetLength) {
      number("target_bytes", slot.targetLengthSent, out);
    }
    text("protocol", slot.protocol, out);
    text("scheme", slot.secure ? "https" : "http", out);
  }

  private static void outcome(LedgerSlot slot, LineBytes out) {
    number("status", slot.status, out);
    text("api", slot.api == null ? "" : slot.api.name(), out);
    text("route", slot.route == null ? "" : slot.route.id(), out);
    text("consumer", slot.consumer == null ? "" : slot.consumer.id(), out);
    text("blame", slot.blame.name().toLowerCase(Locale.ROOT), out);
    text("reason", slot.reason, out);
    number("plan", slot.planVersion, out);
    number("request_bytes", slot.requestBytes, out);
    number("response_bytes", slot.responseBytes, out);
    number("body_bytes", Facts.bodyBytes(slot), out);
  }

  private static void upstream(LedgerSlot slot, LineBytes out) {
    if (slot.attemptCount > 0) {
      text("upstream", Facts.upstream(slot), out);
      number("upstream_status", slot.upstreamStatus, out);
      number("upstream_millis", Facts.upstreamNanos(slot) / 1000, true, out);
      number("attempts", slot.attemptCount, out);
    }
  }

  private static void kernel(LedgerSlot slot, LineBytes out) {
    var end = slot.clientAtEnd;
    if (end.cookie != 0) {
      number("rtt_micros", end.smoothedRttMicros, out);
      number("retransmits", end.retransmitsOut, out);
    }
  }

  private static void trace(LedgerSlot slot, LineBytes out) {
    if (slot.traceHigh != 0 || slot.traceLow != 0) {
      out.raw(",\"trace\":\"");
      out.hex16(slot.traceHigh);
      out.hex16(slot.traceLow);
      out.raw('"');
    }
  }

  private void headers(LedgerSlot slot, LineBytes out) {
    boolean any = false;
    for (int i = 0; i < headers.size(); i++) {
      int number = slot.noted.find(headers.get(i));
      if (number >= 0 && slot.noted.end(number) > slot.noted.start(number)) {
        out.raw(any ? ",\"" : ",\"headers\":{\"");
        out.raw(headers.get(i));
        out.raw("\":\"");
        out.json(slot.noted.bytes(), slot.noted.start(number), slot.noted.end(number));
        out.raw('"');
        any = true;
      }
    }
    if (any) {
      out.raw('}');
    }
  }

  private static void fields(LedgerSlot slot, LineBytes out) {
    var logged = slot.logged;
    for (int i = 0; i < logged.count(); i++) {
      out.raw(i > 0 ? ",\"" : ",\"fields\":{\"");
      out.raw(logged.name(i));
      out.raw("\":\"");
      out.json(logged.text(i));
      out.raw('"');
    }
    if (logged.count() > 0) {
      out.raw('}');
    }
  }

  private static void text(String name, String value, LineBytes out) {
    if (!value.isEmpty()) {
      name(name, out);
      out.raw('"');
      out.json(value);
      out.raw('"');
    }
  }

  private static void number(String name, long value, LineBytes out) {
    number(name, value, false, out);
  }

  private static void number(String name, long value, boolean thousandths, LineBytes out) {
    name(name, out);
    if (thousandths) {
      out.thousandths(value);
    } else {
      out.number(value);
    }
  }

  private static void name(String name, LineBytes out) {
    out.raw(",\"");
    out.raw(name);
    out.raw("\":");
  }
}
