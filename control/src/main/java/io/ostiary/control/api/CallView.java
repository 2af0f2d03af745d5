package io.ostiary.control.api;

import io.ostiary.control.api.LiveViews.CallLineView;
import io.ostiary.control.api.LiveViews.Names;
import io.ostiary.insight.CallLine;
import io.ostiary.insight.explain.Explanation;
import io.ostiary.insight.explain.Lane;
import io.ostiary.model.ConnectionEvent;
import io.ostiary.model.LedgerEntry;
import io.ostiary.model.Peers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One call as it goes out; see `openapi.yaml`.
record CallView(
    CallLineView line,
    String peer,
    int peerPort,
    String listener,
    int requestNumber,
    long planVersion,
    @Nullable String traceId,
    int upstreamStatus,
    Timings timings,
    List<Filter> filters,
    List<Attempt> attempts,
    @Nullable NetworkView network,
    @Nullable NetworkView upstreamNetwork,
    Map<String, String> fields,
    Explained explanation) {

  record Timings(
      @Nullable Long acceptedNanos,
      @Nullable Long headNanos,
      @Nullable Long requestEndNanos,
      @Nullable Long responseStartNanos,
      @Nullable Long responseEndNanos,
      long endNanos) {}

  record Filter(String policy, long startNanos, long endNanos) {}

  record Attempt(
      String upstream,
      String target,
      String why,
      boolean reused,
      long startNanos,
      @Nullable Long connectedNanos,
      @Nullable Long requestSentNanos,
      @Nullable Long firstByteNanos,
      @Nullable Long lastByteNanos,
      int status,
      String failure) {}

  record Explained(
      String sentence,
      List<String> notes,
      long startNanos,
      long endNanos,
      String slowest,
      List<Share> shares,
      List<LaneView> lanes,
      List<Mark> marks) {}

  record Share(String owner, long nanos) {}

  record LaneView(String owner, String title, List<Bar> bars) {}

  record Bar(String name, long startNanos, long endNanos, boolean counted) {}

  record Mark(String owner, String name, long atNanos, boolean trouble) {}

  static CallView of(Explanation explanation, Names names) {
    var entry = explanation.entry();
    return new CallView(
        CallLineView.of(CallLine.of(entry), names),
        Peers.text(entry.peer()),
        entry.peerPort(),
        entry.listener(),
        entry.requestNumber(),
        entry.planVersion(),
        entry.traceId(),
        entry.upstreamStatus(),
        timings(entry.timings()),
        filters(entry),
        entry.attempts().stream().map(CallView::attempt).toList(),
        NetworkView.of(entry.network()),
        NetworkView.of(entry.upstreamNetwork()),
        entry.fields(),
        explained(explanation));
  }

  private static Timings timings(LedgerEntry.Timings timings) {
    return new Timings(
        timings.accepted(),
        timings.head(),
        timings.requestEnd(),
        timings.responseStart(),
        timings.responseEnd(),
        timings.end());
  }

  /// Filters run one after the other, so each began where the one before it ended.
  private static List<Filter> filters(LedgerEntry entry) {
    var filters = new ArrayList<Filter>();
    var head = entry.timings().head();
    long start = head == null ? 0 : head;
    for (var filter : entry.filters()) {
      filters.add(new Filter(filter.policy(), start, filter.end()));
      start = filter.end();
    }
    return filters;
  }

  private static Attempt attempt(LedgerEntry.Attempt attempt) {
    return new Attempt(
        attempt.upstream(),
        attempt.target(),
        attempt.why().name().toLowerCase(Locale.ROOT),
        attempt.reused(),
        attempt.start(),
        attempt.connected(),
        attempt.requestSent(),
        attempt.firstByte(),
        attempt.lastByte(),
        attempt.status(),
        attempt.failure());
  }

  private static Explained explained(Explanation explanation) {
    return new Explained(
        explanation.sentence(),
        explanation.notes(),
        explanation.start(),
        explanation.end(),
        owner(explanation.slowest()),
        explanation.shares().stream()
            .map(share -> new Share(owner(share.lane()), share.nanos()))
            .toList(),
        lanes(explanation),
        marks(explanation.entry()));
  }

  private static List<LaneView> lanes(Explanation explanation) {
    var lanes = new ArrayList<LaneView>();
    for (var lane : Lane.values()) {
      var bars =
          explanation.phases().stream()
              .filter(phase -> phase.lane() == lane)
              .map(one -> new Bar(one.name(), one.start(), one.end(), one.counted()))
              .toList();
      lanes.add(new LaneView(owner(lane), lane.title(), bars));
    }
    return lanes;
  }

  private static List<Mark> marks(LedgerEntry entry) {
    var marks = new ArrayList<Mark>();
    var client = entry.network();
    if (client != null) {
      var owner = owner(Lane.CLIENT_NETWORK);
      mark(marks, owner, "SYN", client.syn());
      mark(marks, owner, "SYN-ACK", client.synAck());
      mark(marks, owner, "handshake complete", client.established());
      mark(marks, owner, "first request segment", client.firstData());
      mark(marks, owner, "last request segment", client.lastData());
      mark(marks, owner, "last ACK", client.lastAck());
      troubles(marks, owner, client);
    }
    var upstream = entry.upstreamNetwork();
    if (upstream != null) {
      var owner = owner(Lane.UPSTREAM_NETWORK);
      mark(marks, owner, "SYN", upstream.syn());
      mark(marks, owner, "handshake complete", upstream.established());
      mark(marks, owner, "first response segment", upstream.firstData());
      mark(marks, owner, "last response segment", upstream.lastData());
      troubles(marks, owner, upstream);
    }
    return marks;
  }

  private static void mark(List<Mark> marks, String owner, String name, @Nullable Long at) {
    if (at != null) {
      marks.add(new Mark(owner, name, at, false));
    }
  }

  /// What went wrong, in the lane it happened in: the kernel's own drops are not the network's.
  private static void troubles(List<Mark> marks, String owner, LedgerEntry.Network network) {
    for (var event : network.events()) {
      var words = NetworkView.words(event.kind(), network.dropReason());
      boolean own =
          event.kind() == ConnectionEvent.Kind.DROPPED_IN
              || event.kind() == ConnectionEvent.Kind.DROPPED_OUT;
      marks.add(new Mark(own ? owner(Lane.KERNEL) : owner, words, event.at(), true));
    }
  }

  private static String owner(Lane lane) {
    return lane.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
