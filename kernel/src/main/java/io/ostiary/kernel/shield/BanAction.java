package io.ostiary.kernel.shield;

import io.ostiary.model.Ban;
import io.ostiary.model.Require;

/// What is done with the packets of a banned source.
public sealed interface BanAction {
  /// The kernel's part of what was decided.
  static BanAction of(Ban.Action action) {
    return switch (action) {
      case Ban.Action.Deny() -> new Deny();
      case Ban.Action.Limit(int packetsPerSecond, int _) -> new Limit(packetsPerSecond);
    };
  }

  /// All are dropped.
  record Deny() implements BanAction {}

  /// All addresses of the prefix together may send this much; what is more is dropped. For an
  /// address that many share.
  record Limit(long packetsPerSecond) implements BanAction {
    public Limit {
      Require.between("limit (packets per second)", packetsPerSecond, 1, 100_000_000);
    }
  }
}
