package io.ostiary.gateway;

import io.ostiary.gateway.testing.FakeUpstream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// h2spec 2.2.0, whose binary is in the jar of a Maven plugin that is not used as one.
final class H2Spec {
  private static final String ARCHIVE = "/h2spec/2.2.0/h2spec_linux_amd64.tar.gz";

  private final Path binary;

  private H2Spec(Path binary) {
    this.binary = binary;
  }

  static H2Spec unpackInto(Path folder) throws IOException, InterruptedException {
    var archive = folder.resolve("h2spec.tar.gz");
    try (var in = H2Spec.class.getResourceAsStream(ARCHIVE)) {
      Files.copy(in, archive);
    }
    var tar =
        new ProcessBuilder("tar", "xzf", archive.toString(), "-C", folder.toString())
            .inheritIO()
            .start();
    if (tar.waitFor() != 0) {
      throw new IOException("tar could not unpack " + archive);
    }
    return new H2Spec(folder.resolve("h2spec"));
  }

  /// One that reads before it answers, with more than h2spec's smallest windows take.
  static FakeUpstream upstream() {
    return FakeUpstream.of(talk -> {
      talk.body();
      return talk.ok("0123456789".repeat(20));
    });
  }

  static boolean runsHere() {
    return System.getProperty("os.arch").equals("amd64");
  }

  /// Runs all of it, and returns what it says.
  String run(int port, String... options) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of(binary.toString(), "-h", "127.0.0.1", "-p", "" + port));
    command.addAll(List.of(options));
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var report = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("h2spec still runs after: " + report);
    }
    return report;
  }
}
