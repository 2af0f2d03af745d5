package io.ostiary.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// One of several builds of Ostiary that are compared, by the folder it was built in.
record Build(String name, Path home, Ostiary ostiary) implements Candidate {
  @Override
  public int port() {
    return ostiary.port();
  }

  @Override
  public boolean featured() {
    return ostiary.featured();
  }

  @Override
  public List<String> prepare(Path folder, Workload workload, int upstreamPort) throws IOException {
    var command = new ArrayList<>(ostiary.prepare(folder, workload, upstreamPort));
    command.set(0, home.resolve("ostiary").toString());
    return command;
  }

  @Override
  public void ready(Path folder, Workload workload) throws IOException, InterruptedException {
    ostiary.ready(folder, workload);
  }

  @Override
  public void before(Path folder, Workload workload) throws IOException, InterruptedException {
    ostiary.before(folder, workload);
  }

  /// The same process without its kernel side, as long as another one is measured.
  void rest(Path folder, Workload workload) throws IOException, InterruptedException {
    new Ostiary(
            ostiary.featured(),
            Ostiary.Kernel.OFF,
            ostiary.port(),
            ostiary.controlPort(),
            ostiary.loops(),
            ostiary.protocols())
        .before(folder, workload);
  }
}
