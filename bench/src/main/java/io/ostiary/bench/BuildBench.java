package io.ostiary.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// `./ostiary bench builds HOME...`: several builds of Ostiary beside nginx, in interleaved rounds,
/// to tell what a change brings. Nothing is judged and no report is kept; the first build is what
/// the others are divided by.
public final class BuildBench {
  private static final int PROXY_CORE = 0;
  private static final int LOAD_CORE = 1;
  private static final int UPSTREAM_PORT = 19_000;
  private static final int ECHO_PORT = 19_001;
  private static final int BODY_BYTES = 101;
  private static final int CONNECTIONS = Integer.getInteger("connections", 64);
  private static final int SECONDS = Integer.getInteger("seconds", Bench.SECONDS_OF_ROUND);
  private static final int RATE = 20_000;

  private final Path folder = Files.createTempDirectory("ostiary-builds");
  private final Workload workload = Workload.of(1000, 10_000);
  private final Starter starter = new Starter(folder, workload, UPSTREAM_PORT, BODY_BYTES);
  private final List<Candidate> candidates = new ArrayList<>();
  private final Map<Candidate, Running> running = new LinkedHashMap<>();
  private final Map<Candidate, List<Sample>> samples = new LinkedHashMap<>();
  private final Map<Candidate, List<Map<Threads.Group, Double>>> threads = new LinkedHashMap<>();
  private final Path tools;
  private final Sent sent;

  /// What is sent.
  private enum Sent {
    CALLS,
    RATE,
    WEBSOCKET
  }

  private BuildBench(Path tools, Sent sent, Ostiary.Kernel kernel, String[] homes)
      throws IOException, InterruptedException {
    this.tools = tools;
    this.sent = sent;
    var protocols = sent == Sent.WEBSOCKET ? Protocols.make(folder, ECHO_PORT) : null;
    candidates.add(new Nginx(true, 18_201, protocols));
    for (int i = 0; i < homes.length; i++) {
      var home = Path.of(homes[i]).toAbsolutePath().normalize();
      int port = 18_211 + 10 * i;
      var ostiary = new Ostiary(true, kernel, port, port + 1000, 1, protocols);
      candidates.add(new Build((char) ('A' + i) + " " + home.getFileName(), home, ostiary));
    }
  }

  /// Arguments: the number of rounds, the folder of compiled tools, what is sent (`calls`, `rate`
  /// or `websocket`), the kernel side (`off`, `join` or `everything`), and the builds' folders.
  public static void main(String[] args) throws IOException, InterruptedException {
    var homes = Arrays.copyOfRange(args, 4, args.length);
    var sent = Sent.valueOf(args[2].toUpperCase(Locale.ROOT));
    var kernel = Ostiary.Kernel.valueOf(args[3].toUpperCase(Locale.ROOT));
    var bench = new BuildBench(Path.of(args[1]), sent, kernel, homes);
    try {
      bench.run(Integer.parseInt(args[0]));
    } finally {
      bench.starter.close();
    }
  }

