package io.ostiary.server.command;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `ostiary run`: starts everything and serves until SIGTERM or Ctrl-C, then drains.
@Command(
    name = "run",
    description = {
      "Serve what ostiary.yaml says, or the built-in demo where there is none.",
      "Runs in the foreground; Ctrl-C or SIGTERM lets running calls end."
    })
public final class RunCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The configuration (default: ./ostiary.yaml where it exists, else the demo).")
  private @Nullable Path config;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "data",
      description = "Where records are kept (default: ./data).")
  private Path data = Path.of("data");

  @Option(
      names = "--control",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1:9080",
      description = "Where console and admin API listen (default: ${DEFAULT-VALUE}).")
  private String control = "";

  @Option(
      names = "--loops",
      paramLabel = "N",
      defaultValue = "0",
      description = "Event loops of the data plane (default: one for each core).")
  private int loops;

  @Option(
      names = "--take-over",
      description = {
        "Take the place of a process that uses the same data: its listening sockets,",
        "so that nobody is refused, and its kernel programs, so that no packet comes",
        "in between that the rules do not judge."
      })
  private boolean takeOver;

  @Override
  public Integer call() throws InterruptedException {
    return options().serve(spec.commandLine().getOut());
  }

  RunOptions options() {
    return new RunOptions(config, data, control, loops, takeOver);
  }
}
