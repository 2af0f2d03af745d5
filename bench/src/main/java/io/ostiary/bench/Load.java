package io.ostiary.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/// One run of wrk on the load's core.
record Load(long requests, long errors, long p50Micros, long p99Micros) {
  private static final Pattern REQUESTS = Pattern.compile("(\\d+) requests in");
  private static final Pattern REFUSED = Pattern.compile("Non-2xx or 3xx responses: (\\d+)");
  private static final Pattern SOCKETS =
      Pattern.compile("Socket errors: connect (\\d+), read (\\d+), write (\\d+), timeout (\\d+)");
  private static final Pattern P50 = Pattern.compile("(?m)^\\s+50%\\s+([0-9.]+)(us|ms|s)");
  private static final Pattern P99 = Pattern.compile("(?m)^\\s+99%\\s+([0-9.]+)(us|ms|s)");

  static Load run(int port, int seconds, int connections, int core, Path script)
      throws IOException, InterruptedException {
    var command =
        List.of(
            "taskset",
            "-c",
            "" + core,
            "wrk",
            "-t1",
            "-c" + connections,
            "-d" + seconds + "s",
            "--latency",
            "-s",
            script.toString(),
            "http://127.0.0.1:" + port + "/");
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(seconds + 30L, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("wrk did not end " + (seconds + 30) + " s after its start");
    }
    long errors = number(REFUSED, output, 1);
    for (int i = 1; i <= 4; i++) {
      errors += number(SOCKETS, output, i);
    }
    long requests = number(REQUESTS, output, 1);
    if (requests == 0) {
      throw new IOException("wrk answered nothing:\n" + output);
    }
    return new Load(requests, errors, micros(P50, output), micros(P99, output));
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
