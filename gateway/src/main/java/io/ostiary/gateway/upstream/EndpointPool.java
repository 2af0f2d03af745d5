package io.ostiary.gateway.upstream;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// The connections of one event loop to one target: those at rest, the warmest on top, and the
/// number of all. Confined to its event loop.
public final class EndpointPool {
  private final Endpoint endpoint;
  private final ArrayDeque<UpstreamConnection> idle = new ArrayDeque<>();
  private int open;

  EndpointPool(Endpoint endpoint) {
    this.endpoint = endpoint;
  }

  /// The connection used last; null: none is at rest.
  @Nullable UpstreamConnection take() {
    var taken = idle.pollLast();
    if (taken != null) {
      endpoint.idle(taken.loop(), idle.size());
    }
    return taken;
  }

  void put(UpstreamConnection connection) {
    idle.addLast(connection);
    endpoint.idle(connection.loop(), idle.size());
  }

  void remove(UpstreamConnection connection) {
    if (idle.remove(connection)) {
      endpoint.idle(connection.loop(), idle.size());
    }
  }

  void opened() {
    open++;
  }

  void closed() {
    open--;
  }

  int open() {
    return open;
  }

  /// Closes what rests, when the target is in no plan any more or the gateway ends.
  void closeIdle() {
    while (!idle.isEmpty()) {
      idle.removeLast().close();
    }
  }
}
