package io.ostiary.bench;

import io.ostiary.bench.Measurement.Sending;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/// `./ostiary bench protocols`: Ostiary with the kernel join beside nginx with the same features,
/// over TLS, HTTP/2 and WebSocket, with larger bodies, and at a fixed rate. For each scenario short
/// interleaved rounds, all kept; what is judged is the ratio within each round.
public final class ProtocolBench {
  private static final int SECONDS = 3;
  private static final int PROXY_CORE = 0;
  private static final int LOAD_CORE = 1;
  private static final int UPSTREAM_PORT = 19_100;
  private static final int ECHO_PORT = 19_101;
  private static final int BODY_BYTES = 101;
  private static final int CONNECTIONS = 64;
  private static final int RATE = 20_000;

  /// Only scenarios whose name has this in it; empty: all.
  private static final String ONLY = System.getProperty("ostiary.only", "");

  private final Path folder;
  private final Path tools;
  private final Workload workload = Workload.of(1000, 10_000);
  private final Nginx nginx;
  private final Ostiary ostiary;
  private final List<Scenario> scenarios = new ArrayList<>();
  private final Map<Candidate, Running> running = new LinkedHashMap<>();
  private final Starter starter;
  private final Map<String, List<Sample>> nginxSamples = new LinkedHashMap<>();
  private final Map<String, List<Sample>> ostiarySamples = new LinkedHashMap<>();

  /// @param judged what is compared: CPU, or time
  private record Scenario(String name, Judged judged, ToSend load) {}

  private enum Judged {
    CPU,
    LATENCY
  }

  /// What is sent to one candidate.
  @FunctionalInterface
  private interface ToSend {
    Load send(Candidate to, int seconds) throws IOException, InterruptedException;
  }

  private ProtocolBench(Path folder, Path tools) throws IOException, InterruptedException {
    this.folder = folder;
    this.tools = tools;
    starter = new Starter(folder, workload, UPSTREAM_PORT, BODY_BYTES);
    var protocols = Protocols.make(folder, ECHO_PORT);
    nginx = new Nginx(true, 18_101, protocols);
    ostiary = new Ostiary(true, Ostiary.Kernel.JOIN, 18_111, 19_111, 1, protocols);
  }

  /// Arguments: the number of rounds, the folder of compiled tools, the results' folder.
  public static void main(String[] args) throws IOException, InterruptedException {
    var bench = new ProtocolBench(Files.createTempDirectory("ostiary-bench"), Path.of(args[1]));
    try {
      bench.run(Integer.parseInt(args[0]), Path.of(args[2]));
    } finally {
      bench.starter.close();
    }
  }

  private void run(int rounds, Path results) throws IOException, InterruptedException {
    starter.upstream(tools.resolve("upstream").toString(), "" + LOAD_CORE);
    var echo = List.of(tools.resolve("websocket").toString(), "echo", "" + ECHO_PORT);
    starter.start("websocket", echo, "" + LOAD_CORE, ECHO_PORT);
    running.put(nginx, starter.launch(nginx, "" + PROXY_CORE));
    running.put(ostiary, starter.launch(ostiary, "" + PROXY_CORE));
    plan();
    scenarios.removeIf(scenario -> !scenario.name().contains(ONLY));
    if (scenarios.isEmpty()) {
      throw new IllegalArgumentException(
          "ONLY: " + ONLY + " (expected: a part of the name of a scenario, such as TLS or 1 MB)");
    }
    for (var scenario : scenarios) {
      WarmUp.of(
          scenario.name() + ", both in turns",
          seconds -> {
            scenario.load().send(nginx, seconds);
            scenario.load().send(ostiary, seconds);
          });
      for (int round = 1; round <= rounds; round++) {
        nginxSamples
            .computeIfAbsent(scenario.name(), n -> new ArrayList<>())
            .add(of(scenario, nginx));
        ostiarySamples
            .computeIfAbsent(scenario.name(), n -> new ArrayList<>())
            .add(of(scenario, ostiary));
      }
    }
    write(rounds, results);
  }

  private void plan() throws IOException {
    var plain = script("plain", "", "");
    var closing = script("closing", "", "[\"Connection\"] = \"close\"");
    var medium = script("medium", "&bytes=10240", "");
    var large = script("large", "&bytes=1048576", "");
    var targets = folder.resolve("targets");
    workload.writeTargets(targets);
    var websocket = tools.resolve("websocket");
    add(
        "TLS 1.3, kept connections",
        (to, s) -> wrk("https", Protocols.tlsPort(to.port()), s, plain));
    add(
        "TLS 1.3, a handshake for each call",
        (to, s) -> wrk("https", Protocols.tlsPort(to.port()), s, closing));
    add(
        "HTTP/2, 4 connections of 100 streams",
        (to, s) ->
            Load.http2(Protocols.http2Port(to), s, 4, 100, LOAD_CORE, targets, workload.field()));
    add("10 KB bodies", (to, s) -> wrk("http", to.port(), s, medium));
    add("1 MB bodies", (to, s) -> wrk("http", to.port(), s, large));
    add(
        "WebSocket, frames of 64 bytes there and back",
        (to, s) ->
            Load.webSocket(websocket, to.port(), s, CONNECTIONS, LOAD_CORE, workload.field()));
    scenarios.add(
        new Scenario(
            "%,d calls/s".formatted(RATE),
            Judged.LATENCY,
            (to, s) ->
                Load.atRate(
                    to.port(),
                    s,
                    CONNECTIONS,
                    RATE,
                    LOAD_CORE,
                    targets,
                    workload.field(),
                    folder.resolve("times"))));
  }

