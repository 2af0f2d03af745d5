package io.ostiary.bench;

import io.ostiary.bench.Workers.Mood;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/// `./ostiary bench failing`: of four targets one at a time is killed, hangs, is a hundred times as
/// slow, resets or answers garbage, in turns, while GET and POST go on. Wanted: less than 0.01 % of
/// GETs fail, no POST reaches the targets twice, repeats are at most 20 % of the calls, and the
/// target is out within a second.
public final class FailingBench {
  private static final double PER_SECOND = Double.parseDouble(System.getProperty("rate", "400"));
  private static final int ROUNDS = Integer.getInteger("rounds", 4);
  private static final int SICK_SECONDS = 5;
  private static final String GET = "GET /get/%d HTTP/1.1\r\nHost: bench\r\n\r\n";
  private static final String POST =
      "POST /post/%d HTTP/1.1\r\nHost: bench\r\nContent-Length: 0\r\n\r\n";

  private final StringBuilder report = new StringBuilder();
  private final List<Workers> targets = new ArrayList<>();
  private double slowest;

  private FailingBench() {}

  /// Argument: the results' folder.
  public static void main(String[] args) throws IOException, InterruptedException {
    new FailingBench().run(Path.of(args[0]));
  }

  private void run(Path results) throws IOException, InterruptedException {
    say("# Failing targets\n\nOne of four targets goes wrong for 5 s at a time.\n\n```");
    for (int i = 0; i < 4; i++) {
      targets.add(new Workers(18_321 + i, 64, 2));
    }
    boolean passed;
    try (var trial =
        new Trial(
            Files.createTempDirectory("ostiary-failing"),
            """
            - name: up
              targets: [ "127.0.0.1:18321", "127.0.0.1:18322", "127.0.0.1:18323", "127.0.0.1:18324" ]
              outliers: { rest: 4s, rest-max: 4s }
              retry:
                on: [ connect, reset, timeout, malformed ]
                per-try: 150ms
                back-off: 5ms
                budget-min: 20
            """)) {
      new OpenLoop(Trial.PORT).run(10, OpenLoop.Kind.of(PER_SECOND, GET));
      long before = requests();
      var get = OpenLoop.Kind.of(PER_SECOND * 0.8, GET);
      var post = OpenLoop.Kind.of(PER_SECOND * 0.2, POST);
      var faults = Thread.ofVirtual().start(() -> goWrong(trial));
      new OpenLoop(Trial.PORT).run(ROUNDS * 5 * (SICK_SECONDS + 1) + 2, get, post);
      faults.join();
      passed = verdict(get.outcome(), post.outcome(), requests() - before);
      say(trial.upstreams().replaceAll(".*(\"load\":\\{.*?\\}).*", "  $1"));
    }
    say("```\n\n" + (passed ? "PASS" : "FAIL"));
    var name =
        DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmm'Z-failing.md'")
            .format(LocalDateTime.now(java.time.ZoneOffset.UTC));
    Files.writeString(results.resolve(name), report);
    for (var target : targets) {
      target.close();
    }
  }

  private long requests() {
    return targets.stream().mapToLong(Workers::requests).sum();
  }

  private void goWrong(Trial trial) {
    try {
      // The first request of this client takes longer than a target needs to be out.
      trial.upstreams();
      for (int round = 0; round < ROUNDS; round++) {
        for (var mood : Mood.values()) {
          if (mood != Mood.WELL) {
            int sick = (round + mood.name().length()) % 4;
            targets.get(sick).mood(mood);
            long began = System.nanoTime();
            boolean seen = false;
            while (System.nanoTime() - began < SICK_SECONDS * 1_000_000_000L) {
              if (!seen && out(trial, sick)) {
                seen = true;
                double out = (System.nanoTime() - began) / 1e9;
                slowest = Math.max(slowest, out);
                say(String.format(Locale.ROOT, "%-9s out after %.2f s", mood, out));
              }
              TimeUnit.MILLISECONDS.sleep(seen ? 100 : 20);
            }
            if (!seen) {
              slowest = Double.POSITIVE_INFINITY;
              say(mood + " was never out");
            }
            targets.get(sick).mood(Mood.WELL);
            TimeUnit.SECONDS.sleep(1);
          }
        }
      }
    } catch (IOException | InterruptedException e) {
      say("the faults ended early: " + e);
      slowest = Double.POSITIVE_INFINITY;
    }
  }

  /// Whether this target gets no calls; another may still rest from the turn before.
  private static boolean out(Trial trial, int sick) throws IOException, InterruptedException {
    var port = 18_321 + sick;
    return trial
        .upstreams()
        .matches("(?s).*\"target\":\"127.0.0.1:" + port + "\",[^}]*\"state\":\"unhealthy\".*");
  }

  private boolean verdict(OpenLoop.Outcome get, OpenLoop.Outcome post, long requests) {
    long calls = get.offered.get() + post.offered.get();
    long bad = get.offered.get() - get.good.get();
    long twice =
        targets.stream()
            .flatMap(target -> target.posts().keySet().stream())
            .distinct()
            .filter(this::twice)
            .count();
    say(
        String.format(
            Locale.ROOT,
            "%d of %d GETs failed (%.4f %%, wanted: < 0.01); p50 %.1f p99 %.1f ms",
            bad,
            get.offered.get(),
            100.0 * bad / get.offered.get(),
            get.goodMillis(50),
            get.goodMillis(99)));
    say(
        String.format(
            Locale.ROOT,
            "%d of %d POSTs failed; %d reached the targets twice (wanted: 0)",
            post.offered.get() - post.good.get(),
            post.offered.get(),
            twice));
    double repeats = 100.0 * Math.max(0, requests - calls) / calls;
    say(
        String.format(
            Locale.ROOT,
            "%d requests for %d calls: %.2f %% repeats (wanted: <= 20); out after %.2f s at most"
                + " (wanted: < 1)",
            requests,
            calls,
            repeats,
            slowest));
    return bad < get.offered.get() / 10_000.0 && twice == 0 && repeats <= 20 && slowest < 1;
  }

  private boolean twice(String target) {
    int sum = 0;
    for (var one : targets) {
      var times = one.posts().get(target);
      sum += times == null ? 0 : times.get();
    }
    return sum > 1;
  }

  private synchronized void say(String line) {
    System.out.println(line);
    report.append(line).append('\n');
  }
}
