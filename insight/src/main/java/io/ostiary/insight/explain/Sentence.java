package io.ostiary.insight.explain;

import io.ostiary.model.LedgerEntry;
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
      case GATEWAY -> gatewayFailed();
    };
  }

  /// `38 ms, of which 31 ms on the client's network: two retransmits while ...`
  private String where() {
    var most = shares.getFirst();
    var text = duration(total) + ", of which " + duration(most.nanos()) + " " + place(most.lane());
    var cause = most.nanos() < WORTH_A_CAUSE_NANOS ? null : cause(most.lane());
    return (cause == null ? text + "." : text + ": " + cause + ".") + remark();
  }

  private String refused() {
    var asked = entry.attempts().isEmpty() ? "; no upstream was asked." : ".";
    boolean busy = entry.reason().equals("validate") && entry.status() == 503;
    var text =
        "Refused by "
            + entry.reason()
            + " with "
            + entry.status()
            + (busy ? " (too many bodies were being checked)" : "")
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

  private @Nullable String cause(Lane lane) {
    var longest = timeline.longest(lane);
    return longest == null ? null : new Cause(entry).of(longest);
  }

  /// What a policy had to say though it let the call pass.
  private String remark() {
    return switch (entry.reason()) {
      case "request-invalid" -> " The request broke the API's document and was let through.";
      case "cache-renewal" -> " Nobody waited for it: it renewed what the cache keeps.";
      case "response-invalid" -> " The response broke the API's document; the log names a fault.";
      case "request-unchecked" ->
          " The request was not held to the document: too many bodies were being checked.";
      case "response-unchecked" ->
          " The response was not held to the document: it was too long, compressed, or too many"
              + " bodies were being checked.";
      default -> "";
    };
  }

  private String gatewayFailed() {
    var after = " after " + duration(total) + waitingFor() + ".";
    return entry.reason().equals("drain-timeout")
        ? "The gateway ended before the call did, and cut it when its drain time was over," + after
        : "The gateway failed (" + entry.reason() + ")" + after;
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
      case KERNEL -> "in the gateway's kernel";
      case GATEWAY -> "in the gateway";
      case UPSTREAM_NETWORK -> "on the network to upstream " + upstream();
      case UPSTREAM -> "in upstream " + upstream();
    };
  }

  private String upstream() {
    return entry.attempts().isEmpty() ? "?" : entry.attempts().getLast().upstream();
  }

  static String counted(long count, String noun) {
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