  private void add(String name, ToSend load) {
    scenarios.add(new Scenario(name, Judged.CPU, load));
  }

  private static Load wrk(String scheme, int port, int seconds, Path script)
      throws IOException, InterruptedException {
    return Load.run(scheme, port, seconds, CONNECTIONS, LOAD_CORE, script);
  }

  private Path script(String name, String query, String field) throws IOException {
    var file = folder.resolve(name + ".lua");
    workload.writeScript(file, query, field);
    return file;
  }

  private Sample of(Scenario scenario, Candidate candidate)
      throws IOException, InterruptedException {
    Sending sending = () -> scenario.load().send(candidate, SECONDS);
    var process = Objects.requireNonNull(running.get(candidate));
    var sample = Measurement.of(candidate.name(), process, PROXY_CORE, sending);
    Bench.say(
        "%-44s %-40s %8.1f µs  %7d/s  p99 %.2f ms  errors %d  foreign %.1f %%"
            .formatted(
                scenario.name(),
                candidate.name(),
                sample.cpuNanosPerRequest() / 1000,
                sample.requests() / SECONDS,
                sample.p99Micros() / 1000.0,
                sample.errors(),
                100 * sample.foreignShare()));
    return sample;
  }

  private void write(int rounds, Path results) throws IOException {
    var table = new StringBuilder();
    double foreign = 0;
    for (var scenario : scenarios) {
      var ours = Objects.requireNonNull(ostiarySamples.get(scenario.name()));
      var theirs = Objects.requireNonNull(nginxSamples.get(scenario.name()));
      foreign = Math.max(foreign, Math.max(foreign(ours), foreign(theirs)));
      switch (scenario.judged()) {
        case CPU ->
            row(table, scenario.name(), "CPU µs", ours, theirs, s -> s.cpuNanosPerRequest() / 1000);
        case LATENCY -> {
          row(table, scenario.name(), "CPU µs", ours, theirs, s -> s.cpuNanosPerRequest() / 1000);
          row(table, scenario.name(), "p50 ms", ours, theirs, s -> s.p50Micros() / 1000.0);
          row(table, scenario.name(), "p99 ms", ours, theirs, s -> s.p99Micros() / 1000.0);
          row(table, scenario.name(), "p99.9 ms", ours, theirs, s -> s.p999Micros() / 1000.0);
        }
      }
    }
    var time =
        LocalDateTime.now(ZoneOffset.UTC).format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmm'Z'"));
    var text =
        """
        # Other protocols, larger bodies, fixed rate, %s

        `./ostiary bench protocols` with %d rounds of %d s. Both do the same work: %d routes,
        %d keys, a limit for each consumer, a record of each call; Ostiary with the kernel join.
        Proxies on core 0, load and upstream on core 1. CPU is per call (WebSocket: per frame there
        and back) and counts the whole process tree. Values are medians of the rounds (min-max); a
        ratio is taken within each round, and one below 1 is for Ostiary.

        | scenario | what | ostiary | nginx | ratio | won | ostiary/s | nginx/s | errors |
        |---|---|---|---|---|---|---|---|---|
        %s
        %s

        Host: %s, Linux %s, Java %s.
        """
            .formatted(
                time,
                rounds,
                SECONDS,
                workload.routes(),
                workload.keys().size(),
                table,
                foreign > Report.FOREIGN_SHARE_MAX
                    ? "No verdict: others used %.1f %% of the measured core (allowed: %.0f %%)."
                        .formatted(100 * foreign, 100 * Report.FOREIGN_SHARE_MAX)
                    : "Others used at most %.1f %% of the measured core.".formatted(100 * foreign),
                Bench.cpuModel(),
                System.getProperty("os.version"),
                Runtime.version());
    Files.createDirectories(results);
    var file = results.resolve(time + "-protocols.md");
    Files.writeString(file, text);
    Bench.say(text);
    Bench.say("written to " + file);
  }

  private static double foreign(List<Sample> samples) {
    return Report.median(samples.stream().map(Sample::foreignShare).toList());
  }

  private static void row(
      StringBuilder table,
      String scenario,
      String what,
      List<Sample> ours,
      List<Sample> theirs,
      ToDoubleFunction<Sample> value) {
    var ratios = new ArrayList<Double>();
    for (int i = 0; i < ours.size(); i++) {
      ratios.add(value.applyAsDouble(ours.get(i)) / value.applyAsDouble(theirs.get(i)));
    }
    table.append(
        "| %s | %s | %s | %s | %s | %d/%d | %.0f | %.0f | %d |%n"
            .formatted(
                scenario,
                what,
                Report.range(ours.stream().map(s -> value.applyAsDouble(s)).toList(), "%.1f"),
                Report.range(theirs.stream().map(s -> value.applyAsDouble(s)).toList(), "%.1f"),
                Report.range(ratios, "%.2f"),
                ratios.stream().filter(ratio -> ratio < 1).count(),
                ratios.size(),
                perSecond(ours),
                perSecond(theirs),
                ours.stream().mapToLong(Sample::errors).sum()
                    + theirs.stream().mapToLong(Sample::errors).sum()));
  }

  private static double perSecond(List<Sample> samples) {
    return Report.median(samples.stream().map(s -> s.requests() / (double) SECONDS).toList());
  }
}
