package io.ostiary.server.command;

import io.ostiary.model.Cidr;
import io.ostiary.server.UserError;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/// `ostiary ban SOURCE`: refuses a source for a time, in the kernel where that is possible.
@Command(
    name = "ban",
    description = {
      "Refuse a source for a time.",
      "A source that is banned already is banned for longer: its ban ends so long from now."
    })
public final class BanCommand implements Callable<Integer> {
  private static final Pattern SHORT = Pattern.compile("(?:\\d+[dhms])+");

  @Mixin private AdminOptions admin;
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "SOURCE", description = "An address or a block such as 203.0.113.0/24.")
  private String source = "";

  @Option(
      names = "--for",
      paramLabel = "TIME",
      defaultValue = "1h",
      description = "How long, such as 10m, 1h30m or 7d (default: ${DEFAULT-VALUE}).")
  private String time = "";

  @Option(names = "--reason", description = "Why; shown wherever the ban is. A new ban needs it.")
  private String reason = "";

  @Option(names = "--call", paramLabel = "CALL-ID", description = "A call that is the evidence.")
  private List<String> calls = new ArrayList<>();

  @Option(
      names = "--limit",
      paramLabel = "CALLS",
      description = {
        "Hold the source to so many calls a second instead, for an address that others share.",
        "The kernel lets a hundred times as many packets through."
      })
  private int limit;

  @Override
  public Integer call() throws InterruptedException {
    var block = block(source).toString();
    long seconds = duration(time).toSeconds();
    var known = admin.ask(client -> client.bans());
    for (var ban : known) {
      if (ban.path("source").asString("").equals(block)) {
        return extended(ban.path("id").asString(""), seconds);
      }
    }
    if (reason.isBlank()) {
      throw new UserError("--reason: none (expected: why " + block + " is banned)");
    }
    var ban = admin.ask(client -> client.ban(block, reason, seconds, calls, rates()));
    return said(ban, limit > 0 ? "is held to " + limit + " calls/s" : "is banned");
  }

  private Map<String, Integer> rates() {
    if (limit == 0) {
      return Map.of();
    }
    if (limit < 1 || limit > 1_000_000) {
      throw new UserError("--limit: %d (expected: 1-1000000)".formatted(limit));
    }
    return Map.of("callsPerSecond", limit, "packetsPerSecond", limit * 100);
  }

  private int extended(String id, long seconds) throws InterruptedException {
    if (limit != 0) {
      throw new UserError("--limit: the source is banned already. Lift that ban first.");
    }
    return said(admin.ask(client -> client.extend(id, seconds)), "was banned already, and is now");
  }

  private int said(JsonNode ban, String what) {
    var out = spec.commandLine().getOut();
    out.printf(
        "%s %s until %s.%n", ban.path("source").asString(""), what, ban.path("until").asString(""));
    out.flush();
    return 0;
  }

  static Cidr block(String text) {
    try {
      return Cidr.parse(text);
    } catch (IllegalArgumentException e) {
      throw new UserError(String.valueOf(e.getMessage()));
    }
  }

  static Duration duration(String text) {
    try {
      if (SHORT.matcher(text).matches()) {
        int days = text.indexOf('d') + 1;
        var rest = text.substring(days);
        return Duration.parse("P" + text.substring(0, days) + (rest.isEmpty() ? "" : "T" + rest));
      }
    } catch (DateTimeParseException e) {
      // Said below, for both ways of being wrong.
    }
    throw new UserError(
        "--for: %s (expected: a time such as 30s, 10m, 1h30m or 7d)".formatted(text));
  }
}
