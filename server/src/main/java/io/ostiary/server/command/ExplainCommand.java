package io.ostiary.server.command;

import io.ostiary.model.CallId;
import io.ostiary.server.UserError;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `ostiary explain CALL-ID`: one call from its first SYN to its last byte.
@Command(
    name = "explain",
    description = "Explain one call: where its time went, and who is to blame.")
public final class ExplainCommand implements Callable<Integer> {
  private static final int WIDTH = 100;

  @Mixin private AdminOptions admin;
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "CALL-ID", description = "What the answer's Ostiary-Call header says.")
  private String call = "";

  @Option(names = "--json", description = "Print the whole record as JSON.")
  private boolean json;

  @Override
  public Integer call() throws InterruptedException {
    try {
      CallId.parse(call);
    } catch (IllegalArgumentException e) {
      throw new UserError(String.valueOf(e.getMessage()));
    }
    var text =
        admin.ask(client ->
            json ? client.explain(call).toPrettyString() + "\n" : client.explain(call, WIDTH));
    var out = spec.commandLine().getOut();
    out.print(text);
    out.flush();
    return 0;
  }
}
