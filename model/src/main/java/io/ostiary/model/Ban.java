package io.ostiary.model;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// A source that is refused, or held to a rate, for a time.
///
/// @param reason why, for people; also why it is held to a rate rather than refused
/// @param calls ids of the calls that are the evidence
/// @param until when it ends by itself
/// @param by who decided: a person's name or a policy's
/// @param place where it is enforced
public record Ban(
    String id,
    Cidr source,
    String reason,
    List<String> calls,
    Instant since,
    Instant until,
    String by,
    Action action,
    Place place) {
  public Ban {
    Require.notBlank("ban.id", id);
    Require.notBlank("ban.reason", reason);
    Require.notBlank("ban.by", by);
    calls = List.copyOf(calls);
    if (!until.isAfter(since)) {
      throw Require.invalid("ban.until", until, "an instant after " + since);
    }
  }

  /// Refused everywhere.
  public Ban(
      String id,
      Cidr source,
      String reason,
      List<String> calls,
      Instant since,
      Instant until,
      String by) {
    this(id, source, reason, calls, since, until, by, new Action.Deny(), Place.KERNEL);
  }

  /// The same ban with another end.
  public Ban until(Instant end) {
    return new Ban(id, source, reason, calls, since, end, by, action, place);
  }

  /// One sentence, for the audit.
  public String told() {
    var how =
        switch (action) {
          case Action.Deny() -> "";
          case Action.Limit(int packets, int calls) ->
              " to %d packets/s and %d calls/s".formatted(packets, calls);
        };
    return "%s%s for %d s in the %s: %s"
        .formatted(
            source,
            how,
            Duration.between(since, until).toSeconds(),
            place == Place.KERNEL ? "kernel" : "gateway",
            reason);
  }

  /// What happens to the source.
  public sealed interface Action {
    /// It is refused.
    record Deny() implements Action {}

    /// It is held to a rate, because others stand behind the same address.
    ///
    /// @param packetsPerSecond what the kernel lets through
    /// @param callsPerSecond what the gateway answers
    record Limit(int packetsPerSecond, int callsPerSecond) implements Action {
      public Limit {
        Require.between("limit (packets per second)", packetsPerSecond, 1, 100_000_000);
        Require.between("limit (calls per second)", callsPerSecond, 1, 1_000_000);
      }
    }
  }

  /// Where a ban is enforced.
  public enum Place {
    /// By the source of packets, in the kernel, and in the gateway as well.
    KERNEL,

    /// By the address that a proxy names: the packets are the proxy's, so only the gateway can.
    GATEWAY
  }
}
