package io.ostiary.gateway.spi;

import io.ostiary.model.Ending;

/// Is told of exchanges that ended before a route was found: requests that cannot be read, and
/// paths that no API answers to. Immutable, or safe for all event loops at once; has an `equals`
/// that knows its twins.
@FunctionalInterface
public interface UnroutedWatch {
  /// @param exchange without `api()` and `route()`, and maybe without method and path
  void ended(Exchange exchange, Ending ending);
}
