package io.ostiary.model;

/// Where policies bring what they hold against clients. Called on event loops, so it never waits;
/// safe for all of them at once.
@FunctionalInterface
public interface BanSink {
  /// Nobody is ever banned.
  BanSink NONE = _ -> false;

  /// @return false where there is no room for it: it is counted as lost, and since the client goes
  ///   on, it will come again
  boolean offer(BanCase one);
}
