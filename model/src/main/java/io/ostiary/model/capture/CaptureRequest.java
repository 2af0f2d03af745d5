package io.ostiary.model.capture;

import io.ostiary.model.Cidr;
import io.ostiary.model.Require;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What somebody wants captured. Everything that is left empty, null or 0 matches everything.
///
/// @param source who is at the other end: the source of what comes in, the destination of what
///   leaves
/// @param ports at either end, any of them, at most 4
/// @param peerPort of the other end
/// @param rule the number of a rule of the shield, counted from 1 as the file lists them
/// @param reasons words of `docs/kernel/reasons.md`, any of them
/// @param interfaceName one interface
/// @param api keeps only packets of connections that carried calls of this API, see
///   [PacketCaptures#write]
/// @param call the call that it was asked for by; already turned into `source` and `peerPort`
/// @param snap bytes to keep of each packet
/// @param oneOf takes one packet of so many, by chance
/// @param duration ends after this time
/// @param packetsMax ends after so many
/// @param lastSeconds whether the packets of the last seconds come first, as far as they are kept
public record CaptureRequest(
    @Nullable Cidr source,
    List<Integer> ports,
    int peerPort,
    @Nullable Integer rule,
    List<String> reasons,
    Verdicts verdicts,
    @Nullable String interfaceName,
    @Nullable String api,
    @Nullable String call,
    int snap,
    int oneOf,
    Duration duration,
    long packetsMax,
    boolean lastSeconds) {
  public static final int SNAP_MAX = 65_535;
  public static final int PORTS_MAX = 4;
  public static final long PACKETS_MAX = 10_000_000;
  public static final Duration DURATION_MAX = Duration.ofHours(1);

  public CaptureRequest {
    ports = List.copyOf(ports);
    reasons = List.copyOf(reasons);
    Require.between("ports (how many)", ports.size(), 0, PORTS_MAX);
    ports.forEach(port -> Require.port("port", port));
    Require.between("peer-port", peerPort, 0, 65_535);
    Require.between("snap", snap, 64, SNAP_MAX);
    Require.between("one-of", oneOf, 1, 1_000_000);
    Require.between("packets", packetsMax, 1, PACKETS_MAX);
    Require.between("seconds", duration.toSeconds(), 1, DURATION_MAX.toSeconds());
    if (rule != null) {
      Require.between("rule", rule, 1, 65_535);
    }
  }

  /// Which verdicts of the shield are wanted.
  public enum Verdicts {
    ALL,
    PASSED,

    /// Also what dry-run would have dropped.
    DROPPED
  }
}
