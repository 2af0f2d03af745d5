package io.ostiary.server.command;

import io.ostiary.control.AdminClient;
import io.ostiary.control.AdminException;
import io.ostiary.server.DataFolder;
import io.ostiary.server.UserError;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// How a command finds the running Ostiary, and what it asks of it.
final class AdminOptions {
  private static final Duration STARTING = Duration.ofSeconds(5);
  private static final long AGAIN_MILLIS = 50;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "data",
      description = "Where the running Ostiary keeps its records (default: ./data).")
  private Path data = Path.of("data");

  @Option(
      names = "--control",
      paramLabel = "ADDRESS",
      description = "Where its control plane listens (default: as the running one says).")
  private @Nullable String control;

  /// One thing to ask.
  @FunctionalInterface
  interface Question<T> {
    T ask(AdminClient client) throws AdminException, InterruptedException;
  }

  /// Waits a little for a process that holds the data folder and is still starting.
  ///
  /// @throws UserError with what the admin API, or its absence, says
  <T> T ask(Question<T> question) throws InterruptedException {
    var address = control == null ? null : ControlAddress.parse(control).url().toString();
    long end = System.nanoTime() + STARTING.toNanos();
    while (true) {
      try (var client = AdminClient.of(data, address)) {
        return question.ask(client);
      } catch (AdminException e) {
        boolean starting = !e.wasAsked() && DataFolder.isLocked(data);
        if (!starting) {
          throw new UserError(String.valueOf(e.getMessage()));
        }
        if (System.nanoTime() > end) {
          throw new UserError(
              "Ostiary has begun to start with %s, and does not answer yet: try again, or see what it printed"
                  .formatted(data));
        }
      }
      Thread.sleep(AGAIN_MILLIS);
    }
  }
}
