package io.ostiary.insight.ledger;

import io.ostiary.insight.CallLine;
import io.ostiary.model.CallId;
import io.ostiary.model.ConnectionEvent;
import io.ostiary.model.LedgerEntry;
import io.ostiary.model.LedgerEntry.Attempt;
import io.ostiary.model.LedgerEntry.Counters;
import io.ostiary.model.LedgerEntry.Event;
import io.ostiary.model.LedgerEntry.FilterTiming;
import io.ostiary.model.LedgerEntry.HeldBack;
import io.ostiary.model.LedgerEntry.Network;
import io.ostiary.model.LedgerEntry.RoundTrip;
import io.ostiary.model.LedgerEntry.Timings;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads a row back, whole or as a line of a table. Confined to its thread; made for one row.
public final class RowReader {
  private final byte[] in;
  private final int start;
  private final Names names;
  private int at;

  public RowReader(byte[] bytes, int offset, Names names) {
    in = bytes;
    start = offset;
    this.names = names;
    at = Row.detail(bytes, offset);
  }

  public LedgerEntry entry() {
    var request = request();
    var timings = new Timings(time(), time(), time(), time(), time(), end());
    var filters = filters();
    var attempts = attempts();
    return new LedgerEntry(
        Row.getLong(in, start + Row.CALL),
        instant(),
        request.planVersion,
        name(Row.API),
        name(Row.ROUTE),
        name(Row.CONSUMER),
        request.traceId,
        request.parentSpan,
        request.peer,
        request.peerPort,
        client(),
        request.listener,
        request.requestNumber,
        request.method,
        request.target,
        Row.getShort(in, start + Row.STATUS),
        Row.getShort(in, start + Row.UPSTREAM_STATUS),
        Row.blame(in[start + Row.BLAME]),
        names.textOrEmpty(Row.getInt(in, start + Row.REASON)),
        Row.getLong(in, start + Row.REQUEST_BYTES),
        Row.getLong(in, start + Row.RESPONSE_BYTES),
        timings,
        filters,
        attempts,
        network(),
        network(),
        upstreamTarget(),
        fields(),
        held(),
        held(),
        (in[start + Row.FLAGS] & Row.SECURE) != 0);
  }

  /// Whether anything follows; rows of before end sooner.
  private boolean more() {
    return at < start + Row.getInt(in, start + Row.LENGTH);
  }

  private Map<String, String> fields() {
    int count = more() ? (int) number() : 0;
    var fields = new LinkedHashMap<String, String>();
    for (int i = 0; i < count; i++) {
      var name = names.textOrEmpty((int) number());
      fields.put(name, new String(bytes((int) number()), StandardCharsets.UTF_8));
    }
    return fields;
  }

  private @Nullable HeldBack held() {
    if (!more()) {
      return null;
    }
    long nanos = number();
    var policy = names.textOrEmpty((int) number());
    return nanos == 0 ? null : new HeldBack(policy, nanos);
  }

  private @Nullable String upstreamTarget() {
    if (!more()) {
      return null;
    }
    int length = (int) number();
    return length == 0 ? null : text(length);
  }

  public CallLine line() {
    var request = request();
    return new CallLine(
        CallId.text(Row.getLong(in, start + Row.CALL)),
        instant(),
        request.method,
        request.target,
        name(Row.API),
        name(Row.ROUTE),
        name(Row.CONSUMER),
        client(),
        Row.getShort(in, start + Row.STATUS),
        Row.blame(in[start + Row.BLAME]),
        names.textOrEmpty(Row.getInt(in, start + Row.REASON)),
        Row.getLong(in, start + Row.DURATION_MICROS),
        Row.getLong(in, start + Row.REQUEST_BYTES),
        Row.getLong(in, start + Row.RESPONSE_BYTES));
  }

  private record Request(
      long planVersion,
      InetAddress peer,
      int peerPort,
      @Nullable String traceId,
      @Nullable String parentSpan,
      String listener,
      int requestNumber,
      String method,
      String target) {}

  private Request request() {
    long planVersion = number();
    var peer = address(bytes((int) number()));
    int peerPort = (int) number();
    String traceId = null;
    String parentSpan = null;
    long trace = number();
    if (trace != 0) {
      var hex = HexFormat.of();
      traceId = hex.toHexDigits(Row.getLong(in, at)) + hex.toHexDigits(Row.getLong(in, at + 8));
      at += 16;
      if (trace == 2) {
        parentSpan = hex.toHexDigits(Row.getLong(in, at));
        at += 8;
      }
    }
    var listener = names.textOrEmpty((int) number());
    int requestNumber = (int) number();
    int method = (int) number();
    var methodText = method == 0 ? text((int) number()) : RowWriter.METHODS.get(method);
    return new Request(
        planVersion,
        peer,
        peerPort,
        traceId,
        parentSpan,
        listener,
        requestNumber,
        methodText,
        text((int) number()));
  }

