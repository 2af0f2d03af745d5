package io.ostiary.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;

/// `./ostiary bench start`: how long it takes from the start of the command, as a user gives it, to
/// the first answer that came through the proxy, on one core; and how much memory it has at rest.
/// The first start of each makes its files and is not counted.
public final class StartBench {
  private static final int PROXY_CORE = 0;
  private static final int LOAD_CORE = 1;
  private static final int UPSTREAM_PORT = 19_000;
  private static final int BODY_BYTES = 101;
  private static final int TARGET_MILLIS = 600;
  private static final int TARGET_MB = 150;
  private static final int PATIENCE_MILLIS = 20_000;

  private final Path folder;
  private final int starts;
  private final long restMillis;
  private final Workload workload = Workload.of(1, 1);

  /// @param firstMillis to the first answer, one a start
  /// @param residentMb at rest, of the last start
  private record Seen(List<Double> firstMillis, double residentMb) {}

  private StartBench(Path folder, int starts, long restMillis) {
    this.folder = folder;
    this.starts = starts;
    this.restMillis = restMillis;
  }

  /// Arguments: how many starts are counted, the upstream's program, the results' folder.
  public static void main(String[] args) throws IOException, InterruptedException {
    var folder = Files.createTempDirectory("ostiary-start");
    long rest = 1000L * Integer.getInteger("rest", 20);
    var bench = new StartBench(folder, Integer.parseInt(args[0]), rest);
    var command = List.of(args[1], "" + UPSTREAM_PORT, "" + BODY_BYTES);
    try (var upstream = Running.start("upstream", command, LOAD_CORE, folder.resolve("up.log"))) {
      upstream.awaitPort(UPSTREAM_PORT, folder.resolve("up.log"));
      bench.run(Path.of(args[2]));
    }
  }

  private void run(Path results) throws IOException, InterruptedException {
    var candidates =
        List.of(
            new Nginx(false, 18_002),
            new Ostiary(false, Ostiary.Kernel.OFF, 18_013, 19_013),
            new Ostiary(false, Ostiary.Kernel.JOIN, 18_014, 19_014));
    var rows = new StringBuilder();
    for (var candidate : candidates) {
      var seen = starts(candidate);
      var line =
          "| %s | %s | %.0f |"
              .formatted(candidate.name(), Report.range(seen.firstMillis, "%.0f"), seen.residentMb);
      Bench.say(line + verdict(candidate, seen));
      rows.append(line).append(verdict(candidate, seen)).append('\n');
    }
    write(results, rows.toString());
  }

  private static String verdict(Candidate candidate, Seen seen) {
    if (candidate instanceof Nginx) {
      return " |";
    }
    return " %s, %s |"
        .formatted(
            Report.median(seen.firstMillis) <= TARGET_MILLIS ? "met" : "**not met**",
            seen.residentMb <= TARGET_MB ? "met" : "**not met**");
  }

  private Seen starts(Candidate candidate) throws IOException, InterruptedException {
    var own = Files.createDirectories(folder.resolve("port-" + candidate.port()));
    var command = candidate.prepare(own, workload, UPSTREAM_PORT);
    var millis = new ArrayList<Double>();
    double resident = 0;
    for (int i = 0; i <= starts; i++) {
      var log = own.resolve("start.log");
      long began = System.nanoTime();
      try (var process = Running.start(candidate.name(), command, PROXY_CORE, log)) {
        awaitAnswer(candidate.port(), began, log);
        double first = (System.nanoTime() - began) / 1e6;
        if (i > 0) {
          millis.add(first);
        }
        Thread.sleep(i == starts ? restMillis : 2000);
        resident = Cpu.residentOfTree(process.process().pid()) / 1e6;
      }
    }
    return new Seen(millis, resident);
  }

  /// Asks every two milliseconds.
  private void awaitAnswer(int port, long began, Path log)
      throws IOException, InterruptedException {
    while (System.nanoTime() - began < PATIENCE_MILLIS * 1_000_000L) {
      if (answers(port)) {
        return;
      }
      Thread.sleep(2);
    }
    throw new IOException("no answer at port " + port + ":\n" + Files.readString(log));
  }

  private static boolean answers(int port) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 2000);
      socket.setSoTimeout(2000);
      var request = "GET /route-0/orders HTTP/1.1\r\nHost: bench.test\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      var answer = new String(socket.getInputStream().readNBytes(12), StandardCharsets.ISO_8859_1);
      return answer.equals("HTTP/1.1 200");
    } catch (IOException e) {
      return false; // It does not listen yet.
    }
  }

  private void write(Path results, String rows) throws IOException {
    var time =
        LocalDateTime.now(ZoneOffset.UTC).format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmm'Z'"));
    var text =
        """
        # From exec to the first proxied call, %s

        `./ostiary bench start %d`: the command as a user gives it, pinned to one core, with its start-up cache and a
        data folder that is there; until a GET through it is answered with 200. RSS %d s after the last start.

        | candidate | ms, median (min-max) | RSS MB at rest | target: at most %d ms, %d MB |
        |---|---|---|---|
        %s
        Host: %s, Linux %s, Java %s.
        """
            .formatted(
                time,
                starts,
                restMillis / 1000,
                TARGET_MILLIS,
                TARGET_MB,
                rows,
                Bench.cpuModel(),
                System.getProperty("os.version"),
                Runtime.version());
    var file = Files.createDirectories(results).resolve(time + "-start.md");
    Files.writeString(file, text);
    Bench.say(text + "\nwritten to " + file);
  }
}
