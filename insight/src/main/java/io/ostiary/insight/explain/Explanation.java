package io.ostiary.insight.explain;

import io.ostiary.model.LedgerEntry;
import io.ostiary.model.LedgerEntry.HeldBack;
import io.ostiary.model.LedgerEntry.Network;
import io.ostiary.model.SocketPath;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Why a call took as long as it did: its phases, and one sentence for people.
///
/// @param entry what is explained
/// @param sentence where the time went and who is to blame
/// @param start of what is counted, nanoseconds relative to the entry's start; not above 0
/// @param end of what is counted
/// @param phases in the order of their start
/// @param slowest the lane that took the largest part
/// @param shares how much each lane took, the largest first; together `end - start`
/// @param notes further sentences, such as what is missing without kernel facts
public record Explanation(
    LedgerEntry entry,
    String sentence,
    long start,
    long end,
    List<Phase> phases,
    Lane slowest,
    List<Share> shares,
    List<String> notes) {
  public Explanation {
    phases = List.copyOf(phases);
    shares = List.copyOf(shares);
    notes = List.copyOf(notes);
  }

  public record Share(Lane lane, long nanos) {}

  public static Explanation of(LedgerEntry entry) {
    var timeline = new Timeline(entry);
    var phases = timeline.phases();
    var shares = shares(phases);
    return new Explanation(
        entry,
        new Sentence(entry, timeline, shares).text(),
        timeline.start(),
        timeline.end(),
        phases,
        shares.getFirst().lane(),
        shares,
        notes(entry, timeline));
  }

  public long totalNanos() {
    return end - start;
  }

  private static List<Share> shares(List<Phase> phases) {
    var sums = new EnumMap<Lane, Long>(Lane.class);
    for (var phase : phases) {
      if (phase.counted()) {
        sums.merge(phase.lane(), phase.nanos(), Long::sum);
      }
    }
    var shares = new ArrayList<Share>();
    sums.forEach((lane, nanos) -> shares.add(new Share(lane, nanos)));
    shares.sort(Comparator.comparingLong(Share::nanos).reversed());
    return shares.isEmpty() ? List.of(new Share(Lane.GATEWAY, 0)) : shares;
  }

  private static List<String> notes(LedgerEntry entry, Timeline timeline) {
    var notes = new ArrayList<String>();
    if (entry.network() == null) {
      notes.add(
          "No kernel facts for the client's connection: what happened before the gateway's first"
              + " read is not in the total.");
    } else if (!timeline.handshakeCounted() && entry.network().syn() != null) {
      notes.add(
          entry.requestNumber() > 1
              ? "Request "
                  + entry.requestNumber()
                  + " of its connection: the handshake happened earlier and is not counted."
              : "The connection was opened early and stayed idle: its handshake is not counted.");
    }
    if (entry.network() != null && entry.network().unacknowledged()) {
      notes.add("The client had not acknowledged the whole response 0.75 s after its end.");
    }
    if (entry.network() != null && entry.network().callOrNone().ownZeroWindows() > 0) {
      notes.add(
          "The client had to wait while it sent: "
              + untaken(entry.requestHeld(), "upstream", "request"));
    }
    if (entry.upstreamNetwork() != null
        && entry.upstreamNetwork().callOrNone().ownZeroWindows() > 0) {
      notes.add(
          "The upstream had to wait while it sent: "
              + untaken(entry.responseHeld(), "client", "response"));
    }
    dropped("The client's", entry.network(), notes);
    dropped("The upstream's", entry.upstreamNetwork(), notes);
    again(entry, notes);
    if (!entry.attempts().isEmpty() && SocketPath.is(entry.attempts().getLast().target())) {
      notes.add(
          "The target is a Unix socket: no network lies between, and the kernel counts nothing"
              + " there. All of its time is the upstream's own.");
    } else if (!entry.attempts().isEmpty() && entry.upstreamNetwork() == null) {
      notes.add(
          "No kernel facts for the upstream's connection: its network and its own time cannot be"
              + " told apart.");
    }
    if (entry.upstreamTarget() != null) {
      notes.add("A policy asked the upstream for " + entry.upstreamTarget() + " instead.");
    }
    return notes;
  }

  private static String untaken(@Nullable HeldBack held, String behind, String what) {
    return held == null
        ? "the gateway, or the %s behind it, did not take the %s as fast as it came."
            .formatted(behind, what)
        : "%s held the %s back.".formatted(held.policy(), what);
  }

  /// Why there was more than one attempt. Whoever sent them had to send them again, and it looks as
  /// if the network had lost them.
  private static void dropped(String whose, @Nullable Network facts, List<String> notes) {
    long packets = facts == null ? 0 : facts.callOrNone().dropped();
    if (facts != null && packets > 0) {
      notes.add(
          "%s network did not lose all of it: the gateway's own kernel dropped %s of this call%s."
              .formatted(
                  whose,
                  Sentence.counted(packets, "packet"),
                  facts.dropReason() == null ? "" : " (" + reason(facts.dropReason()) + ")"));
    }
  }

  /// With whose word it is, where that is not the kernel's own.
  static String reason(String word) {
    return switch (word) {
      case "deny-rule", "limit-rule", "limit-connections" -> word + ": a rule of the gateway";
      case "banned", "ban-limit" -> word + ": the gateway holds a ban against the client";
      case "stage" -> word + ": a program of your own refused";
      case "xdp", "tc-ingress" -> word + ", as where a program that is not ours refuses";
      default -> word;
    };
  }

  private static void again(LedgerEntry entry, List<String> notes) {
    var attempts = entry.attempts();
    for (int i = 0; i < attempts.size(); i++) {
      var attempt = attempts.get(i);
      switch (attempt.why()) {
        case FIRST -> {}
        case RETRY ->
            notes.add(
                "Tried again at %s%s."
                    .formatted(
                        attempt.target(),
                        i == 0
                            ? ""
                            : ", because "
                                + attempts.get(i - 1).target()
                                + " failed: "
                                + failure(attempts.get(i - 1))));
        case HEDGE ->
            notes.add(
                "Asked %s, too (a hedge), as the first attempt had not been answered yet%s."
                    .formatted(
                        attempt.target(),
                        attempt.failure().isEmpty()
                            ? "; its answer was the one that counted"
                            : ""));
      }
    }
  }

  private static String failure(LedgerEntry.Attempt attempt) {
    return attempt.failure().isEmpty() ? "status " + attempt.status() : attempt.failure();
  }
}
