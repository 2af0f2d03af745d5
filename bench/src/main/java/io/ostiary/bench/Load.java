package io.ostiary.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/// One run of a load on its core: of wrk, h2load or our own WebSocket clients.
///
/// @param p999Micros 0 where the load does not tell
record Load(long requests, long errors, long p50Micros, long p99Micros, long p999Micros) {
  private static final Pattern H2_DONE =
      Pattern.compile("requests: \\d+ total, \\d+ started, (\\d+) done");
  private static final Pattern H2_OK = Pattern.compile("status codes: (\\d+) 2xx");
  private static final Pattern REQUESTS = Pattern.compile("(\\d+) requests in");
  private static final Pattern REFUSED = Pattern.compile("Non-2xx or 3xx responses: (\\d+)");
  private static final Pattern SOCKETS =
      Pattern.compile("Socket errors: connect (\\d+), read (\\d+), write (\\d+), timeout (\\d+)");
  private static final Pattern P50 = Pattern.compile("(?m)^\\s+50%\\s+([0-9.]+)(us|ms|s)");
  private static final Pattern P99 = Pattern.compile("(?m)^\\s+99%\\s+([0-9.]+)(us|ms|s)");

  static Load run(int port, int seconds, int connections, int core, Path script)
      throws IOException, InterruptedException {
    return run("http", port, seconds, connections, core, script);
  }

  /// @param scheme http or https
  static Load run(String scheme, int port, int seconds, int connections, int core, Path script)
      throws IOException, InterruptedException {
    var output =
        output(
            seconds,
            core,
            List.of(
                "wrk",
                "-t1",
                "-c" + connections,
                "-d" + seconds + "s",
                "--latency",
                "-s",
                script.toString(),
                scheme + "://127.0.0.1:" + port + "/"));
    long errors = number(REFUSED, output, 1);
    for (int i = 1; i <= 4; i++) {
      errors += number(SOCKETS, output, i);
    }
    long requests = number(REQUESTS, output, 1);
    if (requests == 0) {
      throw new IOException("wrk answered nothing:\n" + output);
    }
    return new Load(requests, errors, micros(P50, output), micros(P99, output), 0);
  }

  /// HTTP/2 by prior knowledge: `clients` connections with `streams` requests in flight each.
  static Load http2(
      int port, int seconds, int clients, int streams, int core, Path targets, String field)
      throws IOException, InterruptedException {
    var output =
        output(
            seconds,
            core,
            List.of(
                "h2load",
                "-c" + clients,
                "-m" + streams,
                "-D" + seconds,
                "-B",
                "http://127.0.0.1:" + port,
                "-H",
                field,
                "-i",
                targets.toString()));
    return h2load(output);
  }

  /// HTTP/1.1 at a fixed rate, with the time of each request.
  static Load atRate(
      int port, int seconds, int clients, int rate, int core, Path targets, String field, Path log)
      throws IOException, InterruptedException {
    Files.deleteIfExists(log);
    var output =
        output(
            seconds,
            core,
            List.of(
                "h2load",
                "--h1",
                "-c" + clients,
                "--rps=" + rate / clients,
                "-D" + seconds,
                "-B",
                "http://127.0.0.1:" + port,
                "-H",
                field,
                "-i",
                targets.toString(),
                "--log-file=" + log));
    var all = h2load(output);
    var micros =
        Files.readAllLines(log).stream()
            .mapToLong(line -> Long.parseLong(line.split("\t")[2]))
            .sorted()
            .toArray();
    return new Load(
        all.requests(),
        all.errors(),
        micros[micros.length / 2],
        micros[(int) (micros.length * 0.99)],
        micros[(int) (micros.length * 0.999)]);
  }

  private static Load h2load(String output) throws IOException {
    long done = number(H2_DONE, output, 1);
    long answered = number(H2_OK, output, 1);
    if (done == 0) {
      throw new IOException("h2load answered nothing:\n" + output);
    }
    return new Load(done, Math.max(0, done - answered), 0, 0, 0);
  }

  /// Small text frames over WebSocket, each sent when the one before came back.
  static Load webSocket(
      Path program, int port, int seconds, int connections, int core, String field)
      throws IOException, InterruptedException {
    var output =
        output(
            seconds,
            core,
            List.of(
                program.toString(),
                "load",
                "" + port,
                "/ws",
                "" + connections,
                "" + seconds,
                field));
    var numbers = output.strip().split(" ");
    if (numbers.length != 2 || numbers[0].equals("0")) {
      throw new IOException("nothing came back over WebSocket: " + output);
    }
    return new Load(Long.parseLong(numbers[0]), Long.parseLong(numbers[1]), 0, 0, 0);
  }

  private static String output(int seconds, int core, List<String> command)
      throws IOException, InterruptedException {
    var pinned = new ArrayList<>(List.of("taskset", "-c", "" + core));
    pinned.addAll(command);
    var process = new ProcessBuilder(pinned).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(seconds + 30L, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException(command.getFirst() + " did not end in " + (seconds + 30) + " s");
    }
    return output;
  }

  private static long number(Pattern pattern, String text, int group) {
    var found = pattern.matcher(text);
    return found.find() ? Long.parseLong(found.group(group)) : 0;
  }

  private static long micros(Pattern pattern, String text) {
    var found = pattern.matcher(text);
    if (!found.find()) {
      return 0;
    }
    double scale =
        switch (found.group(2)) {
          case "us" -> 1;
          case "ms" -> 1000;
          default -> 1_000_000;
        };
    return Math.round(Double.parseDouble(found.group(1)) * scale);
  }
}
