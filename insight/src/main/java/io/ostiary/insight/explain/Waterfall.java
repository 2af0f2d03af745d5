package io.ostiary.insight.explain;

import com.google.errorprone.annotations.FormatMethod;
import io.ostiary.model.CallId;
import io.ostiary.model.ConnectionEvent;
import io.ostiary.model.LedgerEntry;
import io.ostiary.model.LedgerEntry.Counters;
import io.ostiary.model.LedgerEntry.Network;
import io.ostiary.model.Peers;
import java.util.ArrayList;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Draws an explanation with characters, for terminals.
public final class Waterfall {
  private static final int LABEL = 34;
  private static final int WIDTH_MIN = 60;

  private final Explanation explanation;
  private final LedgerEntry entry;
  private final @Nullable String consumer;
  private final int bar;
  private final StringBuilder out = new StringBuilder();

  private Waterfall(Explanation explanation, @Nullable String consumer, int width) {
    this.explanation = explanation;
    this.entry = explanation.entry();
    this.consumer = consumer;
    this.bar = Math.max(WIDTH_MIN, width) - LABEL - 12;
  }

  /// @param consumer how people call the entry's consumer, null where there is none
  /// @param width columns of the terminal; less than 60 counts as 60
  public static String text(Explanation explanation, @Nullable String consumer, int width) {
    var waterfall = new Waterfall(explanation, consumer, width);
    waterfall.head();
    waterfall.phases();
    waterfall.facts();
    return waterfall.out.toString();
  }

  private void head() {
    line(
        "%s   %s   %s",
        entry.method().isEmpty() ? "unreadable request" : entry.method() + " " + entry.target(),
        entry.status() == 0 ? "no answer" : Integer.toString(entry.status()),
        Sentence.duration(explanation.totalNanos()));
    var who = new ArrayList<String>();
    who.add("call " + CallId.text(entry.call()));
    who.add(consumer == null ? "no consumer" : "consumer " + consumer);
    who.add(Peers.text(entry.peer(), entry.peerPort()));
    if (!entry.client().equals(entry.peer())) {
      who.add("for " + Peers.text(entry.client()));
    }
    if (entry.api() != null) {
      who.add("api " + entry.api() + (entry.route() == null ? "" : " · route " + entry.route()));
    }
    who.add("plan " + entry.planVersion());
    line("%s", String.join(" · ", who));
    line("%s", entry.start().toString());
    out.append('\n');
    line("%s", explanation.sentence());
    explanation.notes().forEach(note -> line("%s", note));
    out.append('\n');
  }

  private void phases() {
    for (var phase : explanation.phases()) {
      var label = phase.lane().title() + "  " + phase.name();
      var time = Sentence.duration(phase.nanos());
      line(
          "%-" + LABEL + "s %9s %s",
          label.length() > LABEL ? label.substring(0, LABEL) : label,
          phase.counted() ? time : "(" + time + ")",
          bar(phase));
    }
    line(
        "%" + (LABEL + 11) + "s%s",
        "",
        "0 ms "
            + "─".repeat(Math.max(1, bar - 14))
            + " "
            + Sentence.duration(explanation.totalNanos()));
    out.append('\n');
  }

  private String bar(Phase phase) {
    double total = Math.max(1, explanation.totalNanos());
    if (phase.end() <= explanation.start()) {
      return "◂ before";
    }
    if (phase.start() >= explanation.end()) {
      return " ".repeat(Math.max(0, bar - 8)) + "after ▸";
    }
    int from = column(phase.start(), total);
    int to = column(phase.end(), total);
    if (to <= from) {
      return " ".repeat(Math.min(from, bar - 1)) + "▏";
    }
    return " ".repeat(from) + (phase.counted() ? "█" : "░").repeat(to - from);
  }

  private int column(long offset, double total) {
    return Math.clamp(Math.round((offset - explanation.start()) / total * bar), 0, bar);
  }

  private void facts() {
    network("client", entry.network());
    network("upstream", entry.upstreamNetwork());
    int number = 1;
    for (var attempt : entry.attempts()) {
      line(
          "attempt %d   %s at %s%s, %s",
          number++,
          attempt.upstream(),
          attempt.target(),
          attempt.reused() ? " (connection reused)" : "",
          attempt.failure().isEmpty() ? "status " + attempt.status() : attempt.failure());
    }
    line(
        "http        request %s, response %s",
        bytes(entry.requestBytes()), bytes(entry.responseBytes()));
    line(
        "ended       %s%s",
        entry.reason(),
        switch (entry.blame()) {
          case NONE -> "";
          case CLIENT, KERNEL, POLICY, UPSTREAM, GATEWAY ->
              ", blame: " + entry.blame().name().toLowerCase(Locale.ROOT);
        });
  }

  private void network(String who, @Nullable Network facts) {
    if (facts == null) {
      return;
    }
    line(
        "%-11s %s, %s",
        who,
        facts.interfaceName() == null ? "interface unknown" : facts.interfaceName(),
        facts.verdict() == null ? "verdict unknown" : facts.verdict());
    line(
        "%-11s RTT %s smoothed, %s smallest of %d samples, %s handshake",
        "",
        micros(facts.roundTrip().smoothedMicros()),
        micros(facts.roundTrip().smallestMicros()),
        facts.roundTrip().samples(),
        micros(facts.roundTrip().handshakeMicros()));
    if (facts.call() != null) {
      counters("this call", facts.call());
    }
    counters("connection", facts.connection());
    for (var event : facts.events()) {
      line(
          "%-11s ✕ %s%s at %s",
          "",
          event.kind().words(),
          isDrop(event.kind()) && facts.dropReason() != null ? " (" + facts.dropReason() + ")" : "",
          Sentence.duration(event.at()));
    }
  }

  private static boolean isDrop(ConnectionEvent.Kind kind) {
    return kind == ConnectionEvent.Kind.DROPPED_IN || kind == ConnectionEvent.Kind.DROPPED_OUT;
  }

  private void counters(String of, Counters counters) {
    line(
        "%-11s %s: packets %d in, %d out; bytes %s in, %s out%s",
        "",
        of,
        counters.packetsIn(),
        counters.packetsOut(),
        bytes(counters.bytesIn()),
        bytes(counters.bytesOut()),
        trouble(counters));
  }

  /// Only what there was of it.
  private static String trouble(Counters counters) {
    var text = new StringBuilder();
    trouble(text, counters.retransmitsOut(), "sent again");
    trouble(text, counters.duplicatesIn() - counters.outOfOrderIn(), "came again");
    trouble(text, counters.outOfOrderIn(), "came behind a missing one");
    trouble(text, counters.dropped(), "dropped by the kernel");
    closed(text, counters.zeroWindows(), "its window");
    closed(text, counters.ownZeroWindows(), "our window");
    return text.toString();
  }

  private static void trouble(StringBuilder text, long count, String what) {
    if (count > 0) {
      text.append("; ").append(count).append(' ').append(what);
    }
  }

  private static void closed(StringBuilder text, long count, String what) {
    if (count > 0) {
      text.append("; ").append(what).append(" closed ");
      text.append(count == 1 ? "once" : count + " times");
    }
  }

  @FormatMethod
  private void line(String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
  }

  private static String micros(long micros) {
    return micros == 0 ? "unknown" : Sentence.duration(micros * 1000);
  }

  private static String bytes(long bytes) {
    if (bytes < 10_000) {
      return bytes + " B";
    }
    if (bytes < 10_000_000) {
      return String.format(Locale.ROOT, "%.1f kB", bytes / 1e3);
    }
    return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }
}
