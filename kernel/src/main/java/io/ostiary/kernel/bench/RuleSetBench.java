package io.ostiary.kernel.bench;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.shield.BanAction;
import io.ostiary.kernel.shield.RuleSetSource;
import io.ostiary.kernel.shield.Shield;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Match;
import io.ostiary.model.KernelRule.TcpFlags;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// How long it takes until rules hold: a set of 100,000 blocks from nothing, one block more, and a
/// ban. The time ends when a packet would meet it.
final class RuleSetBench {
  private static final int LOADS = 5;
  private static final int CHANGES = 101;
  private static final int APART_MILLIS = 30;
  private static final Duration LASTS = Duration.ofMinutes(5);

  private final StringBuilder table = new StringBuilder();

  /// @return a table of Markdown
  static String measure(List<Cidr> blocks)
      throws LibbpfException, IOException, InterruptedException {
    var bench = new RuleSetBench();
    bench.table.append(
        "| what | median | worst | own CPU time | target | |\n|---|---:|---:|---:|---:|---|\n");
    var loads = new Spent[LOADS];
    for (int i = 0; i < LOADS; i++) {
      try (var shield = Shield.load()) {
        loads[i] = timed(() -> PacketBench.install(shield, source(blocks)));
      }
    }
    bench.row("a set of %,d blocks, from nothing".formatted(blocks.size()), loads, 1000);
    try (var shield = Shield.load()) {
      PacketBench.install(shield, source(blocks));
      bench.row("one block more or less in it", changes(shield, blocks), 5);
      bench.row("a ban", bans(shield), 1);
    }
    return bench.table.toString();
  }

  private interface Step {
    void run() throws LibbpfException;
  }

  /// @param cpuNanos of the thread alone, without the kernel's own threads: what it was on a busy
  ///   machine too
  private record Spent(long nanos, long cpuNanos) {}

  private static Spent timed(Step step) throws LibbpfException {
    var threads = ManagementFactory.getThreadMXBean();
    long cpu = threads.getCurrentThreadCpuTime();
    long start = System.nanoTime();
    step.run();
    return new Spent(System.nanoTime() - start, threads.getCurrentThreadCpuTime() - cpu);
  }

  /// Each by itself: of changes within 20 ms, the later one waits for packets that may still read
  /// the tables before.
  private static Spent[] changes(Shield shield, List<Cidr> blocks)
      throws LibbpfException, IOException, InterruptedException {
    var times = new Spent[CHANGES];
    for (int i = 0; i < CHANGES; i++) {
      var changed = new ArrayList<>(blocks);
      if (i % 2 == 0) {
        changed.add(Cidr.parse("203.0.113." + i));
      }
      Thread.sleep(APART_MILLIS);
      times[i] = timed(() -> PacketBench.install(shield, source(changed)));
    }
    return times;
  }

  private static Spent[] bans(Shield shield) throws LibbpfException {
    var times = new Spent[CHANGES];
    for (int i = 0; i < CHANGES; i++) {
      var source = Cidr.parse("203.0.113." + i);
      times[i] =
          timed(() -> {
            var problems = shield.ban(source, LASTS, new BanAction.Deny());
            if (!problems.isEmpty()) {
              throw new IllegalStateException(String.join("; ", problems));
            }
          });
    }
    return times;
  }

  private static RuleSetSource source(List<Cidr> blocks) {
    var match =
        new Match(
            List.of(),
            List.of("list"),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            Set.of(),
            TcpFlags.ANY,
            Set.of(),
            Set.of(),
            Set.of());
    return new RuleSetSource(
        List.of(new KernelRule.Deny(match)),
        Map.of("list", blocks),
        List.of(),
        List.of(),
        RuleSetSource.Sessions.NONE,
        false);
  }

  private void row(String what, Spent[] all, int targetMillis) {
    var nanos = Arrays.stream(all).mapToLong(Spent::nanos).sorted().toArray();
    var cpu = Arrays.stream(all).mapToLong(Spent::cpuNanos).sorted().toArray();
    double median = nanos[nanos.length / 2] / 1e6;
    double worst = nanos[nanos.length - 1] / 1e6;
    double own = cpu[cpu.length / 2] / 1e6;
    var word = median <= targetMillis ? "met" : "**not met**";
    table.append(
        "| %s | %.2f ms | %.2f ms | %.2f ms | ≤ %,d ms | %s |\n"
            .formatted(what, median, worst, own, targetMillis, word));
    Commands.say(
        "%-46s %10.2f ms, at worst %.2f ms, own CPU time %.2f ms  ≤ %,d ms %s"
            .formatted(what, median, worst, own, targetMillis, word));
  }
}
