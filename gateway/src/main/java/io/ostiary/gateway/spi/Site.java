package io.ostiary.gateway.spi;

import io.ostiary.model.Api;
import io.ostiary.model.BanSink;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Tally;
import java.time.Duration;
import java.util.function.Supplier;

/// Where a policy is compiled for: one route of one API in one snapshot. Ask it while compiling: a
/// filter that needed nothing of its route then serves every route of the API with the same
/// policies.
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

  /// Calls to other services, as the snapshot's settings allow them.
  HttpCalls http();

  /// How long a filter may wait at this site: as long as the route's calls may wait for an answer.
  /// A call that is held up for longer ends with 500, and nobody can tell its client why.
  Duration waitMax();

  /// How long a filter should wait for others, where it would wait so long: three quarters of
  /// [#waitMax] at most, so that there is time to go on without them.
  default Duration patience(Duration wanted) {
    var most = waitMax().multipliedBy(3).dividedBy(4);
    return wanted.compareTo(most) < 0 ? wanted : most;
  }

  /// Threads for what computes too long for an event loop, shared by all policies.
  Work work();

  /// The filter of a policy that stands within another one's settings. It belongs to the same site.
  ///
  /// @throws IllegalArgumentException as [Policy#compile] does
  Filter filter(PolicyUse use);

  /// A way to copy calls to another upstream of the snapshot.
  ///
  /// @param bodyBytesMax calls with a longer body are not copied
  /// @param copiesMax under way at once for this upstream; calls above it are not copied
  /// @throws IllegalArgumentException where the snapshot has no such upstream
  Mirror mirror(String upstream, int bodyBytesMax, int copiesMax);

  /// The counts of a quota, which survive the process. The same `name` gives the same object in
  /// every plan.
  Tally tally(String name);

  /// Where a filter brings what it holds against a client.
  BanSink bans();
}
