package io.ostiary.contract.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// Tells what happens to files in folders. Used by one thread, but for [#wake].
public interface FileEvents extends AutoCloseable {
  /// How sure it is that a file is whole.
  enum What {
    /// Somebody made it, writes to it or took it away; more may come.
    TOUCHED,
    /// Whoever wrote to it has closed it.
    CLOSED,
    /// It came to its name from another one.
    MOVED
  }

  /// @param file as its folder was named; a folder itself where something happened in it
  record Event(Path file, What what) {}

  /// From now on these folders and no others. Those that cannot be watched are passed over, and
  /// asked for again by the next call.
  void watch(Set<Path> folders);

  /// Waits for events.
  ///
  /// @return none where the time is over
  /// @throws InterruptedException after [#wake]
  List<Event> await(long millis) throws InterruptedException;

  /// Ends the waiting for good, at once or a tenth of a second later. From any thread.
  void wake();

  @Override
  void close();
}
