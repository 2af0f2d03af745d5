package io.ostiary.server.command;

import io.ostiary.control.AdminClient;
import io.ostiary.control.AdminException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// `ostiary rules`: the kernel rules in force as `nft list ruleset` would list them, with what each
/// met and which other one wins.
@Command(
    name = "rules",
    description = {
      "List the kernel rules in force: what each matches, what it met, which other one wins.",
      "Whether they are on trial, and what would be dropped in a dry run, is said first."
    })
public final class RulesCommand implements Callable<Integer> {
  @Mixin private AdminOptions admin;
  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "As the admin API says it: `rules` and `trial`.")
  private boolean json;

  @Override
  public Integer call() throws InterruptedException {
    var out = spec.commandLine().getOut();
    var answers = admin.ask(RulesCommand::ask);
    if (json) {
      out.println(answers.toPrettyString());
    } else {
      print(answers.path("rules"), answers.path("trial"), out);
    }
    out.flush();
    return 0;
  }

  private static JsonNode ask(AdminClient client) throws AdminException {
    var both = JsonNodeFactory.instance.objectNode();
    both.set("rules", client.get("/api/v1/rules"));
    both.set("trial", client.get("/api/v1/rules/trial"));
    return both;
  }

  private static void print(JsonNode rules, JsonNode trial, PrintWriter out) {
    boolean dryRun = rules.path("dryRun").asBoolean(false);
    out.printf(
        "# %s, version %d, interfaces %s%n",
        rules.path("file").asString("the demo"),
        rules.path("rulesVersion").asLong(),
        rules.path("interfaces").asString(""));
    trial(trial, out);
    if (dryRun) {
      out.println("# Dry run: what would be dropped is counted, and passes.");
    }
    var management = words(rules.path("management"));
    if (!management.isEmpty()) {
      out.println("# Never refused: " + String.join(", ", management));
    }
    var items = rules.path("items").valueStream().toList();
    if (items.isEmpty()) {
      out.println("No rules.");
    }
    for (var rule : items) {
      out.printf("%3d  %s%n", rule.path("number").asInt(), text(rule));
      out.println("     " + hits(rule.path("hits"), dryRun));
      for (var conflict : rule.path("conflicts")) {
        out.println("     " + conflict.path("sentence").asString(""));
      }
      var shadowed = shadowed(rule.path("number").asInt(), items);
      if (!shadowed.isEmpty()) {
        out.println("     shadows " + String.join(", ", shadowed));
      }
    }
  }

  private static void trial(JsonNode trial, PrintWriter out) {
    switch (trial.path("state").asString("")) {
      case "on-trial" ->
          out.printf(
              "# On trial: the rules before come back in %.0f s without `ostiary confirm`.%n",
              trial.path("secondsLeft").asDouble(0));
      case "rolled-back" ->
          out.println("# Those of the file are rolled back; these were confirmed before.");
      default -> {}
    }
  }

  /// In the words of the file.
  private static String text(JsonNode rule) {
    var parts = new ArrayList<String>();
    parts.add(rule.path("action").asString(""));
    list(parts, "from", rule.path("from"));
    list(parts, "to", rule.path("to"));
    list(parts, "to-port", rule.path("toPorts"));
    list(parts, "protocol", rule.path("protocols"));
    parts.addAll(words(rule.path("conditions")));
    rate(parts, "packets", rule);
    rate(parts, "connections", rule);
    if (parts.size() == 1) {
      parts.add("everything");
    }
    return String.join(" ", parts);
  }

  private static void list(List<String> parts, String name, JsonNode values) {
    var all = words(values);
    if (!all.isEmpty()) {
      parts.add(name + (all.size() == 1 ? " " + all.getFirst() : " { " + joined(all) + " }"));
    }
  }

  private static String joined(List<String> words) {
    return String.join(", ", words);
  }

  private static List<String> words(JsonNode values) {
    return values.valueStream().map(one -> one.asString("")).collect(Collectors.toList());
  }

  private static void rate(List<String> parts, String what, JsonNode rule) {
    var rate = rule.path(what + "PerSecond");
    if (rate.isNumber()) {
      parts.add("%s %d/s per %s".formatted(what, rate.asLong(), rule.path("per").asString("")));
    }
  }

  private static String hits(JsonNode hits, boolean dryRun) {
    if (!hits.isObject()) {
      return "not counted: the kernel side does not run";
    }
    var text =
        "packets %d bytes %d, of these %s packets %d bytes %d"
            .formatted(
                hits.path("packets").asLong(),
                hits.path("bytes").asLong(),
                dryRun ? "would have been dropped" : "dropped",
                hits.path("droppedPackets").asLong(),
                hits.path("droppedBytes").asLong());
    var last = hits.path("last").asString("");
    return last.isEmpty() ? text : text + ", last " + last;
  }

  private static List<String> shadowed(int number, List<JsonNode> rules) {
    return rules.stream()
        .filter(rule ->
            rule.path("conflicts")
                .valueStream()
                .anyMatch(one ->
                    one.path("whole").asBoolean(false) && one.path("rule").asInt(0) == number))
        .map(rule -> "#" + rule.path("number").asInt())
        .toList();
  }
}
