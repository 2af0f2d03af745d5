package io.ostiary.gateway.spi;

import io.ostiary.model.Api;
import io.ostiary.model.BanSink;
import io.ostiary.model.Route;
import io.ostiary.model.Snapshot;
import java.util.function.Supplier;

/// Where a policy is compiled for: one route of one API in one snapshot.
public interface Site {
  Snapshot snapshot();

  Api api();

  Route route();

  /// A place for state of one exchange that only this filter knows.
  <T> StateKey<T> state(Class<T> type);

  /// State that outlives plans, such as the counters of a limit. The same `key` gives the same
  /// object in every plan; it is let go when no plan has asked for it for two reloads. Objects are
  /// shared by all event loops and must be safe for that.
  <T> T shared(String key, Class<T> type, Supplier<T> make);

  /// Where a filter brings what it holds against a client.
  BanSink bans();
}
