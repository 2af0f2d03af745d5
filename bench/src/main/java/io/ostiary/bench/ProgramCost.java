package io.ostiary.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// `./ostiary bench programs`: what each eBPF program of Ostiary costs a proxied call, by the
/// kernel's own count (`kernel.bpf_stats_enabled`) of how often each ran and how long that took.
///
/// The kernel reads its clock before and after each run, which is in the figures; they are for
/// comparing programs with each other. What all of it costs a call is told by `bench gateway`,
/// where nothing is counted.
public final class ProgramCost {
  private static final Path STATISTICS = Path.of("/proc/sys/kernel/bpf_stats_enabled");
  private static final Pattern PROGRAM =
      Pattern.compile("\\{\"id\":(\\d+),\"type\":\"\\w+\",\"name\":\"(\\w+)\"[^}]*?\\}");
  private static final Pattern NANOS = Pattern.compile("\"run_time_ns\":(\\d+)");
  private static final Pattern RUNS = Pattern.compile("\"run_cnt\":(\\d+)");
  private static final int PROXY_CORE = 0;
  private static final int LOAD_CORE = 1;
  private static final int PORT = 18_031;
  private static final int CONTROL = 19_031;
  private static final int UPSTREAM_PORT = 19_000;
  private static final int CONNECTIONS = 64;
  private static final int SECONDS = Integer.getInteger("seconds", 10);

  /// Of one program, or the sum of several with one name.
  private record Runs(long count, long nanos) {
    Runs plus(Runs other) {
      return new Runs(count + other.count, nanos + other.nanos);
    }

    Runs minus(Runs other) {
      return new Runs(count - other.count, nanos - other.nanos);
    }
  }

  private ProgramCost() {}

  /// Arguments: the upstream's program, the results' folder.
  public static void main(String[] args) throws IOException, InterruptedException {
    var folder = Files.createTempDirectory("ostiary-programs");
    var before = Files.readString(STATISTICS);
    var others = programs().keySet();
    var log = folder.resolve("upstream.log");
    var upstream = List.of(args[0], "" + UPSTREAM_PORT, "101");
    try (var target = Running.start("upstream", upstream, LOAD_CORE, log)) {
      target.awaitPort(UPSTREAM_PORT, log);
      Files.writeString(STATISTICS, "1");
      write(Path.of(args[1]), measure(folder, others));
    } finally {
      Files.writeString(STATISTICS, before);
    }
  }

  private static String measure(Path folder, Set<Long> others)
      throws IOException, InterruptedException {
    var workload = Workload.of(1000, 1000);
    var script = folder.resolve("load.lua");
    workload.writeScript(script);
    var states =
        List.of(
            new Ostiary(true, Ostiary.Kernel.JOIN, PORT, CONTROL),
            new Ostiary(true, Ostiary.Kernel.EVERYTHING, PORT, CONTROL));
    var command = states.getFirst().prepare(folder, workload, UPSTREAM_PORT);
    var log = folder.resolve("ostiary.log");
    var tables = new StringBuilder();
    try (var gateway = Running.start("ostiary", command, PROXY_CORE, log)) {
      gateway.awaitPort(PORT, log);
      states.getFirst().ready(folder, workload);
      for (var state : states) {
        state.before(folder, workload);
        Load.run(PORT, SECONDS, CONNECTIONS, LOAD_CORE, script);
        var start = byName(others);
        var load = Load.run(PORT, SECONDS, CONNECTIONS, LOAD_CORE, script);
        tables.append(table(state.name(), load, start, byName(others)));
      }
    }
    return tables.toString();
  }

  private static String table(
      String state, Load load, Map<String, Runs> before, Map<String, Runs> after) {
    var rows = new ArrayList<Map.Entry<String, Runs>>();
    after.forEach((name, runs) ->
        rows.add(Map.entry(name, runs.minus(before.getOrDefault(name, new Runs(0, 0))))));
    rows.removeIf(row -> row.getValue().count * 1000 < load.requests());
    rows.sort(Comparator.comparingLong(row -> -row.getValue().nanos));
    var text =
        new StringBuilder(
            """

            ## %s

            %,d calls, %d of them failed.

            | program | runs per call | ns per run | ns per call |
            |---|---:|---:|---:|
            """
                .formatted(state, load.requests(), load.errors()));
    double calls = load.requests();
    double sum = 0;
    for (var row : rows) {
      var runs = row.getValue();
      sum += runs.nanos / calls;
      text.append(
          "| `%s` | %.2f | %.0f | %.0f |\n"
              .formatted(
                  row.getKey(),
                  runs.count / calls,
                  runs.nanos / (double) runs.count,
                  runs.nanos / calls));
    }
    return text.append("| all | | | %.0f |\n".formatted(sum)).toString();
  }

  /// @param others programs that were there before, by id
  private static Map<String, Runs> byName(Set<Long> others)
      throws IOException, InterruptedException {
    var sums = new TreeMap<String, Runs>();
    programs()
        .forEach((id, named) -> {
          if (!others.contains(id)) {
            sums.merge(named.getKey(), named.getValue(), Runs::plus);
          }
        });
    return sums;
  }

  private static Map<Long, Map.Entry<String, Runs>> programs()
      throws IOException, InterruptedException {
    var process =
        new ProcessBuilder("bpftool", "-j", "prog", "show")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException("bpftool prog show: " + process.exitValue() + " (expected: 0)");
    }
    return PROGRAM
        .matcher(text)
        .results()
        .collect(
            Collectors.toMap(
                found -> Long.valueOf(found.group(1)),
                found ->
                    Map.entry(
                        found.group(2),
                        new Runs(number(RUNS, found.group()), number(NANOS, found.group())))));
  }

  private static long number(Pattern pattern, String text) {
    var found = pattern.matcher(text);
    return found.find() ? Long.parseLong(found.group(1)) : 0;
  }

  private static void write(Path results, String tables) throws IOException {
    var time =
        LocalDateTime.now(ZoneOffset.UTC).format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmm'Z'"));
    var text =
        """
        # What each program costs a proxied call, %s

        `./ostiary bench programs`: GET with a 101-byte answer over loopback, %d connections kept, 1000
        routes, 1000 keys, for %d s; the gateway on core 0, load and upstream on core 1. Counted by the
        kernel (`kernel.bpf_stats_enabled`); each run includes that it reads its clock twice. A
        program behind a tail call is part of the one that called it. Programs that ran for less than
        one of a thousand calls are left out.
        %s
        Host: %s, Linux %s.
        """
            .formatted(
                time,
                CONNECTIONS,
                SECONDS,
                tables,
                Bench.cpuModel(),
                System.getProperty("os.version"));
    var file = Files.createDirectories(results).resolve(time + "-programs.md");
    Files.writeString(file, text);
    Bench.say(text);
    Bench.say("written to " + file);
  }
}
