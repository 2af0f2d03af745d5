package io.ostiary.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// One proxy under test. Each listens on its own port of 127.0.0.1 and forwards to the same
/// upstream.
interface Candidate {
  String name();

  int port();

  /// Whether it does all the work: keys, limit, request id, record. A bare one only forwards.
  boolean featured();

  /// Writes its files into `folder` and returns the command that runs it in the foreground.
  List<String> prepare(Path folder, Workload workload, int upstreamPort) throws IOException;

  /// What is left to do once it accepts connections, such as creating consumers.
  default void ready(Path folder, Workload workload) throws IOException, InterruptedException {}

  /// Brings it into the state that is measured, where several candidates are one process.
  default void before(Path folder, Workload workload) throws IOException, InterruptedException {}
}
