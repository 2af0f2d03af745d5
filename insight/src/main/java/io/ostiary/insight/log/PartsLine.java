package io.ostiary.insight.log;

import io.ostiary.model.LedgerSlot;
import io.ostiary.model.observe.AccessLog.Part;
import io.ostiary.model.observe.AccessLog.What;
import java.util.List;
import java.util.Locale;

/// A line of texts and values; what is not there is `-`. Confined to its thread.
final class PartsLine implements Line {
  private final List<Part> parts;
  private final Clocks clocks = new Clocks();

  PartsLine(List<Part> parts) {
    this.parts =
        parts.stream()
            .map(part ->
                part instanceof Part.Header(var name)
                    ? new Part.Header(name.toLowerCase(Locale.ROOT))
                    : part)
            .toList();
  }

  @Override
  public void write(LedgerSlot slot, LineBytes out) {
    for (int i = 0; i < parts.size(); i++) {
      switch (parts.get(i)) {
        case Part.Text(var text) -> out.raw(text);
        case Part.Header(var name) -> header(slot, name, out);
        case Part.Field(var name) -> field(slot, name, out);
        case Part.Value(var what) -> value(slot, what, out);
      }
    }
  }

  private static void header(LedgerSlot slot, String name, LineBytes out) {
    var noted = slot.noted;
    int number = noted.find(name);
    if (number < 0 || noted.end(number) == noted.start(number)) {
      out.raw('-');
    } else {
      out.escaped(noted.bytes(), noted.start(number), noted.end(number));
    }
  }

  private static void field(LedgerSlot slot, String name, LineBytes out) {
    var logged = slot.logged;
    int number = logged.find(name);
    if (number < 0 || logged.end(number) == logged.start(number)) {
      out.raw('-');
    } else {
      out.escaped(logged.bytes(), logged.start(number), logged.end(number));
    }
  }

  private void value(LedgerSlot slot, What what, LineBytes out) {
    switch (what) {
      case CALL -> out.callId(slot.callId);
      case TIME -> clocks.iso(slot.startedEpochMillis, out);
      case TIME_CLF -> clocks.clf(slot.startedEpochMillis, out);
      case CLIENT -> out.address(slot.client, slot.clientLength);
      case PEER -> out.address(slot.peer, slot.peerLength);
      case PEER_PORT -> out.number(slot.peerPort);
      case LISTENER -> text(slot.listener == null ? "" : slot.listener.toString(), out);
      case METHOD -> text(slot.method, out);
      case TARGET -> target(slot, out);
      case PROTOCOL -> text(slot.protocol, out);
      case SCHEME -> text(slot.secure ? "https" : "http", out);
      case REQUEST -> request(slot, out);
      case STATUS -> status(slot.status, out);
      case UPSTREAM_STATUS -> status(slot.upstreamStatus, out);
      case API -> text(slot.api == null ? "" : slot.api.name(), out);
      case ROUTE -> text(slot.route == null ? "" : slot.route.id(), out);
      case CONSUMER -> text(slot.consumer == null ? "" : slot.consumer.id(), out);
      case UPSTREAM -> text(Facts.upstream(slot), out);
      case ATTEMPTS -> out.number(slot.attemptCount);
      case BLAME -> text(slot.blame.name().toLowerCase(Locale.ROOT), out);
      case REASON -> text(slot.reason, out);
      case PLAN -> out.number(slot.planVersion);
      case TRACE -> trace(slot, out);
      case REQUEST_BYTES -> out.number(slot.requestBytes);
      case RESPONSE_BYTES -> out.number(slot.responseBytes);
      case BODY_BYTES -> bodyBytes(Facts.bodyBytes(slot), out);
      case SECONDS -> out.thousandths(Facts.nanos(slot) / 1_000_000);
      case MILLIS -> out.thousandths(Facts.nanos(slot) / 1_000);
      case UPSTREAM_MILLIS -> upstreamMillis(Facts.upstreamNanos(slot), out);
      case RTT_MICROS -> kernel(slot, slot.clientAtEnd.smoothedRttMicros, out);
      case RETRANSMITS -> kernel(slot, slot.clientAtEnd.retransmitsOut, out);
    }
  }

  private static void text(String text, LineBytes out) {
    if (text.isEmpty()) {
      out.raw('-');
    } else {
      out.escaped(text);
    }
  }

  private static void target(LedgerSlot slot, LineBytes out) {
    if (slot.targetLength == 0) {
      out.raw('-');
    } else {
      out.escaped(slot.target, 0, slot.targetLength);
    }
  }

  private static void request(LedgerSlot slot, LineBytes out) {
    if (slot.method.isEmpty()) {
      out.raw('-');
      return;
    }
    out.escaped(slot.method);
    out.raw(' ');
    out.escaped(slot.target, 0, slot.targetLength);
    out.raw(' ');
    out.escaped(slot.protocol);
  }

  /// Three digits in any case: what reads the Common Log Format expects a number.
  private static void status(int status, LineBytes out) {
    out.digits(status, 3);
  }

  private static void bodyBytes(long bytes, LineBytes out) {
    if (bytes == 0) {
      out.raw('-');
    } else {
      out.number(bytes);
    }
  }

  private static void trace(LedgerSlot slot, LineBytes out) {
    if (slot.traceHigh == 0 && slot.traceLow == 0) {
      out.raw('-');
    } else {
      out.hex16(slot.traceHigh);
      out.hex16(slot.traceLow);
    }
  }

  private static void upstreamMillis(long nanos, LineBytes out) {
    if (nanos < 0) {
      out.raw('-');
    } else {
      out.thousandths(nanos / 1000);
    }
  }

  private static void kernel(LedgerSlot slot, long value, LineBytes out) {
    if (slot.clientAtEnd.cookie == 0) {
      out.raw('-');
    } else {
      out.number(value);
    }
  }
}
