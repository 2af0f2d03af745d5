package io.ostiary.kernel.bench;

import io.ostiary.kernel.capture.CaptureFilter;
import io.ostiary.kernel.libbpf.ForeignProgram;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.TestRun;
import io.ostiary.kernel.shield.RuleSetSource;
import io.ostiary.kernel.shield.Shield;
import io.ostiary.kernel.stage.Stages;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Match;
import io.ostiary.model.KernelSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/// What a packet costs in the kernel: each program run on one TCP packet by BPF_PROG_TEST_RUN, many
/// times, the best of five. To be pinned to one core by its caller, as root, in a network namespace
/// of its own. Writes a Markdown file into the folder given.
public final class PacketBench {
  static final int CORE = 0;

  private static final int RUNS = 5;
  private static final int MANY = 100_000;
  private static final List<String> PACKETS =
      List.of("one, again and again", "sources of 2^16", "sources of all 2^32");

  /// 192.0.2.1, port 49152, to port 8080 of 198.18.0.1: an ACK, since SYNs by the million are a
  /// flood.
  static final byte[] PACKET =
      HexFormat.of()
          .parseHex(
              "0200000000010200000000020800"
                  + "450000280001000040060000c0000201c6120001"
                  + "c0001f9000000001000000015010200000000000");

  private final Figures figures;
  private final int repetitions;
  private final Path stages;
  private final ForeignShare share = new ForeignShare(CORE);
  private String ruleSets = "";

  private PacketBench(Figures figures, int repetitions, Path stages) {
    this.figures = figures;
    this.repetitions = repetitions;
    this.stages = stages;
  }

  /// @param args the folder for the result, the file of the baseline, a folder with the example
  ///   stage, how many thousand repetitions
  static void main(String[] args) throws Exception {
    var baseline = new Baseline(Path.of(args[1]));
    var figures = new Figures(baseline);
    int repetitions = Integer.parseInt(args[3]) * 1000;
    var bench = new PacketBench(figures, repetitions, Path.of(args[2]));
    bench.share.begin();
    bench.empty();
    bench.verdicts("classifier, limits, counters", Map.of("metering", 0), List.of(45, 140, 140));
    bench.verdicts("the same with metering", Map.of(), List.of(75, 170, 160));
    bench.capture();
    bench.stage();
    new ChainBench(figures, repetitions).run();
    bench.share.end();
    bench.ruleSets = RuleSetBench.measure(blocks(MANY));
    bench.xdpFilter();
    var time =
        LocalDateTime.now(ZoneOffset.UTC).format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmm'Z'"));
    var text = bench.report(time);
    var results = Files.createDirectories(Path.of(args[0]));
    var file = results.resolve(time + "-kernel.md");
    Files.writeString(file, text);
    Commands.say(text);
    Commands.say("written to " + file);
    boolean quiet = bench.share.isQuiet();
    if (quiet && !baseline.isKept()) {
      baseline.keep();
      Commands.say("kept as the baseline: " + args[1]);
    }
    System.exit(quiet && figures.isSlower() ? 1 : 0);
  }

  private void empty() throws LibbpfException, IOException, InterruptedException {
    try (var shield = Shield.load()) {
      figures.empty(best(shield, "empty"));
      figures.row("empty program, at tcx", "", "", best(shield, "empty_tcx"), null);
    }
  }

  /// @param targets for one packet, sources of 2^16, sources of all 2^32
  private void verdicts(String what, Map<String, Integer> constants, List<Integer> targets)
      throws LibbpfException, IOException, InterruptedException {
    for (int random = 0; random < PACKETS.size(); random++) {
      var all = new HashMap<>(constants);
      all.put("random_sources", random);
      try (var shield = Shield.load(all)) {
        for (int count : List.of(1, MANY)) {
          install(shield, rules(count));
          figures.row(
              what,
              "%,d".formatted(count),
              PACKETS.get(random),
              best(shield, "shield_xdp"),
              targets.get(random));
        }
        if (random == 0) {
          figures.row(
              what + ", at tcx",
              "%,d".formatted(MANY),
              PACKETS.get(0),
              best(shield, "shield_tcx"),
              targets.get(0));
        }
      } catch (IllegalArgumentException e) {
        figures.absent(what, "not in this build");
        return;
      }
    }
  }

  /// What the code costs while nothing captures, against a program without it; then with a capture
  /// of all packets that copies nothing, and one that copies 96 bytes.
  private void capture() throws LibbpfException, IOException, InterruptedException {
    double without;
    try (var shield = Shield.load(Map.of("capturing", 0))) {
      install(shield, rules(1));
      without = best(shield, "shield_xdp");
    }
    try (var shield = Shield.load()) {
      install(shield, rules(1));
      double off = best(shield, "shield_xdp");
      figures.difference("capture, off", without, off, 2);
      var first = shield.captures().start(CaptureFilter.all(0));
      figures.difference("capture, on, nothing copied", off, best(shield, "shield_xdp"), 70);
      first.ifPresent(shield.captures()::stop);
      shield.captures().start(CaptureFilter.all(96));
      figures.row(
          "capture, on, headers copied", "1", PACKETS.get(0), best(shield, "shield_xdp"), null);
    }
  }

