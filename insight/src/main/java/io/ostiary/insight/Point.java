package io.ostiary.insight;

import java.time.Instant;
import java.util.List;

/// One point of every chart: what ended within `seconds` from `at` on.
///
/// @param errors calls whose status is 5xx, or that ended without an answer by other than the
///   client's fault
/// @param clientMicros the sum of the calls' times that the clients' network took; over the sum of
///   the three it is its band in the latency chart
/// @param gatewayMicros the same for kernel and gateway
/// @param upstreamMicros the same for upstreams and the network to them
/// @param packetsPassed over all interfaces; 0 without the kernel side, as are bytes and drops
public record Point(
    Instant at,
    int seconds,
    long calls,
    long errors,
    List<Outcome> outcomes,
    Latency latency,
    long clientMicros,
    long gatewayMicros,
    long upstreamMicros,
    long requestBytes,
    long responseBytes,
    long packetsPassed,
    long bytesPassed,
    List<Drop> drops) {
  public Point {
    outcomes = List.copyOf(outcomes);
    drops = List.copyOf(drops);
  }

  /// @param status `2xx`, `3xx`, `4xx`, `5xx`, `1xx`, or `none` where the client got no answer
  /// @param cause the policy that refused it, else the one to blame in lower case (`upstream`), or
  ///   `none`
  public record Outcome(String status, String cause, long calls) {}

  /// @param reason a word of the kernel's `reason.h`
  public record Drop(String reason, long packets, long bytes) {}
}
