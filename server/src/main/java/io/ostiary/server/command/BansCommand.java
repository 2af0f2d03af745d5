package io.ostiary.server.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `ostiary bans`: who is refused, until when and why.
@Command(name = "bans", description = "List the sources that are banned now.")
public final class BansCommand implements Callable<Integer> {
  @Mixin private AdminOptions admin;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    var out = spec.commandLine().getOut();
    var bans = admin.ask(client -> client.bans());
    if (bans.isEmpty()) {
      out.println("Nobody is banned.");
    }
    for (var ban : bans) {
      out.printf(
          "%-43s until %s by %s: %s%n",
          ban.path("source").asString(""),
          ban.path("until").asString(""),
          ban.path("by").asString(""),
          ban.path("reason").asString(""));
    }
    out.flush();
    return 0;
  }
}
