package io.ostiary.server;

import io.ostiary.server.command.BanCommand;
import io.ostiary.server.command.BansCommand;
import io.ostiary.server.command.CacheCommand;
import io.ostiary.server.command.CaptureCommand;
import io.ostiary.server.command.CheckCommand;
import io.ostiary.server.command.ConfirmCommand;
import io.ostiary.server.command.ExplainCommand;
import io.ostiary.server.command.KeyCommand;
import io.ostiary.server.command.PasswordCommand;
import io.ostiary.server.command.RouteCommand;
import io.ostiary.server.command.RulesCommand;
import io.ostiary.server.command.RunCommand;
import io.ostiary.server.command.ServicesCommand;
import io.ostiary.server.command.TopCommand;
import io.ostiary.server.command.UnbanCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The command line of Ostiary as people write it: with help, and an answer to every mistake.
@Command(
    name = "ostiary",
    description = "An API gateway that understands its traffic from the packet up.",
    mixinStandardHelpOptions = true,
    version = "ostiary 0.1.0",
    subcommands = {
      RunCommand.class,
      CheckCommand.class,
      RouteCommand.class,
      ExplainCommand.class,
      TopCommand.class,
      CacheCommand.class,
      CaptureCommand.class,
      KeyCommand.class,
      PasswordCommand.class,
      BanCommand.class,
      UnbanCommand.class,
      BansCommand.class,
      RulesCommand.class,
      ConfirmCommand.class,
      ServicesCommand.class
    },
    footer = {
      "",
      "From a clone also:",
      "  bench   Compare with nginx and HAProxy, and the kernel programs with xdp-filter.",
      "  test    Run everything that CI runs.",
    })
final class Commands {
  private Commands() {}

  static int run(String... arguments) {
    var line = new CommandLine(new Commands());
    line.setExecutionExceptionHandler(Commands::failed);
    for (var command : line.getSubcommands().values()) {
      command.getCommandSpec().mixinStandardHelpOptions(true);
    }
    if (arguments.length == 0) {
      line.usage(line.getOut());
      return 2;
    }
    return line.execute(arguments);
  }

  private static int failed(Exception failure, CommandLine line, CommandLine.ParseResult parsed)
      throws Exception {
    if (failure instanceof UserError) {
      line.getErr().println(failure.getMessage());
      line.getErr().flush();
      return 1;
    }
    throw failure;
  }
}
