package io.ostiary.model;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

/// What a policy holds against a client: the wish that it be banned, and on what evidence.
///
/// @param client whom to act on
/// @param direct whether the packets came from the client itself, and not from a proxy for it
/// @param calls ids of the calls that are the evidence, the newest last
/// @param by the policy's name
/// @param lasts how long for the first time; each further time twice as long
/// @param lastsMax never longer than this
/// @param nanos CLOCK_MONOTONIC when it was decided
public record BanCase(
    InetAddress client,
    boolean direct,
    String reason,
    List<Long> calls,
    String by,
    Ban.Action action,
    Duration lasts,
    Duration lastsMax,
    long nanos) {
  public BanCase {
    Require.notBlank("ban.reason", reason);
    Require.notBlank("ban.by", by);
    calls = List.copyOf(calls);
    Require.between("ban.lasts (ms)", lasts.toMillis(), 1, Long.MAX_VALUE);
    Require.between("ban.lasts-max (ms)", lastsMax.toMillis(), lasts.toMillis(), Long.MAX_VALUE);
  }
}
