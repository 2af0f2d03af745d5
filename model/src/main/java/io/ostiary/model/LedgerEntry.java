package io.ostiary.model;

import java.net.InetAddress;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The one line that stays of a call: who, what, when, how it ended and by whom, and what the
/// kernel saw of it. Offsets are nanoseconds relative to `start` (the first byte of the request
/// read by the gateway), negative for what came before, and null for what never happened.
///
/// @param call see [CallId]
/// @param parentSpan the span of the client's `traceparent`, where it had one
/// @param target path and query as the client sent them, cut at 512 bytes
/// @param network what the kernel measured of the client's connection, or null
/// @param upstreamNetwork the same for the upstream connection
/// @param upstreamTarget what a policy let go upstream in place of `target`, cut as that; null: the
///   client's target, an API's path that is cut off aside
/// @param fields what policies gave it for its record, see [LoggedFields]
/// @param requestHeld who held its content back, or null
/// @param responseHeld the same for its response
/// @param secure whether the client's connection was encrypted
public record LedgerEntry(
    long call,
    Instant start,
    long planVersion,
    @Nullable String api,
    @Nullable String route,
    @Nullable String consumer,
    @Nullable String traceId,
    @Nullable String parentSpan,
    InetAddress peer,
    int peerPort,
    InetAddress client,
    String listener,
    int requestNumber,
    String method,
    String target,
    int status,
    int upstreamStatus,
    Blame blame,
    String reason,
    long requestBytes,
    long responseBytes,
    Timings timings,
    List<FilterTiming> filters,
    List<Attempt> attempts,
    @Nullable Network network,
    @Nullable Network upstreamNetwork,
    @Nullable String upstreamTarget,
    Map<String, String> fields,
    @Nullable HeldBack requestHeld,
    @Nullable HeldBack responseHeld,
    boolean secure) {
  public LedgerEntry {
    filters = List.copyOf(filters);
    attempts = List.copyOf(attempts);
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  /// @param accepted when the connection was accepted
  /// @param head when the request's head was complete
  /// @param requestEnd when its last body byte was read
  /// @param responseStart when the first byte went to the client
  /// @param responseEnd when the last byte was written
  /// @param end when the exchange was over
  public record Timings(
      @Nullable Long accepted,
      @Nullable Long head,
      @Nullable Long requestEnd,
      @Nullable Long responseStart,
      @Nullable Long responseEnd,
      long end) {}

  /// One policy of the request moment and when it had decided.
  public record FilterTiming(String policy, long end) {}

  /// What policies held back on its way.
  ///
  /// @param policy who held it longest at one time
  /// @param nanos in all
  public record HeldBack(String policy, long nanos) {}

  /// Why an attempt was made: because a call must be answered, because the one before it failed, or
  /// because that one took long.
  public enum Why {
    FIRST(0),
    RETRY(1),
    HEDGE(2);

    private final int code;

    Why(int code) {
      this.code = code;
    }

    /// What stands in stored rows; it never changes.
    public int code() {
      return code;
    }

    public static Why of(int code) {
      return switch (code) {
        case 1 -> RETRY;
        case 2 -> HEDGE;
        default -> FIRST;
      };
    }
  }

  /// @param failure empty when it succeeded
  public record Attempt(
      String upstream,
      String target,
      Why why,
      boolean reused,
      long start,
      @Nullable Long connected,
      @Nullable Long requestSent,
      @Nullable Long firstByte,
      @Nullable Long lastByte,
      int status,
      String failure) {}

  /// What the kernel measured of a connection.
  ///
  /// @param syn offset of the first SYN
  /// @param synAck offset at which the SYN-ACK left; of an upstream's connection: at which it came
  /// @param established offset of the end of the handshake
  /// @param firstData offset at which the first data segment of the request arrived in the kernel;
  ///   of an upstream's connection: of the response
  /// @param lastData offset at which the last one did
  /// @param lastAck offset of the last acknowledgement of this call's response; of an upstream's
  ///   connection: of anything
  /// @param unacknowledged whether the response was still not acknowledged when nobody waited any
  ///   longer
  /// @param connection counters over the connection's whole life, up to the end of the call
  /// @param call those of this call: from the end of the call before, or the SYN, to its own end;
  ///   null where the moment before is not known
  /// @param closeReason see [CloseReason]
  /// @param dropReason the kernel's word for why it dropped a packet of the connection last; null:
  ///   it dropped none
  /// @param interfaceName null: unknown
  /// @param verdict what the shield said, such as `passed (xdp-native)`
  /// @param events what went wrong, from the end of the call before on; the newest few
  public record Network(
      @Nullable Long syn,
      @Nullable Long synAck,
      @Nullable Long established,
      @Nullable Long firstData,
      @Nullable Long lastData,
      @Nullable Long lastAck,
      boolean unacknowledged,
      RoundTrip roundTrip,
      Counters connection,
      @Nullable Counters call,
      long synAckRetransmits,
      int closeReason,
      @Nullable String dropReason,
      @Nullable String interfaceName,
      @Nullable String verdict,
      List<Event> events) {
    public Network {
      events = List.copyOf(events);
    }

    /// Of this call, zeros where that is not known.
    public Counters callOrNone() {
      return call == null ? Counters.NONE : call;
    }
  }

  public record RoundTrip(
      long smoothedMicros, long smallestMicros, long handshakeMicros, long samples) {}

  /// @param retransmitsOut of a call: of its response, those after its end included
  /// @param duplicatesIn segments that came again or out of order
  /// @param outOfOrderIn of `duplicatesIn`
  /// @param dropped packets of either direction that the kernel threw away
  /// @param zeroWindows how often the peer could take nothing more
  /// @param stalledNanos how long segments that had arrived waited for one that was missing
  /// @param ownZeroWindows how often we could not, because what had arrived was not read
  public record Counters(
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
      long stalledNanos) {
    public static final Counters NONE = new Counters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  public record Event(ConnectionEvent.Kind kind, long at) {}
}
