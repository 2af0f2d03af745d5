package io.ostiary.insight.explain;

import io.ostiary.model.LedgerEntry;
import io.ostiary.model.LedgerEntry.Network;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The one sentence: how long, where most of it went, and why; or who ended the call and how.
final class Sentence {
  private static final String[] WORDS = {
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"
  };

  /// Below this the place of the time is not worth more than its name.
  private static final long WORTH_A_CAUSE_NANOS = 1_000_000;

  private final LedgerEntry entry;
  private final Timeline timeline;
  private final List<Explanation.Share> shares;
  private final long total;

  Sentence(LedgerEntry entry, Timeline timeline, List<Explanation.Share> shares) {
    this.entry = entry;
    this.timeline = timeline;
    this.shares = shares;
    total = timeline.end() - timeline.start();
  }

  String text() {
    return switch (entry.blame()) {
      case NONE -> where();
      case POLICY -> refused();
      case CLIENT -> clientFailed();
      case KERNEL ->
          "The connection was cut beneath the gateway ("
              + entry.reason()
              + ") after "
              + duration(total)
              + waitingFor()
              + ".";
      case UPSTREAM -> upstreamFailed();
      case GATEWAY -> "The gateway failed (" + entry.reason() + ") after " + duration(total) + ".";
    };
  }

  /// `38 ms, of which 31 ms on the client's network: two retransmits while ...`
  private String where() {
    var most = shares.getFirst();
    var text = duration(total) + ", of which " + duration(most.nanos()) + " " + place(most.lane());
    var cause = most.nanos() < WORTH_A_CAUSE_NANOS ? null : cause(most.lane());
    return cause == null ? text + "." : text + ": " + cause + ".";
  }

  private String refused() {
    var asked = entry.attempts().isEmpty() ? "; no upstream was asked." : ".";
    var text =
        "Refused by "
            + entry.reason()
            + " with "
            + entry.status()
            + " after "
            + duration(total)
            + asked;
    return slowElsewhere() ? text + " " + where() : text;
  }

  private String clientFailed() {
    if (entry.timings().head() == null && (entry.status() == 0 || entry.status() == 408)) {
      return "The client did not send a complete request ("
          + entry.reason()
          + ") within "
          + duration(total)
          + ".";
    }
    if (entry.status() >= 400 && entry.attempts().isEmpty()) {
      return "The client's request was answered with "
          + entry.status()
          + " ("
          + entry.reason()
          + ") after "
          + duration(total)
          + "; no upstream was asked.";
    }
    return "The client ended it ("
        + entry.reason()
        + ") after "
        + duration(total)
        + waitingFor()
        + ".";
  }

  private String upstreamFailed() {
    if (entry.attempts().isEmpty()) {
      return "No upstream could be asked (" + entry.reason() + ") after " + duration(total) + ".";
    }
    var last = entry.attempts().getLast();
    if (last.failure().isEmpty() && entry.reason().equals("answered")) {
      return "Upstream "
          + last.upstream()
          + " itself answered "
          + entry.upstreamStatus()
          + ": "
          + where();
    }
    int tries = entry.attempts().size();
    var failure = last.failure().isEmpty() ? entry.reason() : last.failure();
    return "Upstream "
        + last.upstream()
        + " failed after "
        + duration(total)
        + ": "
        + failure
        + " at "
        + last.target()
        + (tries > 1 ? ", the last of " + word(tries) + " attempts." : ".");
  }

  private boolean slowElsewhere() {
    var most = shares.getFirst();
    return most.lane() != Lane.GATEWAY && most.nanos() > 10 * WORTH_A_CAUSE_NANOS;
  }

  /// What was being waited for when it ended.
  private String waitingFor() {
    if (entry.timings().responseStart() != null) {
      return ", while the response was on its way";
    }
    if (entry.attempts().isEmpty()) {
      return "";
    }
    var last = entry.attempts().getLast();
    if (last.requestSent() == null) {
      return last.connected() == null && !last.reused()
          ? ", while connecting to upstream " + last.upstream()
          : ", while the request was being sent to upstream " + last.upstream();
    }
    return ", while upstream " + last.upstream() + " had not answered";
  }

