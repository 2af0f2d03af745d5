package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.contract.config.RuleConflicts;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.access.Access;
import io.ostiary.control.http.Query;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.PacketView;
import io.ostiary.model.Snapshot;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `rules`: what the shield is told, in what order it holds, and what it did.
final class RulesApi {
  private final PacketView packets;
  private final SnapshotSource source;
  private final Clock clock;
  private volatile @Nullable Compared compared;

  /// What is odd about the rules of a snapshot.
  private record Compared(Snapshot of, List<RuleConflicts.Conflict> conflicts) {}

  RulesApi(PacketView packets, SnapshotSource source, Clock clock) {
    this.packets = packets;
    this.source = source;
    this.clock = clock;
  }

  List<Route> routes() {
    return List.of(Route.get("/api/v1/rules", Access.VIEWER, this::rules));
  }

  record Rules(
      @Nullable String file,
      boolean dryRun,
      String interfaces,
      long rulesVersion,
      List<String> management,
      List<Rule> items) {}

  /// @param conditions what it asks for beside the others, in the words of the file
  record Rule(
      int number,
      String action,
      List<String> from,
      List<String> to,
      List<String> toPorts,
      List<String> protocols,
      List<String> conditions,
      @Nullable Long packetsPerSecond,
      @Nullable Long connectionsPerSecond,
      @Nullable String per,
      List<Conflict> conflicts,
      @Nullable Hits hits) {}

  /// @param rule the one that wins, from 1; null: what wins is no rule
  record Conflict(@Nullable Integer rule, boolean whole, String sentence) {}

  /// @param droppedPackets of `packets`; in dry-run: would have been
  record Hits(
      long packets, long bytes, long droppedPackets, long droppedBytes, @Nullable Instant last) {}

  private void rules(Context context) {
    Query.of(context);
    var state = source.state();
    var running = state.running();
    var settings = running == null ? KernelSettings.OFF : running.kernel();
    var rules = new ArrayList<Rule>();
    var hits = packets.ruleHits();
    boolean fit = hits.size() == settings.rules().size();
    var conflicts = running == null ? List.<RuleConflicts.Conflict>of() : conflicts(running);
    for (int i = 0; i < settings.rules().size(); i++) {
      int number = i;
      rules.add(
          RuleView.of(
              i + 1,
              settings.rules().get(i),
              conflicts.stream()
                  .filter(conflict -> conflict.rule() == number)
                  .map(RulesApi::conflict)
                  .toList(),
              fit ? hits(hits.get(i), clock.instant()) : null));
    }
    context.json(
        new Rules(
            state.file(),
            settings.dryRun(),
            interfaces(settings.interfaces()),
            packets.status().rulesVersion(),
            settings.management().stream().map(Cidr::toString).toList(),
            rules));
  }

  /// Looked for once for each snapshot, as many rules take a while.
  @SuppressWarnings("ReferenceEquality") // Whether it is the same snapshot is the question.
  private List<RuleConflicts.Conflict> conflicts(Snapshot running) {
    var known = compared;
    if (known == null || known.of() != running) {
      known =
          new Compared(
              running, RuleConflicts.of(running.kernel(), running.gateway().trustedProxies()));
      compared = known;
    }
    return known.conflicts();
  }

  private static Conflict conflict(RuleConflicts.Conflict one) {
    return new Conflict(
        one.other() < 0 ? null : one.other() + 1,
        one.whole(),
        one.sentence(other -> "#" + (other + 1)));
  }

  private static String interfaces(KernelSettings.Interfaces interfaces) {
    return switch (interfaces) {
      case KernelSettings.Interfaces.Auto() -> "auto";
      case KernelSettings.Interfaces.Off() -> "off";
      case KernelSettings.Interfaces.Named(var names) -> String.join(", ", names);
    };
  }

  private static Hits hits(PacketView.RuleHits hits, Instant now) {
    return new Hits(
        hits.packets(),
        hits.bytes(),
        hits.droppedPackets(),
        hits.droppedBytes(),
        hits.lastNanos() == 0 ? null : SourceView.wallClock(hits.lastNanos(), now));
  }
}
