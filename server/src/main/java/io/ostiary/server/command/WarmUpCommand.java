package io.ostiary.server.command;

import io.ostiary.server.WarmUp;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `ostiary warm-up`: what the launcher runs to make the start-up cache.
@Command(name = "warm-up", hidden = true, description = "Live shortly, for the start-up cache.")
public final class WarmUpCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    WarmUp.run(spec.commandLine().getOut());
    return 0;
  }
}
