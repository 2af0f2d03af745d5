package io.ostiary.server.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// One machine of a test: a network namespace, or the host itself.
///
/// @param namespace empty: the host itself
record Host(String namespace) {
  /// `ip netns exec` gives the program a /sys of its own namespace, which lacks the control groups.
  private static final String WITH_CGROUPS =
      "mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null; exec \"$@\"";

  /// What a program printed, both streams together, and how it ended.
  record Output(int exit, String text) {}

  /// Runs a program to its end; more than 60 s is a failure of the test.
  Output run(String... command) {
    return run(List.of(command));
  }

  Output run(List<String> command) {
    try {
      var process = builder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      var text = CompletableFuture.supplyAsync(() -> read(process));
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException(command + " did not end in 60 s");
      }
      return new Output(process.exitValue(), text.join());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// Runs a program that must succeed.
  String must(String... command) {
    var output = run(command);
    if (output.exit() != 0) {
      throw new IllegalStateException(
          String.join(" ", command) + " ended with " + output.exit() + ":\n" + output.text());
    }
    return output.text();
  }

  /// Starts a program that goes on; the caller ends it.
  Process start(Path log, List<String> command) {
    try {
      return builder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ProcessBuilder builder(List<String> command) {
    var all = new ArrayList<String>();
    if (!namespace.isEmpty()) {
      all.addAll(List.of("ip", "netns", "exec", namespace));
      all.addAll(List.of("sh", "-c", WITH_CGROUPS, "sh"));
    }
    all.addAll(command);
    return new ProcessBuilder(all);
  }

  private static String read(Process process) {
    try {
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
