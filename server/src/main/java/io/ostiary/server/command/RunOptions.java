package io.ostiary.server.command;

import io.ostiary.server.Ostiary;
import io.ostiary.server.Progress;
import io.ostiary.server.RunSettings;
import io.ostiary.server.UserError;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// What `ostiary run` is told, and the running itself.
///
/// @param config null: ./ostiary.yaml where it exists, else the demo
/// @param control where the control plane listens
/// @param loops 0: one for each core
public record RunOptions(
    @Nullable Path config, Path data, String control, int loops, boolean takeOver) {
  private static final int LOOPS_MAX = 1024;

  static final RunOptions DEFAULT =
      new RunOptions(null, Path.of("data"), "127.0.0.1:9080", 0, false);

  /// Reads a whole command line where it is `run` and options each followed by its value.
  ///
  /// @return null where anything else is in it, which [RunCommand] understands or refuses
  public static @Nullable RunOptions parse(String... words) {
    if (words.length == 0 || !words[0].equals("run")) {
      return null;
    }
    var options = DEFAULT;
    for (int i = 1; i < words.length; i++) {
      if (words[i].equals("--take-over")) {
        options =
            new RunOptions(options.config, options.data, options.control, options.loops, true);
        continue;
      }
      var value = i + 1 < words.length ? words[++i] : "";
      var next =
          value.isEmpty() || value.startsWith("-") ? null : options.with(words[i - 1], value);
      if (next == null) {
        return null;
      }
      options = next;
    }
    return options;
  }

  private @Nullable RunOptions with(String option, String value) {
    return switch (option) {
      case "--config" -> new RunOptions(Path.of(value), data, control, loops, takeOver);
      case "--data" -> new RunOptions(config, Path.of(value), control, loops, takeOver);
      case "--control" -> new RunOptions(config, data, value, loops, takeOver);
      case "--loops" ->
          value.matches("[0-9]{1,4}")
              ? new RunOptions(config, data, control, Integer.parseInt(value), takeOver)
              : null;
      default -> null;
    };
  }

  /// Serves until SIGTERM or Ctrl-C, then drains.
  ///
  /// @return how the process ends
  /// @throws UserError when something a person can repair is in the way
  public int serve(PrintWriter out) throws InterruptedException {
    var ostiary = Ostiary.start(settings(), new Progress(out));
    Runtime.getRuntime()
        .addShutdownHook(Thread.ofPlatform().name("end").unstarted(() -> end(ostiary)));
    ostiary.serve();
    return 0;
  }

  /// @throws UserError when something a person can repair is in the way
  public RunSettings settings() {
    return new RunSettings(file(), data, ControlAddress.parse(control), eventLoops(), takeOver);
  }

  /// The machine would answer a signal with 128 + its number; who ends as asked ends with 0.
  private static void end(Ostiary ostiary) {
    int exit = 1;
    try {
      ostiary.close();
      exit = 0;
    } finally {
      Runtime.getRuntime().halt(exit);
    }
  }

  private int eventLoops() {
    if (loops < 0 || loops > LOOPS_MAX) {
      throw new UserError("--loops: %d (expected: 1-1024, or 0 for one a core)".formatted(loops));
    }
    return loops == 0 ? Runtime.getRuntime().availableProcessors() : loops;
  }

  /// Null stands for the demo.
  private @Nullable Path file() {
    if (config != null) {
      if (!Files.isReadable(config)) {
        throw new UserError("--config: %s (expected: a file we may read)".formatted(config));
      }
      return config;
    }
    var usual = Path.of("ostiary.yaml");
    return Files.exists(usual) ? usual : null;
  }
}
