package io.ostiary.insight.otlp;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import io.ostiary.model.Blame;
import io.ostiary.model.CallId;
import io.ostiary.model.LedgerEntry;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.Peers;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// Makes the spans of a call: one for the call itself, named and described by OpenTelemetry's
/// semantic conventions for HTTP servers, and one for each attempt, by those for HTTP clients. What
/// the kernel measured is in attributes of our own. Immutable.
///
/// @param templates the path template of a route, by the name of its API and its id
record Spans(Resource resource, BiFunction<String, String, @Nullable String> templates) {
  void of(LedgerEntry entry, List<SpanData> into) {
    var trace = entry.traceId();
    if (trace == null) {
      return;
    }
    var own = context(trace, entry.call());
    var parent = entry.parentSpan();
    into.add(
        new Span(
            name(entry),
            SpanKind.SERVER,
            own,
            parent == null ? SpanContext.getInvalid() : remote(trace, parent),
            status(entry.status() == 0 || entry.status() >= 500, entry.reason()),
            at(entry, 0),
            at(entry, entry.timings().end()),
            attributes(entry),
            filters(entry),
            resource));
    for (int i = 0; i < entry.attempts().size(); i++) {
      into.add(attempt(entry, trace, own, i));
    }
  }

  private static SpanContext context(String trace, long span) {
    return SpanContext.create(
        trace, HexFormat.of().toHexDigits(span), TraceFlags.getSampled(), TraceState.getDefault());
  }

  private static SpanContext remote(String trace, String span) {
    return SpanContext.createFromRemoteParent(
        trace, span, TraceFlags.getSampled(), TraceState.getDefault());
  }

  private static long at(LedgerEntry entry, long offset) {
    return TimeUnit.MILLISECONDS.toNanos(entry.start().toEpochMilli()) + offset;
  }

  private @Nullable String template(LedgerEntry entry) {
    var api = entry.api();
    var route = entry.route();
    return api == null || route == null ? null : templates.apply(api, route);
  }

  private String name(LedgerEntry entry) {
    var template = template(entry);
    var method = method(entry);
    return template == null ? method : method + ' ' + template;
  }

  /// Names of spans and values of this attribute must be few, and a client may invent methods.
  private static String method(LedgerEntry entry) {
    return switch (entry.method()) {
      case "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT" ->
          entry.method();
      default -> "_OTHER";
    };
  }

  private static StatusData status(boolean failed, String why) {
    return failed
        ? StatusData.create(io.opentelemetry.api.trace.StatusCode.ERROR, why)
        : StatusData.unset();
  }

  private Attributes attributes(LedgerEntry entry) {
    var all = Attributes.builder();
    all.put("http.request.method", method(entry));
    if (method(entry).equals("_OTHER") && !entry.method().isEmpty()) {
      all.put("http.request.method_original", entry.method());
    }
    int query = entry.target().indexOf('?');
    all.put("url.scheme", entry.secure() ? "https" : "http");
    all.put("url.path", query < 0 ? entry.target() : entry.target().substring(0, query));
    if (query >= 0) {
      all.put("url.query", entry.target().substring(query + 1));
    }
    put(all, "http.route", template(entry));
    if (entry.status() > 0) {
      all.put("http.response.status_code", entry.status());
    }
    if (entry.status() == 0 || entry.status() >= 500) {
      all.put("error.type", entry.status() == 0 ? entry.reason() : "" + entry.status());
    }
    all.put("client.address", Peers.text(entry.client()));
    all.put("network.peer.address", Peers.text(entry.peer()));
    all.put("network.peer.port", entry.peerPort());
    address(all, "server", entry.listener());
    all.put("ostiary.call", CallId.text(entry.call()));
    all.put("ostiary.plan", entry.planVersion());
    put(all, "ostiary.api", entry.api());
    put(all, "ostiary.route", entry.route());
    put(all, "ostiary.consumer", entry.consumer());
    all.put("ostiary.reason", entry.reason());
    if (entry.blame() != Blame.NONE) {
      all.put("ostiary.blame", entry.blame().name().toLowerCase(Locale.ROOT));
    }
    all.put("http.request.size", entry.requestBytes());
    all.put("http.response.size", entry.responseBytes());
    network(all, entry.network(), entry.timings().head());
    return all.build();
  }

