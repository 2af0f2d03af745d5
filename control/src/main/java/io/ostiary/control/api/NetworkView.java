package io.ostiary.control.api;

import io.ostiary.model.CloseReason;
import io.ostiary.model.ConnectionEvent;
import io.ostiary.model.LedgerEntry;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What the kernel measured of a connection, as it goes out; see `openapi.yaml`.
record NetworkView(
    @Nullable Long synNanos,
    @Nullable Long synAckNanos,
    @Nullable Long establishedNanos,
    @Nullable Long firstDataNanos,
    @Nullable Long lastDataNanos,
    @Nullable Long lastAckNanos,
    boolean unacknowledged,
    RoundTrip roundTrip,
    Counters connection,
    @Nullable Counters call,
    long synAckRetransmits,
    int closeReason,
    String closeWords,
    @Nullable String dropReason,
    @Nullable String interfaceName,
    @Nullable String verdict,
    List<Event> events) {

  record RoundTrip(long smoothedMicros, long smallestMicros, long handshakeMicros, long samples) {}

  record Counters(
      long packetsIn,
      long packetsOut,
      long bytesIn,
      long bytesOut,
      long retransmitsOut,
      long duplicatesIn,
      long outOfOrderIn,
      long dropped,
      long zeroWindows,
      long ownZeroWindows,
      long stalledNanos) {}

  record Event(String kind, String words, long atNanos) {}

  static @Nullable NetworkView of(LedgerEntry.@Nullable Network network) {
    if (network == null) {
      return null;
    }
    var trip = network.roundTrip();
    var call = network.call();
    return new NetworkView(
        network.syn(),
        network.synAck(),
        network.established(),
        network.firstData(),
        network.lastData(),
        network.lastAck(),
        network.unacknowledged(),
        new RoundTrip(
            trip.smoothedMicros(), trip.smallestMicros(), trip.handshakeMicros(), trip.samples()),
        counters(network.connection()),
        call == null ? null : counters(call),
        network.synAckRetransmits(),
        network.closeReason(),
        CloseReason.of(network.closeReason()).words(),
        network.dropReason(),
        network.interfaceName(),
        network.verdict(),
        network.events().stream().map(event -> event(event, network.dropReason())).toList());
  }

  private static Counters counters(LedgerEntry.Counters counters) {
    return new Counters(
        counters.packetsIn(),
        counters.packetsOut(),
        counters.bytesIn(),
        counters.bytesOut(),
        counters.retransmitsOut(),
        counters.duplicatesIn(),
        counters.outOfOrderIn(),
        counters.dropped(),
        counters.zeroWindows(),
        counters.ownZeroWindows(),
        counters.stalledNanos());
  }

  private static Event event(LedgerEntry.Event event, @Nullable String dropReason) {
    var kind = event.kind().name().toLowerCase(Locale.ROOT).replace('_', '-');
    return new Event(kind, words(event.kind(), dropReason), event.at());
  }

  /// The kernel's reason is that of the newest drop; of those before it one may hope the same.
  static String words(ConnectionEvent.Kind kind, @Nullable String dropReason) {
    return switch (kind) {
      case DROPPED_IN, DROPPED_OUT ->
          dropReason == null ? kind.words() : kind.words() + " (" + dropReason + ")";
      case RETRANSMIT, DUPLICATE, OUT_OF_ORDER, PEER_WINDOW_CLOSED, OWN_WINDOW_CLOSED ->
          kind.words();
    };
  }
}
