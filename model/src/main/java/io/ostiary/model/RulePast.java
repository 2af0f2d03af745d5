package io.ostiary.model;

import java.net.InetAddress;
import java.util.List;

/// What a rule would have met among the packets that came in lately and passed.
///
/// @param seconds how far back it goes
/// @param packets that it matches; of a limit: those above its rate
/// @param ofPackets all that came in during that time, also those of which nothing is remembered
/// @param untoldPackets of `ofPackets`: those of which nothing is remembered
/// @param sources how many it would have met
/// @param busiest the first of them, most packets first
/// @param untold what the rule asks for and is not remembered, so that `packets` is too high
public record RulePast(
    long seconds,
    long packets,
    long bytes,
    long ofPackets,
    long untoldPackets,
    int sources,
    List<Met> busiest,
    List<String> untold) {
  public static final RulePast NOTHING = new RulePast(0, 0, 0, 0, 0, 0, List.of(), List.of());

  public RulePast {
    busiest = List.copyOf(busiest);
    untold = List.copyOf(untold);
  }

  /// @param packets that the rule matches; of a limit: those above its rate
  public record Met(InetAddress source, long packets, long bytes) {}
}
