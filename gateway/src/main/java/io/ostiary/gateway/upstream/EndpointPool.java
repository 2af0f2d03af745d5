package io.ostiary.gateway.upstream;

import io.ostiary.gateway.loop.Loop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The connections of one event loop to one target: those of HTTP/1.1 at rest, the warmest on top,
/// those of HTTP/2, and the number of all. Confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
public final class EndpointPool {
  private final Endpoint endpoint;
  private final ArrayDeque<Http1Connection> idle = new ArrayDeque<>();
  private final List<Opened> sessions = new ArrayList<>();
  private int open;

  /// Whether a target that may speak HTTP/2 has been seen not to, since a connection last stood.
  private boolean turnedOutText;

  private record Opened(UpstreamSession session, long nanos) {}

  EndpointPool(Endpoint endpoint) {
    this.endpoint = endpoint;
  }

  /// Null: the limit of connections is reached, or the target's name has no address.
  @Nullable UpstreamConnection acquire(
      Loop loop, UpstreamHandle handle, StreamOwner owner, boolean fresh) {
    var wiring = handle.wiring();
    boolean text =
        wiring.text()
            || (wiring.mayTurnOutText()
                && ((turnedOutText && open > 0) || (owner.wantsTunnel() && !tunnels(wiring))));
    return text
        ? connection(loop, handle, wiring, owner, fresh || wiring.forOneClient())
        : stream(loop, handle, wiring, owner);
  }

  /// Whether a connection of HTTP/2 stands that takes tunnels. Where nothing is known yet, an
  /// upstream that also speaks HTTP/1.1 is asked over that.
  private boolean tunnels(Wiring wiring) {
    for (int i = 0; i < sessions.size(); i++) {
      var session = sessions.get(i).session;
      if (session.tunnels() && session.takes(wiring)) {
        return true;
      }
    }
    return false;
  }

  private @Nullable UpstreamConnection connection(
      Loop loop, UpstreamHandle handle, Wiring wiring, StreamOwner owner, boolean fresh) {
    if (!fresh) {
      for (var rested = idle.pollLast(); rested != null; rested = idle.pollLast()) {
        endpoint.idle(loop, idle.size());
        if (rested.takenBy(owner, wiring)) {
          return rested;
        }
      }
    }
    var address = endpoint.address();
    if (address == null || open >= handle.connectionsPerLoop()) {
      return null;
    }
    var connection = new Http1Connection(loop, endpoint, wiring);
    connection.connect(address, handle.connectNanos(), owner);
    return connection;
  }

  private @Nullable UpstreamConnection stream(
      Loop loop, UpstreamHandle handle, Wiring wiring, StreamOwner owner) {
    boolean known = wiring.mayTurnOutText() && owner.wantsTunnel();
    for (int i = sessions.size() - 1; i >= 0; i--) {
      if (wiring.aged(sessions.get(i).nanos, loop.now())) {
        sessions.get(i).session.leave();
      }
    }
    for (int i = 0; i < sessions.size(); i++) {
      var session = sessions.get(i).session;
      if (session.takes(wiring) && (!known || session.tunnels())) {
        return session.open(owner);
      }
    }
    var address = endpoint.address();
    if (address == null || open >= handle.connectionsPerLoop()) {
      return null;
    }
    var session = new UpstreamSession(loop, handle, endpoint, wiring);
    sessions.add(new Opened(session, loop.now()));
    session.connect(address);
    return session.open(owner);
  }

  /// The target does not speak HTTP/2: its calls go on over connections of HTTP/1.1, the first of
  /// them over the one that stands.
  void turnsOutText() {
    turnedOutText = true;
  }

  void put(Http1Connection connection) {
    idle.addLast(connection);
    endpoint.idle(connection.loop(), idle.size());
  }

  void remove(Http1Connection connection) {
    if (idle.remove(connection)) {
      endpoint.idle(connection.loop(), idle.size());
    }
  }

  void remove(UpstreamSession session) {
    sessions.removeIf(opened -> opened.session == session);
  }

  void opened() {
    open++;
  }

  void closed() {
    open--;
    if (open == 0) {
      turnedOutText = false;
    }
  }

  /// Closes what rests, when the target is in no plan any more or the gateway ends.
  void closeIdle() {
    while (!idle.isEmpty()) {
      idle.removeLast().close();
    }
    List.copyOf(sessions).forEach(opened -> opened.session.leave());
  }
}
