package io.ostiary.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// `./ostiary bench overload`: an upstream of ten workers that take 50 ms each, so 200 calls a
/// second, is offered ever more, up to ten times that. With the adaptive limit goodput must stay,
/// and calls of high priority must all be answered; without it the same is measured for comparison.
///
/// An answer is good when it is a 200 within 500 ms of the moment its call was due.
public final class OverloadBench {
  private static final double CAPACITY = 200;
  private static final double VIP = 20;
  private static final String PLAIN = "GET /plain/%d HTTP/1.1\r\nHost: bench\r\n\r\n";
  private static final String HIGH = "GET /vip/%d HTTP/1.1\r\nHost: bench\r\n\r\n";
  private static final double SECONDS = Double.parseDouble(System.getProperty("seconds", "20"));

  private final StringBuilder report = new StringBuilder();

  private OverloadBench() {}

  /// Argument: the results' folder.
  public static void main(String[] args) throws IOException, InterruptedException {
    new OverloadBench().run(Path.of(args[0]));
  }

  private void run(Path results) throws IOException, InterruptedException {
    say("# Overload\n\nAn upstream of 200 calls a second (10 workers, 50 ms). Rates are of plain");
    say("calls unless said; 20 a second more are of high priority. Open loop, Poisson arrivals.\n");
    say("```");
    boolean passed = adaptive();
    without();
    say("```");
    say(passed ? "\nPASS" : "\nFAIL");
    var name =
        DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmm'Z-overload.md'")
            .format(LocalDateTime.now(java.time.ZoneOffset.UTC));
    Files.writeString(results.resolve(name), report);
  }

  private boolean adaptive() throws IOException, InterruptedException {
    try (var _ = new Workers(18_311, 10, 50);
        var trial =
            new Trial(
                Files.createTempDirectory("ostiary-overload"),
                """
                - name: up
                  targets: "127.0.0.1:18311"
                  overload:
                    adaptive: { least: 4, most: 500 }
                    priorities: [ { priority: high, routes: vip } ]
                """)) {
      var load = new OpenLoop(Trial.PORT);
      step(load, "warm-up     ", 0.5, 10);
      step(load, "0.5 x       ", 0.5, SECONDS / 2);
      double peak = step(load, "0.9 x       ", 0.9, SECONDS).good();
      peak = Math.max(peak, step(load, "1.2 x       ", 1.2, SECONDS).good());
      var over = step(load, "10 x        ", 10, SECONDS);
      say(trial.upstreams().replaceAll(".*(\"load\":\\{.*?\\}).*", "  $1"));
      var after = step(load, "0.5 x after ", 0.5, SECONDS / 4);
      say(
          String.format(
              Locale.ROOT,
              "goodput at 10 x is %.0f %% of the peak (wanted: 90); of %d calls of high priority %d"
                  + " were lost (wanted: 0); p99 of refusals %.1f ms; lost after it: %d",
              100 * over.good() / peak,
              over.high().offered.get(),
              over.lost(),
              over.plain().refusedMillis(99),
              after.plain().refused.get() + after.plain().failed.get()));
      return over.good() >= 0.9 * peak && over.lost() == 0;
    }
  }

  private void without() throws IOException, InterruptedException {
    try (var _ = new Workers(18_312, 10, 50);
        var _ =
            new Trial(
                Files.createTempDirectory("ostiary-overload"),
                "- { name: up, targets: \"127.0.0.1:18312\", connections: 100000 }\n")) {
      var load = new OpenLoop(Trial.PORT);
      step(load, "without, 0.5 x", 0.5, 10);
      step(load, "without, 2 x  ", 2, SECONDS / 2);
    }
  }

  private record Step(OpenLoop.Outcome plain, OpenLoop.Outcome high, double seconds) {
    double good() {
      return (plain.good.get() + high.good.get()) / seconds;
    }

    long lost() {
      return high.offered.get() - high.good.get();
    }
  }

  private Step step(OpenLoop load, String name, double times, double seconds)
      throws InterruptedException {
    var plain = OpenLoop.Kind.of(times * CAPACITY - Math.min(VIP, times * CAPACITY / 2), PLAIN);
    var high = OpenLoop.Kind.of(VIP, HIGH);
    load.run(seconds, plain, high);
    say(name + plain.outcome().line(seconds));
    say("        high" + high.outcome().line(seconds));
    return new Step(plain.outcome(), high.outcome(), seconds);
  }

  private void say(String line) {
    System.out.println(line);
    report.append(line).append('\n');
  }
}
