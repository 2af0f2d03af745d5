package io.ostiary.server.command;

import io.ostiary.model.Cidr;
import io.ostiary.server.UserError;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `ostiary ban SOURCE`: refuses a source for a time, in the kernel where that is possible.
@Command(name = "ban", description = "Refuse a source for a time.")
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

  @Option(names = "--reason", required = true, description = "Why; shown wherever the ban is.")
  private String reason = "";

  @Option(names = "--call", paramLabel = "CALL-ID", description = "A call that is the evidence.")
  private List<String> calls = new ArrayList<>();

  @Override
  public Integer call() throws InterruptedException {
    var block = block(source).toString();
    long seconds = duration(time).toSeconds();
    var ban = admin.ask(client -> client.ban(block, reason, seconds, calls));
    var out = spec.commandLine().getOut();
    out.printf(
        "%s is banned until %s.%n",
        ban.path("source").asString(""), ban.path("until").asString(""));
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
