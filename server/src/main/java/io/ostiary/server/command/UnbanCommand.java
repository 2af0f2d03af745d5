package io.ostiary.server.command;

import io.ostiary.server.UserError;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `ostiary unban SOURCE`: lifts every ban of exactly this source.
@Command(name = "unban", description = "Let a banned source in again.")
public final class UnbanCommand implements Callable<Integer> {
  @Mixin private AdminOptions admin;
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "SOURCE", description = "As `ostiary bans` lists it.")
  private String source = "";

  @Override
  public Integer call() throws InterruptedException {
    var block = BanCommand.block(source).toString();
    int lifted = 0;
    for (var ban : admin.ask(client -> client.bans())) {
      if (ban.path("source").asString("").equals(block)) {
        var id = ban.path("id").asString("");
        admin.ask(client -> client.unban(id));
        lifted++;
      }
    }
    if (lifted == 0) {
      throw new UserError(block + " is not banned; `ostiary bans` lists who is");
    }
    var out = spec.commandLine().getOut();
    out.println(block + " is let in again.");
    out.flush();
    return 0;
  }
}
