package io.ostiary.server.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `ostiary key NAME`: makes a key, and its consumer where there is none of this name.
@Command(name = "key", description = "Make a key for a consumer; it is shown this once.")
public final class KeyCommand implements Callable<Integer> {
  @Mixin private AdminOptions admin;
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "CONSUMER", description = "A name; made where it is new.")
  private String name = "";

  @Override
  public Integer call() throws InterruptedException {
    var key = admin.ask(client -> client.createKey(name, "command line"));
    var out = spec.commandLine().getOut();
    out.println(key.path("key").asString(""));
    out.flush();
    return 0;
  }
}
