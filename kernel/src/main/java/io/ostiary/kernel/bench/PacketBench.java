package io.ostiary.kernel.bench;

import io.ostiary.kernel.libbpf.ForeignProgram;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.TestRun;
import io.ostiary.kernel.shield.RuleSetSource;
import io.ostiary.kernel.shield.Shield;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Match;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// What a packet costs in the kernel: each program run a million times on one TCP packet by
/// BPF_PROG_TEST_RUN, the best of five. To be pinned to one core by its caller, as root, in a
/// network namespace of its own. Writes a Markdown file into the folder given.
public final class PacketBench {
  private static final int REPETITIONS = 1_000_000;
  private static final int RUNS = 5;
  private static final int MANY = 100_000;

  /// 192.0.2.1, port 49152, to port 8080 of 198.18.0.1: a SYN.
  private static final byte[] PACKET =
      HexFormat.of()
          .parseHex(
              "0200000000010200000000020800"
                  + "450000280001000040060000c0000201c6120001"
                  + "c0001f9000000001000000005002200000000000");

  private final StringBuilder table = new StringBuilder();

  private PacketBench() {}

  /// @param args the folder for the result
  static void main(String[] args) throws Exception {
    var bench = new PacketBench();
    bench.shield();
    bench.xdpFilter();
    var time =
        LocalDateTime.now(ZoneOffset.UTC).format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmm'Z'"));
    var text = bench.report(time);
    var results = Files.createDirectories(Path.of(args[0]));
    var file = results.resolve(time + "-kernel.md");
    Files.writeString(file, text);
    say(text);
    say("written to " + file);
  }

  private void shield() throws LibbpfException, IOException, InterruptedException {
    var names = List.of("one packet, again and again", "sources of 2^16", "sources of all 2^32");
    for (int random = 0; random < names.size(); random++) {
      try (var shield = Shield.load(random)) {
        if (random == 0) {
          row("empty program", "", "", best(shield, "empty"));
        }
        for (int count : List.of(1, MANY)) {
          var problems = shield.install(rules(count));
          if (!problems.isEmpty()) {
            throw new IllegalStateException(String.join("; ", problems));
          }
          for (var program : List.of("shield_xdp", "shield_tcx")) {
            row(program, "%,d".formatted(count), names.get(random), best(shield, program));
          }
        }
      }
    }
  }

  /// A deny list of single addresses and blocks, none of which holds the packet's source, and the
  /// two other kinds of rules.
  private static RuleSetSource rules(int count) {
    var random = new Random(5);
    var cidrs = new HashSet<Cidr>();
    while (cidrs.size() < count) {
      int first = 1 + random.nextInt(190);
      int second = random.nextInt(256);
      int third = random.nextInt(256);
      cidrs.add(
          random.nextInt(4) == 0
              ? Cidr.parse("%d.%d.%d.0/24".formatted(first, second, third))
              : Cidr.parse("%d.%d.%d.%d".formatted(first, second, third, random.nextInt(256))));
    }
    return new RuleSetSource(
        List.of(
            new KernelRule.Deny(new Match(List.copyOf(cidrs), List.of(), Set.of())),
            new KernelRule.Limit(
                new Match(List.of(), List.of(new KernelRule.PortRange(8080, 8080)), Set.of()),
                100_000_000)),
        List.of(),
        List.of(),
        RuleSetSource.Sessions.NONE,
        false);
  }

  private static int best(Shield shield, String program) throws LibbpfException {
    var run = shield.testRun(program);
    int best = Integer.MAX_VALUE;
    for (int i = 0; i < RUNS; i++) {
      shield.beat();
      best = Math.min(best, run.run(PACKET, REPETITIONS).nanos());
    }
    return best;
  }

  /// Debian's xdp-filter, on a veth pair of this namespace, with every feature and no rule.
  private void xdpFilter() throws IOException, InterruptedException {
    if (!Commands.there("xdp-filter") || !Commands.there("bpftool")) {
      table.append("| xdp-filter | | not installed (Debian: xdp-tools, bpftool) | |\n");
      return;
    }
    var device = "ostbench0";
    Commands.run("ip", "link", "add", device, "type", "veth", "peer", "name", "ostbench1");
    try {
      for (var features : List.of("", "ipv4", "tcp")) {
        var command = new ArrayList<>(List.of("xdp-filter", "load", device, "-m", "skb"));
        if (!features.isEmpty()) {
          command.addAll(List.of("-f", features));
        }
        Commands.run(command.toArray(String[]::new));
        try {
          row(
              "xdp-filter, " + (features.isEmpty() ? "all features" : "-f " + features),
              "0",
              "one packet, again and again",
              bestOf(Commands.attachedProgram(device)));
        } finally {
          Commands.run("xdp-filter", "unload", device);
        }
      }
    } catch (IllegalStateException | LibbpfException e) {
      table.append("| xdp-filter | | ").append(e.getMessage()).append(" | |\n");
    } finally {
      Commands.run("ip", "link", "del", device);
    }
  }

  private static int bestOf(int programId) throws LibbpfException {
    try (var program = ForeignProgram.byId(programId)) {
      TestRun run = program.testRun();
      int best = Integer.MAX_VALUE;
      for (int i = 0; i < RUNS; i++) {
        best = Math.min(best, run.run(PACKET, REPETITIONS).nanos());
      }
      return best;
    }
  }

  private void row(String program, String cidrs, String sources, int nanos) {
    table.append("| %s | %s | %s | %d |\n".formatted(program, cidrs, sources, nanos));
    say("%-28s %8s CIDRs  %-28s %4d ns".formatted(program, cidrs, sources, nanos));
  }

  private String report(String time) throws IOException {
    return """
    # Nanoseconds per packet, %s

    `./ostiary bench kernel`: BPF_PROG_TEST_RUN with %,d repetitions of one TCP packet, the best
    of %d, pinned to one core. Each figure includes the harness, which is the first line.
    `shield_*` is verdict and meter together: VLAN, IPv4, IPv6, a deny list, a limit on the
    packet's port, counters, sources, flows. Random sources include the time to draw them (about
    14 ns), and nearly every packet is a source and flow never seen. Goals: 70 ns for one packet,
    160 ns for random sources, whatever the number of CIDRs.

    | program | CIDRs | sources | ns |
    |---|---:|---|---:|
    %s
    xdp-filter is not the same thing: it knows exact addresses, ports and MAC addresses and no
    blocks, limits or flows; it is as Debian compiled it, has no rule, and its meter is a counter
    for each verdict.

    Host: %s, Linux %s, load before it ran %s.
    """
        .formatted(
            time,
            REPETITIONS,
            RUNS,
            table,
            Commands.processor(),
            System.getProperty("os.version"),
            Files.readString(Path.of("/proc/loadavg")).split(" ")[0]);
  }

  @SuppressWarnings("SystemOut")
  private static void say(String text) {
    System.out.println(text);
  }
}
