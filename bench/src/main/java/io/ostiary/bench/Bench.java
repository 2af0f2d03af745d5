package io.ostiary.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// `./ostiary bench`: proxies on core 0, load and upstream on core 1, short interleaved rounds, all
/// rounds kept. See `docs/benchmarks.md` for how to read the result.
public final class Bench {
  static final int SECONDS_OF_ROUND = 3;

  private static final int PROXY_CORE = 0;
  private static final int LOAD_CORE = 1;
  private static final int UPSTREAM_PORT = 19_000;
  private static final int BODY_BYTES = 101;
  private static final int CONNECTIONS = 64;

  private final Path folder;
  private final Race race;
  private final Workload workload;
  private final Starter starter;
  private final Map<String, List<Sample>> samples = new LinkedHashMap<>();

  /// @param reference what all are compared with
  /// @param judged what is compared with each of `without`, by name
  /// @param costMax how much more it may cost than the first of those
  private record Race(
      String part,
      int routes,
      int keys,
      List<Candidate> candidates,
      String reference,
      String judged,
      List<String> without,
      double costMax) {
    /// Against nginx and HAProxy that do the same, and what each part of the kernel side costs.
    private static Race gateway() {
      var nginx = new Nginx(true, 18_001);
      var off = new Ostiary(true, Ostiary.Kernel.OFF, 18_011, 19_011);
      var join = new Ostiary(true, Ostiary.Kernel.JOIN, 18_011, 19_011);
      var everything = new Ostiary(true, Ostiary.Kernel.EVERYTHING, 18_011, 19_011);
      return new Race(
          "gateway",
          1000,
          10_000,
          List.of(
              nginx,
              new Nginx(false, 18_002),
              new HaProxy(true, 18_003),
              new Ostiary(false, Ostiary.Kernel.OFF, 18_013, 19_013),
              off,
              join,
              everything),
          nginx.name(),
          everything.name(),
          List.of(join.name(), off.name()),
          1.03);
    }

    /// Against the gateway that most who write Java know, and what keys and limits cost where there
    /// are a hundred.
    private static Race spring() {
      var spring = new Spring(18_021);
      var bare = new Ostiary(false, Ostiary.Kernel.OFF, 18_013, 19_013);
      var featured = new Ostiary(true, Ostiary.Kernel.OFF, 18_011, 19_011);
      return new Race(
          "spring",
          100,
          100,
          List.of(spring, bare, featured),
          spring.name(),
          featured.name(),
          List.of(bare.name()),
          1.08);
    }
  }

  private Bench(Path folder, Race race) {
    this.folder = folder;
    this.race = race;
    workload = Workload.of(race.routes, race.keys);
    starter = new Starter(folder, workload, UPSTREAM_PORT, BODY_BYTES);
  }

  /// Arguments: the number of rounds, the upstream's program, the results' folder, and `spring` for
  /// the other race.
  public static void main(String[] args) throws IOException, InterruptedException {
    int rounds = Integer.parseInt(args[0]);
    var folder = Files.createTempDirectory("ostiary-bench");
    boolean other = args.length > 3 && args[3].equals("spring");
    var bench = new Bench(folder, other ? Race.spring() : Race.gateway());
    try {
      bench.run(rounds, Path.of(args[1]), Path.of(args[2]));
    } finally {
      bench.starter.close();
    }
  }

  private void run(int rounds, Path upstream, Path results)
      throws IOException, InterruptedException {
    var script = folder.resolve("load.lua");
    workload.writeScript(script);
    starter.upstream(upstream.toString(), "" + LOAD_CORE);
    var started = new HashMap<Integer, Running>();
    for (var candidate : race.candidates) {
      if (!started.containsKey(candidate.port())) {
        started.put(candidate.port(), starter.launch(candidate, "" + PROXY_CORE));
      }
    }
    WarmUp.of(
        "all of them, in rounds",
        seconds ->
            round(
                started.keySet(),
                to -> Load.run(to.port(), seconds, CONNECTIONS, LOAD_CORE, script)));
    for (int i = 1; i <= rounds; i++) {
      int number = i;
      round(
          started.keySet(),
          to -> measure(number, to, Objects.requireNonNull(started.get(to.port())), script));
    }
    write(results, rounds);
  }

  /// What is done to each candidate in its turn.
  @FunctionalInterface
  private interface Step {
    void of(Candidate candidate) throws IOException, InterruptedException;
  }

  /// All candidates one after the other, each brought into its state before. Programs on the
  /// loopback interface would cost every candidate: a round begins without them.
  private void round(Set<Integer> ports, Step step) throws IOException, InterruptedException {
    for (int port : ports) {
      off(port);
    }
    for (var candidate : race.candidates) {
      candidate.before(starter.folderOf(candidate), workload);
      step.of(candidate);
    }
  }

  /// The first candidate of a process is the one without a kernel side.
  private void off(int port) throws IOException, InterruptedException {
    for (var candidate : race.candidates) {
      if (candidate.port() == port) {
        candidate.before(starter.folderOf(candidate), workload);
        return;
      }
    }
  }

  private void measure(int round, Candidate candidate, Running process, Path script)
      throws IOException, InterruptedException {
    var sample =
        Measurement.of(
            candidate.name(),
            process,
            PROXY_CORE,
            () -> Load.run(candidate.port(), SECONDS_OF_ROUND, CONNECTIONS, LOAD_CORE, script));
    samples.computeIfAbsent(candidate.name(), name -> new ArrayList<>()).add(sample);
    say(
        "round %d  %-42s %6.1f µs  %6d/s  foreign %.1f %%"
            .formatted(
                round,
                candidate.name(),
                sample.cpuNanosPerRequest() / 1000,
                sample.requests() / SECONDS_OF_ROUND,
                100 * sample.foreignShare()));
  }

  private void write(Path results, int rounds) throws IOException {
    var report = new Report(samples, race.reference, race.judged, race.without, race.costMax);
    var time =
        LocalDateTime.now(java.time.ZoneOffset.UTC)
            .format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmm'Z'"));
    var text =
        """
        # CPU per request, %s

        `./ostiary bench %s` with %d rounds of %d s; %d connections on one load core, proxies pinned to one
        core; %d routes, %d keys; GET with a %d-byte answer over HTTP/1.1; upstream on the load's core.
        CPU is the scheduler's count over the whole process tree (JIT and GC included).

        %s
        Host: %s, Linux %s, Java %s.
        """
            .formatted(
                time,
                race.part,
                rounds,
                SECONDS_OF_ROUND,
                CONNECTIONS,
                workload.routes(),
                workload.keys().size(),
                BODY_BYTES,
                report.markdown(),
                cpuModel(),
                System.getProperty("os.version"),
                Runtime.version());
    Files.createDirectories(results);
    var file = results.resolve(time + "-" + race.part + ".md");
    Files.writeString(file, text);
    say(text);
    say("written to " + file);
  }

  static String cpuModel() throws IOException {
    return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("unknown");
  }

  @SuppressWarnings("SystemOut")
  static void say(String text) {
    System.out.println(text);
  }
}
