package io.ostiary.server.command;

import io.ostiary.control.AdminClient;
import io.ostiary.control.AdminException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/// `ostiary top`: the console's Now page for a terminal, once a second.
@Command(name = "top", description = "Show what is happening now, once a second (end with Ctrl-C).")
public final class TopCommand implements Callable<Integer> {
  private static final String CLEAR = "\033[H\033[2J";
  private static final int ROWS = 8;
  private static final int FLOOD_ROWS = 200;
  private static final int MEASURED_MILLIS = 2500;

  @Mixin private AdminOptions admin;
  @Spec private CommandSpec spec;

  @Option(names = "--once", description = "Print one picture, after two seconds, and end.")
  private boolean once;

  @Override
  public Integer call() throws InterruptedException {
    return admin.ask(this::show);
  }

  private int show(AdminClient client) throws AdminException, InterruptedException {
    var out = spec.commandLine().getOut();
    if (once) {
      // What each source sends is measured from second to second once somebody asks.
      client.now(60);
      Thread.sleep(MEASURED_MILLIS);
    }
    do {
      var now = client.now(60);
      if (!once) {
        out.print(CLEAR);
      }
      print(now, out);
      flood(client.flood(FLOOD_ROWS), out);
      out.flush();
      if (!once) {
        Thread.sleep(1000);
      }
    } while (!once);
    return 0;
  }

  private static void print(JsonNode now, PrintWriter out) {
    var series = now.path("series");
    var footer = now.path("footer");
    out.println(now.path("state").path("sentence").asString(""));
    out.println();
    out.printf(
        "%s calls/s   %s errors/s   p50 %s   p95 %s   p99 %s%n",
        count(last(series.path("calls"))),
        count(last(series.path("errors"))),
        micros(last(series.path("latency").path("p50Micros"))),
        micros(last(series.path("latency").path("p95Micros"))),
        micros(last(series.path("latency").path("p99Micros"))));
    out.printf(
        "%s packets/s passed   %s dropped   %s bytes/s in   %s bytes/s out%n",
        count(last(series.path("packetsPassed"))),
        count(last(series.path("packetsDropped"))),
        count(last(series.path("bytesIn"))),
        count(last(series.path("bytesOut"))));
    for (var drop : series.path("drops")) {
      double perSecond = last(drop.path("packets"));
      if (perSecond > 0) {
        out.printf("  %s/s dropped: %s%n", count(perSecond), drop.path("reason").asString(""));
      }
    }
    var over = " (last %d s)".formatted(now.path("top").path("seconds").asLong());
    rates(now.path("top").path("apis"), "API" + over, out);
    rates(now.path("top").path("upstreams"), "upstream" + over, out);
    sources(now.path("top").path("sources"), out);
    out.println();
    out.printf(
        "plan %d   ledger lag %d ms, lost %d   %s%n",
        footer.path("planVersion").asLong(),
        footer.path("ledgerLagMillis").asLong(),
        footer.path("ledgerLost").asLong(),
        footer.path("kernelSentence").asString(""));
  }

  private static void rates(JsonNode rates, String title, PrintWriter out) {
    if (rates.isEmpty()) {
      return;
    }
    out.printf("%n%-28s %10s %9s %9s %9s%n", title, "calls/s", "errors", "p50", "p99");
    rates
        .valueStream()
        .limit(ROWS)
        .forEach(row ->
            out.printf(
                "%-28s %10s %9s %9s %9s%n",
                row.path("title").asString(""),
                count(row.path("rate").path("callsPerSecond").asDouble(0)),
                count(row.path("rate").path("errors").asDouble(0)),
                micros(row.path("rate").path("latency").path("p50Micros").asDouble(0)),
                micros(row.path("rate").path("latency").path("p99Micros").asDouble(0))));
  }

  private static void sources(JsonNode sources, PrintWriter out) {
    if (sources.isEmpty()) {
      return;
    }
    out.printf("%n%-40s %10s %10s %9s%n", "source", "packets/s", "dropped/s", "calls/min");
    sources
        .valueStream()
        .limit(ROWS)
        .forEach(row ->
            out.printf(
                "%-40s %10s %10s %9s%n",
                row.path("address").asString(""),
                count(row.path("packetsPerSecond").asDouble(0)),
                count(row.path("droppedPerSecond").asDouble(0)),
                count(row.path("calls").asDouble(0))));
  }

  /// Blocks of which one part sent nearly all are left out: the part is shown.
  private static void flood(JsonNode flood, PrintWriter out) {
    if (flood.path("items").isEmpty()) {
      return;
    }
    var cookies = flood.path("cookies");
    out.printf(
        "%n%s packets/s and %s new connections/s from %s sources. %s%n",
        count(flood.path("packetsPerSecond").asDouble(0)),
        count(flood.path("connectionsPerSecond").asDouble(0)),
        count(flood.path("sources").asDouble(0)),
        cookies.path("sentence").asString(""));
    out.printf("%-40s %16s %10s %10s %9s%n", "who", "share", "packets/s", "new conn/s", "dropped");
    flood
        .path("items")
        .valueStream()
        .filter(row -> !row.path("held").asBoolean(false))
        .limit(ROWS)
        .forEach(row ->
            out.printf(
                "%-40s %16s %10s %10s %9s%n",
                row.path("prefix").asString(""),
                share(row.path("share").asDouble(0), row.path("error").asDouble(0)),
                count(row.path("packetsPerSecond").asDouble(0)),
                count(row.path("connectionsPerSecond").asDouble(0)),
                format("%.0f %%", 100 * row.path("droppedShare").asDouble(0))));
  }

  private static String share(double share, double error) {
    return error == 0
        ? format("%.2f %%", 100 * share)
        : format("%.2f", 100 * share) + format(" ± %.2f %%", 100 * error);
  }

  /// The newest number that was measured.
  private static double last(JsonNode numbers) {
    for (int i = numbers.size() - 1; i >= 0; i--) {
      if (numbers.get(i).isNumber()) {
        return numbers.get(i).asDouble();
      }
    }
    return 0;
  }

  static String count(double number) {
    if (number >= 1e9) {
      return format("%.1f G", number / 1e9);
    }
    if (number >= 1e6) {
      return format("%.1f M", number / 1e6);
    }
    if (number >= 1e4) {
      return format("%.1f k", number / 1e3);
    }
    return format(number == Math.rint(number) ? "%.0f" : "%.1f", number);
  }

  static String micros(double micros) {
    if (micros >= 1e6) {
      return format("%.2f s", micros / 1e6);
    }
    return micros >= 1000 ? format("%.1f ms", micros / 1000) : format("%.0f µs", micros);
  }

  private static String format(String format, double number) {
    return String.format(Locale.ROOT, format, number);
  }
}
