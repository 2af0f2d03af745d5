package io.ostiary.gateway.connection;

import io.netty.channel.EventLoopGroup;
import io.ostiary.model.Listener;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The credentials of all TLS listeners over reloads: what did not change is used again, what is
/// new is loaded before anything is changed, and what is not wanted any more is let go of when no
/// event loop can be about to use it. Used by one control-plane thread at a time.
final class ReadyCredentials {
  /// An event loop that took credentials has begun its handshake long before.
  private static final long GRACE_SECONDS = 10;

  private final EventLoopGroup group;

  /// By listener, those that are in force and those that will be.
  private Map<Listener, Credentials> inForce = new HashMap<>();

  private Map<Listener, Credentials> next = new HashMap<>();

  /// Not wanted any more, and perhaps not let go of.
  private final List<Credentials> leaving = new ArrayList<>();

  ReadyCredentials(EventLoopGroup group) {
    this.group = group;
  }

  /// @param running the credentials with which a listener runs now; null: none
  /// @param problems takes what cannot be loaded
  void prepare(
      List<Listener> wanted,
      Function<Listener, @Nullable Credentials> running,
      List<String> problems) {
    next = new HashMap<>();
    for (var listener : wanted) {
      var tls = listener.tls();
      if (tls == null) {
        continue;
      }
      var before = running.apply(listener);
      if (before != null && before.tls().equals(tls)) {
        next.put(listener, before);
        continue;
      }
      try {
        next.put(listener, Credentials.load(listener, tls));
      } catch (IllegalStateException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
    }
  }

  Acceptor.Way way(Listener listener) {
    return new Acceptor.Way(listener, next.get(listener));
  }

  /// The gateway ends.
  void close() {
    leaving.forEach(Credentials::close);
    inForce.values().forEach(Credentials::close);
  }

  /// The plan was refused.
  void drop() {
    next.values().stream().filter(one -> !inForce.containsValue(one)).forEach(Credentials::close);
    next = inForce;
  }

  /// The plan is in force.
  void commit() {
    var gone = new ArrayList<Credentials>();
    for (var one : inForce.values()) {
      if (!next.containsValue(one)) {
        gone.add(one);
      }
    }
    inForce = next;
    leaving.removeIf(Credentials::closed);
    leaving.addAll(gone);
    if (!gone.isEmpty()) {
      var ignored =
          group
              .next()
              .schedule(() -> gone.forEach(Credentials::close), GRACE_SECONDS, TimeUnit.SECONDS);
    }
  }
}
