package io.ostiary.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A program of others that a test runs to its end. None runs for longer than 30 seconds: what
/// hangs is ended, and then ends with 137.
public final class Tool {
  private static final int SECONDS_MAX = 30;

  private Tool() {}

  /// @param output what it wrote, faults included
  public record Ended(int code, String output) {}

  public static Ended execute(String... command) {
    return end(new ProcessBuilder(command).redirectErrorStream(true));
  }

  /// What it wrote, faults included.
  public static String run(String... command) {
    var ended = execute(command);
    if (ended.code != 0) {
      throw new AssertionError(String.join(" ", command) + ": " + ended.output);
    }
    return ended.output;
  }

  /// What it wrote, however it ended, without what it wrote of faults.
  public static String read(String... command) {
    return end(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD)).output;
  }

  /// The same command in a network namespace.
  public static String[] in(String namespace, String... command) {
    var words = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    words.addAll(List.of(command));
    return words.toArray(String[]::new);
  }

  private static Ended end(ProcessBuilder command) {
    try {
      var process = command.start();
      var unused =
          process
              .onExit()
              .completeOnTimeout(process, SECONDS_MAX, TimeUnit.SECONDS)
              .thenAccept(Tool::endIfItRuns);
      var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        throw new AssertionError(String.join(" ", command.command()) + ": does not end");
      }
      return new Ended(process.exitValue(), output);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(String.join(" ", command.command()), e);
    }
  }

  private static void endIfItRuns(Process process) {
    if (process.isAlive()) {
      process.destroyForcibly();
    }
  }
}
