package io.ostiary.kernel.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/// How many packets a second one core refuses, and what it has left for a client meanwhile:
/// Ostiary, xdp-filter and nftables with the same rule, in turns, on a veth pair. The sender and
/// wrk run on core 0; the kernel's receiving thread and the HTTP server on core 1.
///
/// To be run as root in the namespace of the receiver, whose interface is `gate` with 198.18.0.1;
/// `user`, its other end, is in the namespace of the sender.
public final class DropBench implements AutoCloseable {
  private static final int SENDING_CORE = 0;
  private static final int RECEIVING_CORE = 1;
  private static final int HTTP_PORT = 8080;
  private static final int CONNECTIONS = 16;
  private static final Pattern REQUESTS = Pattern.compile("Requests/sec:\\s+([0-9.]+)");
  private static final List<Refuser> REFUSERS =
      List.of(
          Refuser.CEILING,
          Refuser.READER,
          Refuser.OSTIARY,
          Refuser.XDP_FILTER,
          Refuser.XDP_FILTER_UDP,
          Refuser.NFT_INGRESS,
          Refuser.NFT_INPUT);

  /// @param nanos of the receiving core for each packet
  private record Drop(double rate, double nanos) {}

  private record Left(double alone, double flooded) {}

  private final String sender;
  private final Process flooder;
  private final BufferedReader answers;
  private final Process server;
  private final int rounds;
  private final double seconds;
  private final Map<Refuser, List<Drop>> drops = new LinkedHashMap<>();
  private final Map<Refuser, List<Left>> left = new LinkedHashMap<>();
  private long measured;
  private long foreign;