  private List<FilterTiming> filters() {
    int count = (int) number();
    var filters = new ArrayList<FilterTiming>(count);
    for (int i = 0; i < count; i++) {
      filters.add(new FilterTiming(names.textOrEmpty((int) number()), end()));
    }
    return filters;
  }

  private List<Attempt> attempts() {
    int count = (int) number();
    var attempts = new ArrayList<Attempt>(count);
    for (int i = 0; i < count; i++) {
      var upstream = names.textOrEmpty((int) number());
      var target = names.textOrEmpty((int) number());
      int bits = (int) number();
      attempts.add(
          new Attempt(
              upstream,
              target,
              LedgerEntry.Why.of(bits >> 1),
              (bits & 1) != 0,
              end(),
              time(),
              time(),
              time(),
              time(),
              (int) number(),
              names.textOrEmpty((int) number())));
    }
    return attempts;
  }

  private @Nullable Network network() {
    return switch ((int) number()) {
      case 0 -> null;
      case 1 -> networkAtFirst();
      default -> networkNow();
    };
  }

  private Network networkNow() {
    var syn = time();
    var synAck = time();
    var established = time();
    var firstData = time();
    var lastData = time();
    var lastAck = time();
    boolean unacknowledged = number() != 0;
    var roundTrip = new RoundTrip(number(), number(), number(), number());
    var connection = counters();
    var call = number() == 0 ? null : counters();
    long synAckRetransmits = number();
    int closeReason = (int) number();
    var dropReason = names.text((int) number());
    var place = names.text((int) number());
    var verdict = names.text((int) number());
    return new Network(
        syn,
        synAck,
        established,
        firstData,
        lastData,
        lastAck,
        unacknowledged,
        roundTrip,
        connection,
        call,
        synAckRetransmits,
        closeReason,
        dropReason,
        place,
        verdict,
        events());
  }

  private Counters counters() {
    return new Counters(
        number(), number(), number(), number(), number(), number(), number(), number(), number(),
        number(), number());
  }

  private List<Event> events() {
    int count = (int) number();
    var events = new ArrayList<Event>(count);
    for (int i = 0; i < count; i++) {
      events.add(new Event(ConnectionEvent.kind((int) number()), end()));
    }
    return events;
  }

  /// As rows were written before events and the moment of the SYN-ACK were kept.
  private Network networkAtFirst() {
    var syn = time();
    var established = time();
    var firstData = time();
    var lastData = time();
    var lastAck = time();
    var n = new long[12];
    for (int i = 0; i < n.length; i++) {
      n[i] = number();
    }
    var place = names.text((int) number());
    var verdict = names.text((int) number());
    return new Network(
        syn,
        null,
        established,
        firstData,
        lastData,
        lastAck,
        false,
        new RoundTrip(n[0], n[1], n[2], 0),
        new Counters(n[3], n[4], n[5], n[6], n[7], n[8], 0, 0, n[10], 0, 0),
        new Counters(number(), number(), 0, 0, number(), number(), 0, 0, 0, 0, 0),
        n[9],
        (int) n[11],
        null,
        place,
        verdict,
        List.of());
  }

  private Instant instant() {
    return Instant.ofEpochMilli(Row.getLong(in, start + Row.START_MILLIS));
  }

  private @Nullable String name(int field) {
    return names.text(Row.getInt(in, start + field));
  }

  private InetAddress client() {
    int from = start + Row.CLIENT;
    return address(Arrays.copyOfRange(in, from, from + in[start + Row.CLIENT_LENGTH]));
  }

  static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes.length == 0 ? new byte[4] : bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("address: " + bytes.length + " bytes (expected: 4 or 16)", e);
    }
  }

  private @Nullable Long time() {
    long value = number();
    return value == 0 ? null : distance(value);
  }

  private long end() {
    long value = number();
    return value == 0 ? 0 : distance(value);
  }

  private static long distance(long value) {
    long zigzag = value - 1;
    return zigzag >>> 1 ^ -(zigzag & 1);
  }

  private long number() {
    long value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      byte next = in[at++];
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalStateException("number: more than 10 bytes (expected: a whole row)");
  }

  private String text(int length) {
    var text = new String(in, at, length, StandardCharsets.ISO_8859_1);
    at += length;
    return text;
  }

  private byte[] bytes(int length) {
    var copy = Arrays.copyOfRange(in, at, at + length);
    at += length;
    return copy;
  }
}