  private String place(Lane lane) {
    return switch (lane) {
      case CLIENT_NETWORK -> "on the client's network";
      case KERNEL -> "waiting in the kernel's socket";
      case GATEWAY -> "in the gateway";
      case UPSTREAM_NETWORK -> "on the network to upstream " + upstream();
      case UPSTREAM -> "in upstream " + upstream();
    };
  }

  private String upstream() {
    return entry.attempts().isEmpty() ? "?" : entry.attempts().getLast().upstream();
  }

  private @Nullable String cause(Lane lane) {
    var longest = timeline.longest(lane);
    if (longest == null) {
      return null;
    }
    return switch (lane) {
      case CLIENT_NETWORK -> clientCause(longest);
      case KERNEL -> "the event loop was busy with other calls";
      case GATEWAY -> longest.name() + " took " + duration(longest.nanos());
      case UPSTREAM_NETWORK -> upstreamNetworkCause(longest);
      case UPSTREAM ->
          longest.name().equals("response")
              ? "its response took " + duration(longest.nanos()) + " to arrive"
              : "it took " + duration(longest.nanos()) + " to answer";
    };
  }

  private String clientCause(Phase longest) {
    var facts = entry.network();
    if (facts != null) {
      var lost = lossCause(facts, longest);
      if (lost != null) {
        return lost;
      }
    }
    return switch (longest.name()) {
      case "handshake" -> "the handshake took " + duration(longest.nanos());
      case "first packet" ->
          "the request's first packet came " + duration(longest.nanos()) + " after the handshake";
      case "response" ->
          "the client took "
              + duration(longest.nanos())
              + " to take the response"
              + (facts != null && facts.connection().zeroWindows() > 0
                  ? " (its window was closed)"
                  : "");
      default -> "the " + longest.name() + " took " + duration(longest.nanos()) + " to arrive";
    };
  }

  private @Nullable String lossCause(Network facts, Phase longest) {
    return switch (longest.name()) {
      case "handshake" ->
          facts.synAckRetransmits() > 0
              ? "the handshake needed " + counted(facts.synAckRetransmits(), "more SYN-ACK")
              : null;
      case "response" ->
          facts.callOrNone().retransmitsOut() > 0
              ? counted(facts.callOrNone().retransmitsOut(), "retransmit") + " of the response"
              : null;
      default ->
          arrivedAgain(facts) > 0
              ? counted(arrivedAgain(facts), "retransmit") + " while the request was arriving"
              : null;
    };
  }

  /// On a fresh connection everything that came twice before the head came with this request.
  private long arrivedAgain(Network facts) {
    return entry.requestNumber() <= 1
        ? Math.max(facts.connection().duplicatesIn(), facts.callOrNone().duplicatesIn())
        : facts.callOrNone().duplicatesIn();
  }

  private String upstreamNetworkCause(Phase longest) {
    var facts = entry.upstreamNetwork();
    if (facts != null && facts.callOrNone().retransmitsOut() > 0) {
      return counted(facts.callOrNone().retransmitsOut(), "retransmit") + " of the request";
    }
    return switch (longest.name()) {
      case "connect" -> "connecting took " + duration(longest.nanos());
      case "round trip" -> "one round trip takes " + duration(longest.nanos());
      default -> "sending took " + duration(longest.nanos());
    };
  }

  private static String counted(long count, String noun) {
    return word(count) + " " + noun + (count == 1 ? "" : "s");
  }

  private static String word(long count) {
    return count < WORDS.length ? WORDS[(int) count] : Long.toString(count);
  }

  /// Two or three figures: `0.42 ms`, `4.1 ms`, `38 ms`, `2.1 s`.
  static String duration(long nanos) {
    double millis = nanos / 1e6;
    if (millis < 0.995) {
      return String.format(Locale.ROOT, "%.2f ms", millis);
    }
    if (millis < 9.95) {
      return String.format(Locale.ROOT, "%.1f ms", millis);
    }
    if (millis < 999.5) {
      return Math.round(millis) + " ms";
    }
    return String.format(Locale.ROOT, millis < 99_950 ? "%.1f s" : "%.0f s", millis / 1000);
  }
}
