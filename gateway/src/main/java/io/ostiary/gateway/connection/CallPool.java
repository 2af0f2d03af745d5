package io.ostiary.gateway.connection;

import io.ostiary.gateway.exchange.Call;
import io.ostiary.gateway.exchange.Plan;
import io.ostiary.gateway.loop.Loop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Supplier;

/// What the client connections of one event loop share: the plan in force, calls to use again, and
/// the list of themselves. Confined to its event loop.
final class CallPool {
  /// More than this are not kept when a burst is over.
  private static final int KEPT_MAX = 1024;

  private final Loop loop;
  private final int loops;
  private final Supplier<Plan> plans;
  private final Runnable closed;
  private final ArrayDeque<Call> free = new ArrayDeque<>();
  private final Set<ClientConnection> open = new LinkedHashSet<>();
  private boolean draining;

  /// @param closed told on this loop whenever a connection has closed
  CallPool(Loop loop, int loops, Supplier<Plan> plans, Runnable closed) {
    this.loop = loop;
    this.loops = loops;
    this.plans = plans;
    this.closed = closed;
  }

  Plan plan() {
    return plans.get();
  }

  boolean banned(byte[] peer) {
    var bans = plan().bans();
    if (bans.isEmpty()) {
      return false;
    }
    loop.refresh();
    return bans.contains(peer, loop.wallMillis());
  }

  int loops() {
    return loops;
  }

  Loop loop() {
    return loop;
  }

  boolean draining() {
    return draining;
  }

  Call take() {
    var call = free.pollLast();
    return call == null ? new Call(loop) : call;
  }

  void give(Call call) {
    call.release();
    if (free.size() < KEPT_MAX) {
      free.addLast(call);
    }
  }

  void opened(ClientConnection connection) {
    open.add(connection);
  }

  void closed(ClientConnection connection) {
    open.remove(connection);
    closed.run();
  }

  void drain() {
    draining = true;
    for (var connection : new ArrayList<>(open)) {
      connection.drain();
    }
  }

  void closeAll() {
    for (var connection : new ArrayList<>(open)) {
      connection.cut();
    }
  }
}
