package io.ostiary.gateway.spi;

import org.jspecify.annotations.Nullable;

/// What a policy keeps beyond plans ([Site#shared]) and operators may throw away, such as responses
/// of a cache. Safe for all threads.
public interface Purgeable {
  /// The name of the API that it is kept for.
  String api();

  /// Nothing that was kept before is used any more.
  ///
  /// @param address of one resource, as host, path and query; null: of all
  void purge(@Nullable String address);
}