  private DropBench(String sender, Path upstream, int rounds, double seconds)
      throws IOException, InterruptedException {
    this.sender = sender;
    this.rounds = rounds;
    this.seconds = seconds;
    var address = Files.readString(Path.of("/sys/class/net", Refuser.DEVICE, "address")).strip();
    flooder =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                sender,
                "taskset",
                "-c",
                "" + SENDING_CORE,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "io.ostiary.kernel.bench.Flooder",
                "user",
                address)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    answers = flooder.inputReader(StandardCharsets.UTF_8);
    server =
        new ProcessBuilder(
                "taskset",
                "-c",
                "" + RECEIVING_CORE,
                upstream.toString(),
                "" + HTTP_PORT,
                "101",
                "any")
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    answer("ready");
  }

  /// @param args the folder for the result, the namespace of the sender, the HTTP server, rounds,
  ///   seconds of each measurement, packets a second of the flood beside the client
  static void main(String[] args) throws Exception {
    try (var bench =
        new DropBench(
            args[1], Path.of(args[2]), Integer.parseInt(args[3]), Double.parseDouble(args[4]))) {
      long rate = Long.parseLong(args[5]);
      for (int round = 1; round <= bench.rounds; round++) {
        for (var refuser : REFUSERS) {
          bench.drop(refuser);
        }
      }
      for (int round = 1; round <= bench.rounds; round++) {
        for (var refuser : REFUSERS.subList(2, REFUSERS.size())) {
          bench.beside(refuser, rate);
        }
        bench.beside(Refuser.NOTHING, rate);
      }
      var time =
          LocalDateTime.now(ZoneOffset.UTC)
              .format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmm'Z'"));
      var text = bench.report(time, rate);
      var file = Files.createDirectories(Path.of(args[0])).resolve(time + "-drops.md");
      Files.writeString(file, text);
      Commands.say(text);
      Commands.say("written to " + file);
    }
  }

  private String answer(String expected) throws IOException {
    var line = answers.readLine();
    if (line == null || !line.startsWith(expected)) {
      throw new IOException("the sender said: " + line + " (expected: " + expected + ")");
    }
    return line;
  }

  private void tell(double duration, long rate) throws IOException {
    flooder
        .getOutputStream()
        .write((duration + " " + rate + "\n").getBytes(StandardCharsets.UTF_8));
    flooder.getOutputStream().flush();
  }

  /// As many as the sender can.
  private void drop(Refuser refuser) throws Exception {
    try (var _ = refuser.start()) {
      long receiver = Core.receiver(Refuser.DEVICE, RECEIVING_CORE);
      tell(0.2, 0);
      answer("sent");
      long packets = received();
      long nanos = Core.ofThread(receiver);
      long busy = Core.busy(RECEIVING_CORE);
      long start = System.nanoTime();
      tell(seconds, 0);
      answer("sent");
      double wall = System.nanoTime() - start;
      packets = received() - packets;
      nanos = Core.ofThread(receiver) - nanos;
      measured += (long) wall;
      foreign += Math.max(0, Core.busy(RECEIVING_CORE) - busy - nanos);
      var drop = new Drop(packets * 1e9 / wall, nanos / (double) Math.max(1, packets));
      drops.computeIfAbsent(refuser, key -> new ArrayList<>()).add(drop);
      Commands.say(
          "%-32s %,10.0f packets/s refused, %5.0f ns of the core each, thus %,10.0f/s"
              .formatted(refuser.name(), drop.rate, drop.nanos, 1e9 / drop.nanos));
    }
  }

  /// Packets that came in, whatever became of them.
  private static long received() throws IOException {
    var file = Path.of("/sys/class/net", Refuser.DEVICE, "statistics", "rx_packets");
    return Long.parseLong(Files.readString(file).strip());
  }

  private void beside(Refuser refuser, long rate) throws Exception {
    try (var _ = refuser.start()) {
      Core.receiver(Refuser.DEVICE, RECEIVING_CORE);
      double alone = requests();
      tell(seconds + 1, rate);
      Thread.sleep(300);
      double flooded = requests();
      answer("sent");
      left.computeIfAbsent(refuser, key -> new ArrayList<>()).add(new Left(alone, flooded));
      Commands.say(
          "%-32s %,8.0f requests/s alone, %,8.0f beside the flood"
              .formatted(refuser.name(), alone, flooded));
    }
  }

  private double requests() throws IOException, InterruptedException {
    var said =
        Commands.run(
            "ip",
            "netns",
            "exec",
            sender,
            "taskset",
            "-c",
            "" + SENDING_CORE,
            "wrk",
            "-t1",
            "-c" + CONNECTIONS,
            "-d" + Math.max(1, Math.round(seconds)) + "s",
            "--timeout",
            "5s",
            "http://198.18.0.1:" + HTTP_PORT + "/");
    var found = REQUESTS.matcher(said);
    return found.find() ? Double.parseDouble(found.group(1)) : 0;
  }

  private double nanos(Refuser refuser) {
    return median(drops.getOrDefault(refuser, List.of()).stream().map(Drop::nanos).toList());
  }

  private static double median(List<Double> values) {
    var sorted = values.stream().sorted().toList();
    return sorted.isEmpty() ? Double.NaN : sorted.get(sorted.size() / 2);
  }

  private String verdict() {
    double share = measured == 0 ? 0 : foreign / (double) measured;
    var sentence =
        "Others used %.1f %% of the receiving core while packets were refused"
            .formatted(100 * share);
    if (share > ForeignShare.MAX) {
      return sentence + " (allowed: %.0f %%): no verdict.".formatted(100 * ForeignShare.MAX);
    }
    double ours = nanos(Refuser.OSTIARY);
    double filter = nanos(Refuser.XDP_FILTER) / ours;
    double udp = nanos(Refuser.XDP_FILTER_UDP) / ours;
    double tables = Math.min(nanos(Refuser.NFT_INGRESS), nanos(Refuser.NFT_INPUT)) / ours;
    return sentence
        + """
        .

        - Ostiary refuses %.2f times as many packets on one core as xdp-filter as it is loaded where nothing else is said (target: at least 1.00): %s
        - %.2f times as many as xdp-filter told that it will refuse nothing but UDP ports (-f udp): %s
        - %.2f times as many as nftables at its faster hook (target: at least 3.00): %s
        - The harness itself takes %.0f ns of each packet, %.0f with its headers read: nothing that looks at packets could refuse more than %.2f times as many as nftables here
        """
            .formatted(
                filter,
                met(filter, 1),
                udp,
                udp >= 1 ? "more" : "fewer",
                tables,
                met(tables, 3),
                nanos(Refuser.CEILING),
                nanos(Refuser.READER),
                tables * ours / nanos(Refuser.READER));
  }

  private static String met(double ratio, double target) {
    return ratio >= target ? "met" : "**not met**";
  }

  private String report(String time, long rate) throws IOException {
    var rows = new StringBuilder();
    drops.forEach((refuser, all) -> {
      double nanos = nanos(refuser);
      rows.append(
          "| %s | %,.0f | %.0f | %,.0f |\n"
              .formatted(
                  refuser.name(),
                  median(all.stream().map(Drop::rate).toList()),
                  nanos,
                  1e9 / nanos));
    });
    var clients = new StringBuilder();
    left.forEach((refuser, all) -> {
      double alone = median(all.stream().map(Left::alone).toList());
      double flooded = median(all.stream().map(Left::flooded).toList());
      clients.append(
          "| %s | %,.0f | %,.0f | %.0f %% |\n"
              .formatted(refuser.name(), alone, flooded, 100 * flooded / alone));
    });
    return """
    # Packets refused on one core, %s

    `./ostiary bench kernel`: UDP packets of 60 bytes to port 9999 from 65,536 sources over a veth
    pair; the rule of each candidate: drop UDP to that port. Median of %d rounds of %.1f s, in
    turns. The sender has core 0, the kernel's receiving thread core 1; what that thread used for
    each packet, veth's own work included, gives how many one core refuses. Ostiary runs as for a
    user: it counts by rule, verdict and interface, samples sources, estimates their number and
    keeps the last seconds of packets; the others count packets by verdict (xdp-filter) or nothing
    (nftables).

    | candidate | packets/s refused | ns of the core each | packets/s of a whole core |
    |---|---:|---:|---:|
    %s
    %s

    ## What is left for a client

    wrk with %d connections asks an HTTP server on the receiving core, first alone, then while
    %,d packets a second are refused on the same core.

    | candidate | requests/s alone | beside the flood | kept |
    |---|---:|---:|---:|
    %s
    Host: %s, Linux %s.
    """
        .formatted(
            time,
            rounds,
            seconds,
            rows,
            verdict(),
            CONNECTIONS,
            rate,
            clients,
            Commands.processor(),
            System.getProperty("os.version"));
  }

  @Override
  public void close() {
    for (var process : List.of(flooder, server)) {
      process.destroyForcibly();
      process.onExit().orTimeout(5, TimeUnit.SECONDS).join();
    }
  }
}
