package io.ostiary.insight.explain;

import io.ostiary.model.LedgerEntry;
import java.util.List;

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

  public long totalNanos() {
    return end - start;
  }
}