  private void run(int rounds) throws IOException, InterruptedException {
    workload.writeScript(folder.resolve("load.lua"));
    workload.writeTargets(folder.resolve("targets"));
    starter.upstream(tools.resolve("upstream").toString(), "" + LOAD_CORE);
    if (sent == Sent.WEBSOCKET) {
      var echo = List.of(tools.resolve("websocket").toString(), "echo", "" + ECHO_PORT);
      starter.start("websocket", echo, "" + LOAD_CORE, ECHO_PORT);
    }
    for (var candidate : candidates) {
      running.put(candidate, starter.launch(candidate, "" + PROXY_CORE));
    }
    WarmUp.of("all of them, in rounds", this::warmUp);
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < candidates.size(); i++) {
        measure(candidates.get((i + round) % candidates.size()));
      }
    }
    candidates.forEach(this::tell);
  }

  private void warmUp(int seconds) throws IOException, InterruptedException {
    for (var candidate : candidates) {
      turn(candidate);
      send(candidate, seconds);
    }
  }

  /// Programs on the loopback interface would cost every candidate: only one has them at a time.
  private void turn(Candidate next) throws IOException, InterruptedException {
    for (var candidate : candidates) {
      if (candidate instanceof Build build && !build.equals(next)) {
        build.rest(starter.folderOf(build), workload);
      }
    }
    next.before(starter.folderOf(next), workload);
  }

  private Load send(Candidate to, int seconds) throws IOException, InterruptedException {
    var script = folder.resolve("load.lua");
    return switch (sent) {
      case CALLS -> Load.run(to.port(), seconds, CONNECTIONS, LOAD_CORE, script);
      case RATE ->
          Load.atRate(
              to.port(),
              seconds,
              CONNECTIONS,
              RATE,
              LOAD_CORE,
              folder.resolve("targets"),
              workload.field(),
              folder.resolve("times"));
      case WEBSOCKET -> {
        var program = tools.resolve("websocket");
        yield Load.webSocket(program, to.port(), seconds, CONNECTIONS, LOAD_CORE, workload.field());
      }
    };
  }

  private void measure(Candidate candidate) throws IOException, InterruptedException {
    turn(candidate);
    var process = Objects.requireNonNull(running.get(candidate));
    long pid = process.process().pid();
    var before = Threads.of(pid);
    var sample =
        Measurement.of(candidate.name(), process, PROXY_CORE, () -> send(candidate, SECONDS));
    double calls = (double) sample.requests() + sample.errors();
    var used =
        Threads.of(pid).entrySet().stream()
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey,
                    e -> (e.getValue() - before.getOrDefault(e.getKey(), 0L)) / calls / 1000));
    samples.computeIfAbsent(candidate, c -> new ArrayList<>()).add(sample);
    threads.computeIfAbsent(candidate, c -> new ArrayList<>()).add(used);
    Bench.say(
        "%-24s %6.2f µs  %6d/s  p99 %.2f ms  foreign %.1f %%  errors %d%s"
            .formatted(
                candidate.name(),
                sample.cpuNanosPerRequest() / 1000,
                sample.requests() / SECONDS,
                sample.p99Micros() / 1000.0,
                100 * sample.foreignShare(),
                sample.errors(),
                candidate instanceof Build ? words(List.of(used), "%.2f") : ""));
  }

  private void tell(Candidate candidate) {
    var own = Objects.requireNonNull(samples.get(candidate));
    var text = new StringBuilder("\n" + candidate.name() + ":");
    text.append(" µs a call ").append(range(own.stream().map(s -> s.cpuNanosPerRequest() / 1000)));
    for (var other : candidates.subList(0, 2)) {
      text.append("; ÷ ").append(other.name()).append(' ');
      var others = Objects.requireNonNull(samples.get(other));
      var ratios = new ArrayList<Double>();
      for (int i = 0; i < own.size(); i++) {
        ratios.add(own.get(i).cpuNanosPerRequest() / others.get(i).cpuNanosPerRequest());
      }
      text.append(range(ratios.stream()));
    }
    text.append("; p99 ms ").append(range(own.stream().map(s -> s.p99Micros() / 1000.0)));
    text.append("; RSS MB %.0f".formatted(own.getLast().residentBytes() / 1e6));
    if (candidate instanceof Build) {
      var used = Objects.requireNonNull(threads.get(candidate));
      var first = Objects.requireNonNull(threads.get(candidates.get(1)));
      text.append("\n  loop ÷ ").append(candidates.get(1).name()).append("'s ");
      text.append(
          range(IntStream.range(0, used.size()).mapToObj(i -> loop(used, i) / loop(first, i))));
      text.append("; µs a call of the threads:").append(words(used, "%.2f"));
    }
    Bench.say(text.toString());
  }

  private static double loop(List<Map<Threads.Group, Double>> of, int round) {
    return of.get(round).getOrDefault(Threads.Group.LOOP, Double.NaN);
  }

  private static String range(Stream<Double> values) {
    return Report.range(values.toList(), "%.2f");
  }

  private static String words(List<Map<Threads.Group, Double>> rounds, String format) {
    var text = new StringBuilder();
    for (var group : Threads.Group.values()) {
      var values = rounds.stream().map(round -> round.getOrDefault(group, 0.0)).toList();
      var numbers =
          values.size() == 1 ? format.formatted(values.getFirst()) : Report.range(values, format);
      text.append("  ").append(group.word()).append(' ').append(numbers);
    }
    return text.toString();
  }
}
