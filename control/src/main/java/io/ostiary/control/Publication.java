package io.ostiary.control;

import io.ostiary.model.Ban;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Purge;
import io.ostiary.model.RouteAnswer;
import io.ostiary.model.RouteQuestion;
import io.ostiary.model.Snapshot;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Brings a snapshot into force, in the gateway and in the kernel. Called by one thread at a time,
/// on control-plane threads.
@FunctionalInterface
public interface Publication {
  /// Takes the whole snapshot or none of it.
  ///
  /// @return empty when it is in force; else what is wrong with it, and the one before stays
  List<Problem> publish(Snapshot snapshot);

  /// Tells the person at the terminal what happened without their doing.
  default void tell(String sentence) {}

  /// Enforces bans at once, before a snapshot brings them; of several threads.
  default void ban(List<Ban> bans) {}

  /// Takes back a ban that no snapshot has brought.
  default void unban(Ban ban) {}

  /// Which route of what is in force a request would get, and why; null: nobody here can tell.
  default @Nullable RouteAnswer route(RouteQuestion question) {
    return null;
  }

  /// Throws away what policies of an API keep, such as responses of a cache.
  ///
  /// @return how many policies keep something
  default int purge(String api, Purge purge) {
    return 0;
  }

  /// What those count who bring it into force, in the Prometheus text format.
  default String metrics() {
    return "";
  }

  /// What an operator should know now, one sentence each.
  default List<String> warnings() {
    return List.of();
  }

  /// @param policy the very object of the snapshot that cannot be compiled, so that its place in
  ///   the file can be told; null: it is about something else
  record Problem(String message, @Nullable PolicyUse policy) {
    public static Problem of(String message) {
      return new Problem(message, null);
    }
  }
}