  /// The example that ships: through the chain, with nothing to rewrite for this API.
  private void stage() throws LibbpfException, IOException, InterruptedException {
    try (var shield = Shield.load();
        var own = new Stages(shield, Clock.systemUTC())) {
      install(shield, rules(1));
      own.apply(new KernelSettings.Stages(stages, List.of()));
      if (own.list().isEmpty()) {
        figures.absent("a stage of one's own", "no object in " + stages);
        return;
      }
      figures.row(
          "the same, and a stage of one's own",
          "1",
          PACKETS.get(0),
          best(shield, "shield_xdp"),
          null);
    }
  }

  static void install(Shield shield, RuleSetSource source) throws LibbpfException {
    var problems = shield.install(source);
    if (!problems.isEmpty()) {
      throw new IllegalStateException(String.join("; ", problems));
    }
  }

  /// A deny list of single addresses and blocks, none of which holds the packet's source, and the
  /// two other kinds of rules.
  static RuleSetSource rules(int count) {
    return new RuleSetSource(
        List.of(
            new KernelRule.Deny(new Match(blocks(count), List.of(), Set.of())),
            new KernelRule.Limit(
                new Match(List.of(), List.of(new KernelRule.PortRange(8080, 8080)), Set.of()),
                100_000_000)),
        List.of(),
        List.of(),
        RuleSetSource.Sessions.NONE,
        false);
  }

  private static List<Cidr> blocks(int count) {
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
    return List.copyOf(cidrs);
  }

  private double best(Shield shield, String program) throws LibbpfException {
    return best(shield, shield.testRun(program), PACKET, repetitions);
  }

  static double best(Shield shield, TestRun run, byte[] packet, int repetitions)
      throws LibbpfException {
    int best = Integer.MAX_VALUE;
    for (int i = 0; i < RUNS; i++) {
      shield.beat();
      // Samples become as rare as they are under such a rate.
      shield.floods().tick(System.nanoTime());
      best = Math.min(best, run.run(packet, repetitions).nanos());
    }
    return best;
  }

  /// Debian's xdp-filter, on a veth pair of this namespace, with every feature and no rule.
  private void xdpFilter() throws IOException, InterruptedException {
    if (!Commands.there("xdp-filter") || !Commands.there("bpftool")) {
      figures.absent("xdp-filter", "not installed (Debian: xdp-tools, bpftool)");
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
          figures.row(
              "xdp-filter, " + (features.isEmpty() ? "all features" : "-f " + features),
              "0",
              PACKETS.get(0),
              bestOf(Commands.attachedProgram(device)),
              null);
        } finally {
          Commands.run("xdp-filter", "unload", device);
        }
      }
    } catch (IllegalStateException | LibbpfException e) {
      figures.absent("xdp-filter", String.valueOf(e.getMessage()));
    } finally {
      Commands.run("ip", "link", "del", device);
    }
  }

  private int bestOf(int programId) throws LibbpfException {
    try (var program = ForeignProgram.byId(programId)) {
      TestRun run = program.testRun();
      int best = Integer.MAX_VALUE;
      for (int i = 0; i < RUNS; i++) {
        best = Math.min(best, run.run(PACKET, repetitions).nanos());
      }
      return best;
    }
  }

  private String report(String time) throws IOException {
    return """
    # Nanoseconds per packet, %s

    `./ostiary bench kernel`: BPF_PROG_TEST_RUN with %,d repetitions of one TCP packet, the best
    of %d, pinned to one core. Each figure includes the harness, which is the first line; at tcx it
    is the second, because there, as on an interface, each packet's program is called through a
    pointer, which with retpolines also keeps a packet from beginning while the last one ends. Random
    sources include the time to draw them (about 14 ns); of 2^32, nearly every packet is a source
    and flow never seen. The rules: a deny list of so many CIDRs that holds no source of these, and
    a limit on the packet's port. Programs that rewrite their packet are run once for each packet:
    what such a run takes beyond one of a packet that passes is added to that packet's figure.

    %s
    %s

    How long until rules hold:

    %s
    xdp-filter is not the same thing: it knows exact addresses, ports and MAC addresses and no
    blocks, limits or flows; it is as Debian compiled it, has no rule, and its meter is a counter
    for each verdict.

    Host: %s, Linux %s.
    """
        .formatted(
            time,
            repetitions,
            RUNS,
            figures.table(),
            figures.verdict(share),
            ruleSets,
            Commands.processor(),
            System.getProperty("os.version"));
  }
}
