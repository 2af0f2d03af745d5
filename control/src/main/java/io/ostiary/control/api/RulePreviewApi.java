package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.contract.config.RuleText;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.access.Access;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Query;
import io.ostiary.insight.CallFilter;
import io.ostiary.insight.CallLine;
import io.ostiary.insight.Calls;
import io.ostiary.insight.HistoryUnavailableException;
import io.ostiary.insight.InsightView;
import io.ostiary.model.AddressText;
import io.ostiary.model.Consumer;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Limit;
import io.ostiary.model.PacketView;
import io.ostiary.model.RuleMatch;
import io.ostiary.model.RulePast;
import io.ostiary.model.Snapshot;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// `rules/preview`: what a rule that is being written would have done in the last five minutes, to
/// packets and to calls, and of which consumers these were. Changes nothing.
final class RulePreviewApi {
  private static final int TEXT_MAX = 4000;
  private static final Duration WINDOW = Duration.ofMinutes(5);

  /// Older ones are not looked at: somebody is typing, and waits.
  private static final int CALLS_MAX = 10_000;

  private static final int CONSUMERS_MAX = 10;

  private final PacketView packets;
  private final InsightView insight;
  private final SnapshotSource source;
  private final Clock clock;

  RulePreviewApi(PacketView packets, InsightView insight, SnapshotSource source, Clock clock) {
    this.packets = packets;
    this.insight = insight;
    this.source = source;
    this.clock = clock;
  }

  List<Route> routes() {
    return List.of(Route.get("/api/v1/rules/preview", Access.VIEWER, this::preview));
  }

  /// @param action null where the text cannot be understood, and `faults` says why
  /// @param ofPackets all that came in
  /// @param untoldPackets of `ofPackets`: dropped already, or of flows that found no place
  /// @param untold what the rule asks for and is not remembered of packets: `packets` is too high
  record View(
      @Nullable String action,
      List<String> faults,
      String sentence,
      long seconds,
      long packets,
      long bytes,
      long ofPackets,
      long untoldPackets,
      int sources,
      List<Met> busiest,
      List<String> untold,
      Called calls) {
    static View refused(List<String> faults) {
      return new View(null, faults, "", 0, 0, 0, 0, 0, 0, List.of(), List.of(), Called.NONE);
    }
  }

  record Met(String source, long packets, long bytes) {}

  /// @param looked how many calls were looked at
  /// @param all whether these were all of the time
  record Called(long matched, long looked, boolean all, List<By> consumers) {
    static final Called NONE = new Called(0, 0, true, List.of());
  }

  /// @param id null for calls without a consumer
  record By(@Nullable String id, @Nullable String name, long calls) {}

  private void preview(Context context) {
    var text = Query.of(context, "rule").text("rule", "");
    if (text.length() > TEXT_MAX) {
      throw ApiProblem.invalid(
          "query",
          "rule",
          "rule: %,d characters (expected: at most 4,000)".formatted(text.length()));
    }
    var sets = packets.sets();
    context.json(
        switch (RuleText.read(text, sets.keySet())) {
          case RuleText.Read.Refused(var faults) -> View.refused(faults);
          case RuleText.Read.Understood(var rule) ->
              view(rule, packets.past(rule), called(new RuleMatch(rule.match(), sets)));
        });
  }

  private static View view(KernelRule rule, RulePast past, Called called) {
    return new View(
        rule.action(),
        List.of(),
        sentence(rule, past, called),
        past.seconds(),
        past.packets(),
        past.bytes(),
        past.ofPackets(),
        past.untoldPackets(),
        past.sources(),
        past.busiest().stream()
            .map(met -> new Met(AddressText.of(met.source()), met.packets(), met.bytes()))
            .toList(),
        past.untold(),
        called);
  }

  private Called called(RuleMatch match) {
    var running = source.state().running();
    if (running == null) {
      return Called.NONE;
    }
    var ports =
        running.listeners().stream()
            .filter(listener -> !listener.local())
            .map(listener -> listener.port())
            .toList();
    var filter = CallFilter.ALL.withWindow(clock.instant().minus(WINDOW), null);
    var counts = new HashMap<String, Long>();
    long looked = 0;
    String before = null;
    do {
      var page = page(filter, before);
      if (page == null) {
        return called(running, counts, looked, false);
      }
      for (var call : page.calls()) {
        if (meets(match, call, ports)) {
          counts.merge(call.consumer() == null ? "" : call.consumer(), 1L, Long::sum);
        }
      }
      looked += page.calls().size();
      before = page.next();
    } while (before != null && looked < CALLS_MAX);
    return called(running, counts, looked, before == null);
  }

  /// @return null where the history cannot be asked
  private io.ostiary.insight.@Nullable CallPage page(CallFilter filter, @Nullable String before) {
    try {
      return insight.calls().page(filter, before, Calls.PAGE_MAX);
    } catch (HistoryUnavailableException _) {
      return null;
    }
  }

  private static boolean meets(RuleMatch match, CallLine call, List<Integer> ports) {
    return ports.stream().anyMatch(port -> match.connection(call.client(), port));
  }

  private static Called called(
      Snapshot running, Map<String, Long> counts, long looked, boolean all) {
    var names =
        running.consumers().stream().collect(Collectors.toMap(Consumer::id, Consumer::name));
    var by =
        counts.entrySet().stream()
            .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()))
            .limit(CONSUMERS_MAX)
            .map(entry ->
                entry.getKey().isEmpty()
                    ? new By(null, null, entry.getValue())
                    : new By(entry.getKey(), names.get(entry.getKey()), entry.getValue()))
            .toList();
    return new Called(counts.values().stream().mapToLong(Long::longValue).sum(), looked, all, by);
  }

  private static String sentence(KernelRule rule, RulePast past, Called called) {
    if (past.seconds() == 0) {
      return "Packets are remembered from ten seconds after the start on; of calls %s."
          .formatted(calls(called));
    }
    var span =
        past.seconds() < WINDOW.toSeconds()
            ? "last %d s".formatted(past.seconds())
            : "last five minutes";
    var atMost = past.untold().isEmpty() ? "" : "at most ";
    return switch (rule) {
      case KernelRule.Deny _ ->
          "In the %s it would have dropped %s%s, and with them %s."
              .formatted(span, atMost, packets(past), calls(called));
      case Limit _ ->
          "In the %s %s%s came above the rate; from all that it is about came %s."
              .formatted(span, atMost, packets(past), calls(called));
      case KernelRule.Allow _ ->
          "In the %s it would have met %s%s, which came in anyway; of calls %s. What is dropped now is not remembered."
              .formatted(span, atMost, packets(past), calls(called));
    };
  }

  private static String packets(RulePast past) {
    return "%,d packet%s of %,d source%s"
        .formatted(past.packets(), s(past.packets()), past.sources(), s(past.sources()));
  }

  private static String calls(Called called) {
    if (called.matched() == 0) {
      return "no call" + (called.all() ? "" : " of the newest %,d".formatted(called.looked()));
    }
    var whose =
        called.consumers().stream()
            .map(by ->
                "%,d of %s"
                    .formatted(
                        by.calls(),
                        by.id() == null ? "nobody known" : by.name() == null ? by.id() : by.name()))
            .collect(Collectors.joining(", "));
    return "%,d call%s%s: %s"
        .formatted(
            called.matched(),
            s(called.matched()),
            called.all() ? "" : " of the newest %,d".formatted(called.looked()),
            whose);
  }

  private static String s(long count) {
    return count == 1 ? "" : "s";
  }
}
