package io.ostiary.server.command;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/// `ostiary services`: the kernel's services and their targets as `ipvsadm -Ln` would list them.
@Command(
    name = "services",
    description = "List the L4 services and how each of their targets does.")
public final class ServicesCommand implements Callable<Integer> {
  private static final String ROW = "  -> %-40s %9s %6s %8s %10s %9s %9s  %s%n";

  @Mixin private AdminOptions admin;
  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "As the admin API says it.")
  private boolean json;

  @Override
  public Integer call() throws InterruptedException {
    var out = spec.commandLine().getOut();
    var answer = admin.ask(client -> client.get("/api/v1/services"));
    if (json) {
      out.println(answer.toPrettyString());
    } else {
      print(answer, out);
    }
    out.flush();
    return 0;
  }

  private static void print(JsonNode answer, PrintWriter out) {
    out.println("# " + answer.path("sentence").asString(""));
    if (!answer.path("items").isEmpty()) {
      out.println("Service: algorithm, check; new connections, and what became of them");
      out.printf(ROW, "target", "weight", "share", "open", "new/s", "RTT", "answer", "state");
    }
    for (var service : answer.path("items")) {
      service(service, out);
    }
  }

  private static void service(JsonNode service, PrintWriter out) {
    out.printf(
        "%s %s (%s): %s, %s; attempts %d, proven %d, from this host %d%n",
        service.path("protocol").asString("").toUpperCase(Locale.ROOT),
        service.path("address").asString(""),
        service.path("name").asString(""),
        service.path("algorithm").asString(""),
        service.path("check").asString("not checked"),
        service.path("attempts").asLong(),
        service.path("proven").asLong(),
        service.path("local").asLong());
    var warning = service.path("warning").asString("");
    if (!warning.isEmpty()) {
      out.println("  ! " + warning);
    }
    for (var word : new String[] {"withoutTarget", "withoutRoom", "strays", "flood"}) {
      long count = service.path(word).asLong();
      if (count > 0) {
        out.printf("  ! %s: %d%n", said(word), count);
      }
    }
    double all =
        service
            .path("targets")
            .valueStream()
            .mapToDouble(one -> one.path("weightNow").asDouble(0))
            .sum();
    for (var target : service.path("targets")) {
      target(target, all, out);
    }
  }

  private static String said(String word) {
    return switch (word) {
      case "withoutTarget" -> "dropped, for no target had a weight";
      case "withoutRoom" -> "without room for a record";
      case "strays" -> "dropped, a second target's answer";
      default -> "spread by hash alone in a flood";
    };
  }

  private static void target(JsonNode target, double all, PrintWriter out) {
    double now = target.path("weightNow").asDouble(0);
    out.printf(
        ROW,
        target.path("target").asString(""),
        TopCommand.count(Math.rint(100 * now) / 100) + "/" + target.path("weight").asInt(),
        all == 0 ? "-" : Math.round(100 * now / all) + " %",
        target.path("open").asLong(),
        TopCommand.count(target.path("newPerSecond").asDouble(0)),
        micros(target.path("rttMicros")),
        micros(target.path("answerMicros")),
        state(target));
  }

  private static String micros(JsonNode micros) {
    return micros.isNumber() ? TopCommand.micros(micros.asDouble()) : "-";
  }

  private static String state(JsonNode target) {
    var state = target.path("state").asString("");
    var why = target.path("why").asString("");
    return why.isEmpty() ? state : state + ": " + why;
  }
}
