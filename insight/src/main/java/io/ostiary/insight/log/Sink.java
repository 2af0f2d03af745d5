package io.ostiary.insight.log;

import io.ostiary.model.observe.AccessLog.Destination;
import java.io.IOException;

/// Where lines go. Used by one thread after it was opened.
interface Sink {
  /// Writes whole lines, each ended by a line feed.
  ///
  /// @param ends where each of them ends
  /// @throws IOException when some or all of them are lost
  void write(byte[] bytes, int[] ends, int lines) throws IOException;

  /// Opens the file of that name anew, where it is one: somebody may have moved it away.
  default void reopen() throws IOException {}

  void close() throws IOException;

  /// @throws IOException when it cannot be opened now
  static Sink open(Destination to) throws IOException {
    return switch (to) {
      case Destination.Stdout() -> new StdoutSink();
      case Destination.File file -> new FileSink(file);
      case Destination.Syslog syslog -> new SyslogSink(syslog);
    };
  }
}
