package io.ostiary.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Starts the next process in our place: the same command line, by way of the launcher where we
/// were started by it, so that a newer build is what runs.
final class Upgrade {
  private static final String TAKE_OVER = "--take-over";
  private static final String MAIN = "io.ostiary.server.Main";
  private static final Path OWN = Path.of("/proc/self/cmdline");

  private Upgrade() {}

  static void begin(Progress progress) {
    try {
      // ProcessHandle tells no arguments where they are long.
      var own = List.of(Files.readString(OWN, UTF_8).split("\0"));
      var command = command(own, System.getProperty("ostiary.home"));
      var next = new ProcessBuilder(command).inheritIO().start();
      progress.say("upgrade: process %d begins to take over", next.pid());
    } catch (IOException | UserError e) {
      progress.say(
          "upgrade: the next process cannot be started: %s", String.valueOf(e.getMessage()));
    }
  }

  /// @param own the command line that runs
  /// @param home where the launcher is; null: started without one
  static List<String> command(List<String> own, @Nullable String home) {
    int main = own.indexOf(MAIN);
    if (main < 0) {
      throw new UserError("%s: %s (expected: a command line with %s)".formatted(OWN, own, MAIN));
    }
    var command = new ArrayList<String>();
    if (home == null) {
      command.addAll(own.subList(0, main + 1));
    } else {
      command.add(Path.of(home, "ostiary").toString());
    }
    command.addAll(own.subList(main + 1, own.size()));
    if (!command.contains(TAKE_OVER)) {
      command.add(TAKE_OVER);
    }
    return command;
  }
}
