package io.ostiary.gateway.spi;

import io.ostiary.model.Purge;

/// What a policy keeps beyond plans ([Site#shared]) and operators may throw away, such as responses
/// of a cache. Safe for all threads.
public interface Purgeable {
  /// The name of the API that it is kept for.
  String api();

  /// Nothing of this that was kept before, or asked for before, is used any more.
  void purge(Purge purge);
}
