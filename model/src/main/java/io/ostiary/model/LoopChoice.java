package io.ostiary.model;

import java.util.List;

/// Chooses which event loop a new connection comes to, where each loop has a listening socket of
/// its own. Implemented by the `kernel` room; told by the data plane what its loops have to do.
public interface LoopChoice {
  /// Which way new connections take, and why: for people.
  String sentence();

  /// Whether each loop is to have a socket of its own.
  boolean runs();

  /// Begins to choose between sockets that listen at one address.
  ///
  /// @param descriptors one for each loop in their order
  /// @return to be closed with the sockets
  /// @throws IllegalStateException where the kernel refuses; the message says why
  Chosen attach(List<Integer> descriptors);

  /// Told by a loop that has accepted a connection; allocates nothing, as [#closed].
  ///
  /// @param open connections it has with that one
  void accepted(int loop, int open);

  /// Told by a loop whose connection has closed.
  ///
  /// @param open connections it has left
  void closed(int loop, int open);

  /// Told some times a second of each loop.
  ///
  /// @param waiting connections that it has not accepted yet
  /// @param share of the last moments in which it had work, 0-1
  void looked(int loop, long waiting, double share);

  /// The sockets of one listener.
  interface Chosen extends AutoCloseable {
    @Override
    void close();
  }

  /// One socket accepts for all loops.
  ///
  /// @param why for people
  static LoopChoice none(String why) {
    return new NoLoopChoice("one socket accepts for all event loops: " + why);
  }
}
