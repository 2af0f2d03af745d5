package io.ostiary.server.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/// `ostiary bans`: who is refused, until when and why.
@Command(
    name = "bans",
    description =
        "List the sources that are banned now: how, until when, by whom, why, and on what evidence.")
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
          "%-20s %s until %s by %s%n",
          ban.path("source").asString(""),
          how(ban),
          ban.path("until").asString(""),
          ban.path("by").asString(""));
      out.printf("  %s%n", ban.path("reason").asString(""));
      if (ban.path("droppedPackets").isNumber()) {
        out.printf(
            "  packets %d bytes %d dropped%n",
            ban.path("droppedPackets").asLong(), ban.path("droppedBytes").asLong());
      }
      var calls = ban.path("calls").valueStream().map(call -> call.asString("")).toList();
      if (!calls.isEmpty()) {
        out.printf("  evidence: %s%n", String.join(" ", calls));
      }
    }
    out.flush();
    return 0;
  }

  private static String how(JsonNode ban) {
    var limited = ban.path("action").asString("").equals("limit");
    var how =
        limited
            ? "limited to %d calls/s, %d packets/s,"
                .formatted(ban.path("callsPerSecond").asInt(), ban.path("packetsPerSecond").asInt())
            : "banned";
    return ban.path("place").asString("").equals("gateway") ? how + " in the gateway" : how;
  }
}