  private static void put(AttributesBuilder all, String name, @Nullable String value) {
    if (value != null) {
      all.put(name, value);
    }
  }

  private static void address(AttributesBuilder all, String prefix, String text) {
    int colon = text.lastIndexOf(':');
    if (colon > 0) {
      all.put(prefix + ".address", text.substring(0, colon).replaceAll("[\\[\\]]", ""));
      all.put(prefix + ".port", Long.parseLong(text.substring(colon + 1)));
    }
  }

  /// What only the kernel knows: why a call was slow before anybody here saw it.
  private static void network(
      AttributesBuilder all, LedgerEntry.@Nullable Network network, @Nullable Long head) {
    if (network == null) {
      return;
    }
    all.put("ostiary.kernel.rtt_us", network.roundTrip().smoothedMicros());
    all.put("ostiary.kernel.rtt_min_us", network.roundTrip().smallestMicros());
    all.put("ostiary.kernel.handshake_rtt_us", network.roundTrip().handshakeMicros());
    var call = network.callOrNone();
    all.put("ostiary.kernel.retransmits", call.retransmitsOut());
    all.put("ostiary.kernel.duplicates_in", call.duplicatesIn());
    all.put("ostiary.kernel.dropped", call.dropped());
    all.put("ostiary.kernel.stalled_us", call.stalledNanos() / 1000);
    var first = network.firstData();
    if (first != null && head != null) {
      all.put("ostiary.kernel.socket_wait_us", Math.max(0, -first) / 1000);
    }
    var acknowledged = network.lastAck();
    if (acknowledged != null) {
      all.put("ostiary.kernel.acknowledged_us", acknowledged / 1000);
    }
    put(all, "ostiary.kernel.drop_reason", network.dropReason());
    put(all, "ostiary.kernel.interface", network.interfaceName());
    put(all, "ostiary.kernel.verdict", network.verdict());
  }

  private static List<EventData> filters(LedgerEntry entry) {
    return entry.filters().stream()
        .map(filter ->
            EventData.create(
                at(entry, filter.end()), "policy " + filter.policy(), Attributes.empty()))
        .toList();
  }

  private Span attempt(LedgerEntry entry, String trace, SpanContext parent, int number) {
    var attempt = entry.attempts().get(number);
    boolean last = number == entry.attempts().size() - 1;
    var all = Attributes.builder();
    all.put("http.request.method", method(entry));
    address(all, "server", attempt.target());
    if (attempt.status() > 0) {
      all.put("http.response.status_code", attempt.status());
    }
    boolean failed = !attempt.failure().isEmpty() || attempt.status() >= 400;
    if (failed) {
      all.put(
          "error.type", attempt.failure().isEmpty() ? "" + attempt.status() : attempt.failure());
    }
    if (number > 0) {
      all.put("http.request.resend_count", number);
    }
    all.put("ostiary.upstream", attempt.upstream());
    all.put("ostiary.connection_reused", attempt.reused());
    if (last) {
      network(all, entry.upstreamNetwork(), null);
    }
    var ended = attempt.lastByte();
    return new Span(
        method(entry),
        SpanKind.CLIENT,
        context(trace, LedgerSlot.attemptSpan(entry.call(), number)),
        parent,
        status(failed, attempt.failure()),
        at(entry, attempt.start()),
        at(entry, ended == null ? next(entry, number) : ended),
        all.build(),
        List.of(),
        resource);
  }

  /// An attempt that had no last byte ended when the next one began, or the call.
  private static long next(LedgerEntry entry, int number) {
    return number + 1 < entry.attempts().size()
        ? entry.attempts().get(number + 1).start()
        : entry.timings().end();
  }
}
