package io.ostiary.server.command;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `ostiary confirm`: kernel rules on trial become those that hold.
@Command(
    name = "confirm",
    description = {
      "Make the kernel rules on trial those that hold.",
      "Without it, `kernel.confirm` after they came into force, those before come back."
    })
public final class ConfirmCommand implements Callable<Integer> {
  @Mixin private AdminOptions admin;
  @Spec private CommandSpec spec;

  @ArgGroup(exclusive = true, multiplicity = "0..1")
  private Instead instead = new Instead();

  /// What else may be done.
  static final class Instead {
    @Option(names = "--rollback", description = "Bring back the rules before the trial, now.")
    private boolean rollback;

    @Option(names = "--retry", description = "Put rules that were rolled back on trial again.")
    private boolean retry;

    @Option(names = "--show", description = "Only say whether rules are on trial.")
    private boolean show;
  }

  @Override
  public Integer call() throws InterruptedException {
    var answer =
        admin.ask(client ->
            instead.show
                ? client.get("/api/v1/rules/trial")
                : client.post("/api/v1/rules/" + action(), Map.of()));
    var text =
        switch (answer.path("state").asString("")) {
          case "on-trial" ->
              "The kernel rules are on trial for another %.0f s: `ostiary confirm` keeps them."
                  .formatted(answer.path("secondsLeft").asDouble(0));
          case "rolled-back" -> "The kernel rules of the file are rolled back; those before hold.";
          default -> "The kernel rules of the file hold.";
        };
    var out = spec.commandLine().getOut();
    out.println(text);
    out.flush();
    return 0;
  }

  private String action() {
    if (instead.rollback) {
      return "rollback";
    }
    return instead.retry ? "retry" : "confirm";
  }
}
