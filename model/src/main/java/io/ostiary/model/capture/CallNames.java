package io.ostiary.model.capture;

import java.net.InetAddress;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Finds the call that a packet belongs to.
@FunctionalInterface
public interface CallNames {
  CallNames NONE = (peer, port, at) -> null;

  /// The call that the client at this address and port was making then, or null where the ledger
  /// has none.
  @Nullable NamedCall at(InetAddress peer, int port, Instant at);

  /// @param id as in `Ostiary-Call`
  /// @param api null where no API took it
  record NamedCall(String id, @Nullable String api) {}
}
