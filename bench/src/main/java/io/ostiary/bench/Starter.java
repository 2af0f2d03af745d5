package io.ostiary.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Starts what a bench compares and what these forward to, each in a folder of its own, and ends
/// them all with the bench.
final class Starter implements AutoCloseable {
  private final Path folder;
  private final Workload workload;
  private final int upstreamPort;
  private final int bodyBytes;
  private final List<Running> running = new ArrayList<>();

  /// @param bodyBytes of each of the upstream's answers
  Starter(Path folder, Workload workload, int upstreamPort, int bodyBytes) {
    this.folder = folder;
    this.workload = workload;
    this.upstreamPort = upstreamPort;
    this.bodyBytes = bodyBytes;
  }

  /// What all candidates forward to.
  ///
  /// @param program takes its port and how many bytes to answer with
  void upstream(String program, String cores) throws IOException, InterruptedException {
    start("upstream", List.of(program, "" + upstreamPort, "" + bodyBytes), cores, upstreamPort);
  }

  /// @param cores as `taskset` wants them, such as `0,1`
  Running start(String name, List<String> command, String cores, int port)
      throws IOException, InterruptedException {
    var log = folder.resolve("port-" + port + ".log");
    var process = Running.start(name, command, cores, log);
    running.add(process);
    process.awaitPort(port, log);
    return process;
  }

  /// A candidate that answers correctly, or an exception that says what it answers.
  Running launch(Candidate candidate, String cores) throws IOException, InterruptedException {
    var own = Files.createDirectories(folderOf(candidate));
    var command = candidate.prepare(own, workload, upstreamPort);
    var process = start(candidate.name(), command, cores, candidate.port());
    candidate.ready(own, workload);
    candidate.before(own, workload);
    Check.run(candidate, workload, bodyBytes);
    Bench.say(candidate.name() + " answers correctly");
    return process;
  }

  Path folderOf(Candidate candidate) {
    return folder.resolve("port-" + candidate.port());
  }

  @Override
  public void close() {
    running.forEach(Running::close);
  }
}
