package io.ostiary.model;

import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The one line that stays of a call: who, what, when, how it ended and by whom, and what the
/// kernel saw of it. Offsets are nanoseconds relative to `start` (the first byte of the request
/// read by the gateway), negative for what came before, and null for what never happened.
///
/// @param call see [CallId]
/// @param target path and query as the client sent them, cut at 512 bytes
/// @param network what the kernel measured of the client's connection, or null
/// @param upstreamNetwork the same for the upstream connection
public record LedgerEntry(
    long call,
    Instant start,
    long planVersion,
    @Nullable String api,
    @Nullable String route,
    @Nullable String consumer,
    @Nullable String traceId,
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
    @Nullable Network upstreamNetwork) {
  public LedgerEntry {
    filters = List.copyOf(filters);
    attempts = List.copyOf(attempts);
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

  /// @param failure empty when it succeeded
  public record Attempt(
      String upstream,
      String target,
      boolean reused,
      long start,
      @Nullable Long connected,
      @Nullable Long requestSent,
      @Nullable Long firstByte,
      @Nullable Long lastByte,
      int status,
      String failure) {}

  /// Counters of this call alone are the differences between its end and its head; those of the
  /// connection run over its whole life.
  ///
  /// @param syn offset of the first SYN
  /// @param established offset of the end of the handshake
  /// @param firstData offset at which the first data segment of the request arrived in the kernel
  /// @param lastData offset at which the last one did
  /// @param interfaceName null: unknown
  /// @param verdict what the shield said, such as `passed (xdp-native)`
  public record Network(
      @Nullable Long syn,
      @Nullable Long established,
      @Nullable Long firstData,
      @Nullable Long lastData,
      @Nullable Long lastAck,
      long smoothedRttMicros,
      long smallestRttMicros,
      long handshakeRttMicros,
      long packetsIn,
      long packetsOut,
      long bytesIn,
      long bytesOut,
      long retransmitsOut,
      long duplicatesIn,
      long callPacketsIn,
      long callPacketsOut,
      long callRetransmitsOut,
      long callDuplicatesIn,
      long synAckRetransmits,
      long zeroWindows,
      int closeReason,
      @Nullable String interfaceName,
      @Nullable String verdict) {}
}
