package io.ostiary.server.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `ostiary cache purge API [URL]`: throws away what an API's cache keeps.
@Command(
    name = "cache",
    description = "Throw away what caches of APIs keep.",
    subcommands = CacheCommand.Purge.class,
    synopsisSubcommandLabel = "purge")
public final class CacheCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return spec.exitCodeOnInvalidInput();
  }

  /// One address, or all.
  @Command(
      name = "purge",
      description = "Throw away what an API's cache keeps, of one address or all of it.")
  static final class Purge implements Callable<Integer> {
    @Mixin private AdminOptions admin;
    @Spec private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "API", description = "Its name in ostiary.yaml.")
    private String api = "";

    @Parameters(
        index = "1",
        paramLabel = "URL",
        arity = "0..1",
        description = "One address, as callers ask for it; not given: all.")
    private String url = "";

    @Override
    public Integer call() throws InterruptedException {
      admin.ask(client -> client.purge(api, url));
      var out = spec.commandLine().getOut();
      out.println(
          url.isEmpty()
              ? "The cache of " + api + " is empty."
              : "The cache of " + api + " does not keep " + url + " any more.");
      out.flush();
      return 0;
    }
  }
}
