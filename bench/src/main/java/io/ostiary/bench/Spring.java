package io.ostiary.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Spring Cloud Gateway, bare: one route, its own defaults. `bench/run` has Maven fetch it.
record Spring(int port) implements Candidate {
  @Override
  public String name() {
    return "spring cloud gateway, bare";
  }

  @Override
  public boolean featured() {
    return false;
  }

  @Override
  public List<String> prepare(Path folder, Workload workload, int upstreamPort) throws IOException {
    var home = Path.of(System.getProperty("ostiary.home", ".")).toAbsolutePath();
    var built = home.resolve("bench/spring/target");
    if (!Files.isDirectory(built.resolve("lib"))) {
      throw new IOException(built + "/lib (expected: what Maven puts there; see bench/run)");
    }
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx256m",
        "-XX:+UseSerialGC",
        "-cp",
        built.resolve("classes") + ":" + built.resolve("lib") + "/*",
        "io.ostiary.bench.spring.Forward",
        "--server.address=127.0.0.1",
        "--server.port=" + port,
        "--upstream=http://127.0.0.1:" + upstreamPort);
  }
}
