package io.ostiary.insight.explain;

import io.ostiary.model.LedgerEntry;
import io.ostiary.model.LedgerEntry.Network;
import org.jspecify.annotations.Nullable;

/// Why a phase took as long as it did, in half a sentence.
record Cause(LedgerEntry entry) {
  /// Null where the phase's name says all that is known.
  @Nullable String of(Phase longest) {
    return switch (longest.lane()) {
      case CLIENT_NETWORK -> client(longest);
      case KERNEL -> kernel(longest);
      case GATEWAY -> longest.name() + " took " + Sentence.duration(longest.nanos());
      case UPSTREAM_NETWORK -> upstreamNetwork(longest);
      case UPSTREAM -> upstream(longest.name(), Sentence.duration(longest.nanos()));
    };
  }

  private static String upstream(String phase, String took) {
    return switch (phase) {
      case "response" -> "its response took " + took + " to arrive";
      case "connect", "reuse" -> "it took " + took + " to take the connection";
      case "send" -> "it took " + took + " to read the request";
      default -> "it took " + took + " to answer";
    };
  }

  private String kernel(Phase longest) {
    var took = Sentence.duration(longest.nanos());
    return switch (longest.name()) {
      case Timeline.ACCEPT_QUEUE ->
          "the connection waited " + took + " until the gateway accepted it";
      case Timeline.DROPPED -> dropped();
      default -> "what had arrived waited " + took + " until the gateway read it";
    };
  }

  private String dropped() {
    var client = entry.network();
    var facts = client != null && client.callOrNone().dropped() > 0 ? client : upstreamFacts();
    if (facts == null) {
      return "packets were dropped and had to be sent again";
    }
    return "the kernel dropped "
        + Sentence.counted(facts.callOrNone().dropped(), "packet")
        + (facts.dropReason() == null ? "" : " (" + Explanation.reason(facts.dropReason()) + ")")
        + ", which had to be sent again";
  }

  private @Nullable Network upstreamFacts() {
    return entry.upstreamNetwork();
  }

  private String client(Phase longest) {
    var facts = entry.network();
    if (facts != null) {
      var lost = lost(facts, longest);
      if (lost != null) {
        return lost;
      }
    }
    var took = Sentence.duration(longest.nanos());
    return switch (longest.name()) {
      case "handshake" -> "the handshake took " + took;
      case "first packet" -> "the request's first packet came " + took + " after the handshake";
      case "response", Timeline.DELIVERY ->
          "the client took "
              + took
              + " to take the response"
              + (facts != null && facts.connection().zeroWindows() > 0
                  ? " (its window was closed)"
                  : "");
      default -> "the " + longest.name() + " took " + took + " to arrive";
    };
  }

  private @Nullable String lost(Network facts, Phase longest) {
    return switch (longest.name()) {
      case "handshake" ->
          facts.synAckRetransmits() > 0
              ? "the handshake needed "
                  + Sentence.counted(facts.synAckRetransmits(), "more SYN-ACK")
              : null;
      case "response", Timeline.DELIVERY -> {
        long again = facts.callOrNone().retransmitsOut();
        yield again > 0 ? Sentence.counted(again, "retransmit") + " of the response" : null;
      }
      default -> arriving(facts);
    };
  }

  /// On a fresh connection everything that came twice before the head came with this request. One
  /// segment that is missing lets all behind it come out of order: these are no retransmits.
  private @Nullable String arriving(Network facts) {
    boolean fresh = entry.requestNumber() <= 1;
    var counters = facts.call() == null && fresh ? facts.connection() : facts.callOrNone();
    if (counters.outOfOrderIn() > 0) {
      return Sentence.counted(counters.outOfOrderIn(), "segment")
          + " of the request came behind one that was missing";
    }
    long closed = counters.ownZeroWindows();
    if (closed > 0) {
      // A sender that is told to wait asks again and again, and sends again what had come.
      return "the gateway's window closed "
          + (closed == 1 ? "once" : Sentence.counted(closed, "time"))
          + " while the request was arriving";
    }
    long again = counters.duplicatesIn();
    return again > 0
        ? Sentence.counted(again, "retransmit") + " while the request was arriving"
        : null;
  }

  private String upstreamNetwork(Phase longest) {
    var facts = upstreamFacts();
    var took = Sentence.duration(longest.nanos());
    long again = facts == null ? 0 : facts.callOrNone().retransmitsOut();
    long missing = facts == null ? 0 : facts.callOrNone().duplicatesIn();
    return switch (longest.name()) {
      case Timeline.MISSING ->
          Sentence.counted(missing, "segment") + " of the response came late or out of order";
      case "connect" ->
          again > 0
              ? "connecting took " + took + ", with " + Sentence.counted(again, "retransmit")
              : "connecting took " + took;
      case "round trip" ->
          again > 0
              ? Sentence.counted(again, "retransmit") + " of the request"
              : "one round trip takes " + took;
      default ->
          again > 0
              ? Sentence.counted(again, "retransmit") + " of the request"
              : "sending took " + took;
    };
  }
}
