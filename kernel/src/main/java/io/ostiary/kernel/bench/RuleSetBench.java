package io.ostiary.kernel.bench;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.shield.BanAction;
import io.ostiary.kernel.shield.RuleSetSource;
import io.ostiary.kernel.shield.Shield;
import io.ostiary.model.Cidr;
import io.ostiary.model.CidrFile;
import io.ostiary.model.CidrList;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Match;
import io.ostiary.model.KernelRule.TcpFlags;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/// How long it takes until rules hold: a set of 100,000 blocks from the text of its file, one block
/// more or less in that file, of IPv4 and of IPv6, and a ban. The time ends when a packet would
/// meet it.
final class RuleSetBench {
  private static final int LOADS = 5;
  private static final int CHANGES = 101;
  private static final int APART_MILLIS = 30;
  private static final int REHEARSALS = 16;
  private static final int READ_BEFORE = 4;
  private static final Duration LASTS = Duration.ofMinutes(5);

  private final StringBuilder table = new StringBuilder();

  /// @return a table of Markdown
  static String measure(List<Cidr> blocks)
      throws LibbpfException, IOException, InterruptedException {
    var bench = new RuleSetBench();
    bench.table.append(
        """
        | what | median | worst | own CPU time | garbage | target | |
        |---|---:|---:|---:|---:|---:|---|
        """);
    bench.sets("IPv4", blocks, "203.0.113.%d");
    bench.sets("IPv6", six(blocks.size()), "2001:db8:ffff::%d");
    try (var shield = Shield.load()) {
      bench.row("a ban", bans(shield), 1);
    }
    return bench.table.toString();
  }

  private void sets(String family, List<Cidr> blocks, String more)
      throws LibbpfException, IOException, InterruptedException {
    var text = blocks.stream().map(Cidr::toString).collect(Collectors.joining("\n"));
    var loads = new Spent[LOADS];
    for (int i = 0; i < LOADS; i++) {
      try (var shield = Shield.load()) {
        loads[i] = timed(() -> PacketBench.install(shield, source(read(text))));
      }
    }
    row("a set of %,d blocks of %s, from its text".formatted(blocks.size(), family), loads, 1000);
    try (var shield = Shield.load()) {
      row("one block more or less in its file", changes(shield, text, more), 5);
    }
  }

  /// As a gateway does once it serves.
  private static void rehearse(Shield shield, CidrFile known, Path file)
      throws LibbpfException, IOException, InterruptedException {
    CidrFile.rehearse();
    for (int i = 0; i < READ_BEFORE; i++) {
      again(known, file);
    }
    for (int i = 0; i < REHEARSALS; i++) {
      shield.rehearse(i % 2 == 0);
      Thread.sleep(APART_MILLIS);
    }
  }

  private static List<Cidr> read(String text) {
    try {
      return CidrList.read("set", new BufferedReader(new StringReader(text))).blocks();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// As networks are given out: /32 to registries' members, /48 and /56 to their customers, and
  /// some single networks and hosts.
  private static List<Cidr> six(int count) throws IOException {
    int[] lengths = {32, 40, 48, 48, 48, 56, 64, 64, 128};
    var random = new Random(6);
    var blocks = new LinkedHashSet<Cidr>();
    while (blocks.size() < count) {
      int length = lengths[random.nextInt(lengths.length)];
      var address = new byte[16];
      random.nextBytes(address);
      address[0] = (byte) (0x20 + random.nextInt(16));
      Arrays.fill(address, (length + 7) / 8, address.length, (byte) 0);
      blocks.add(new Cidr(InetAddress.getByAddress(address), length));
    }
    return List.copyOf(blocks);
  }

  private interface Step {
    void run() throws LibbpfException;
  }

  /// @param cpuNanos of the thread alone, without the kernel's own threads: what it was on a busy
  ///   machine too
  /// @param bytes allocated: the sooner a collection comes, for which a change may have to wait
  private record Spent(long nanos, long cpuNanos, long bytes) {}

  private static Spent timed(Step step) throws LibbpfException {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long bytes = threads.getCurrentThreadAllocatedBytes();
    long cpu = threads.getCurrentThreadCpuTime();
    long start = System.nanoTime();
    step.run();
    return new Spent(
        System.nanoTime() - start,
        threads.getCurrentThreadCpuTime() - cpu,
        threads.getCurrentThreadAllocatedBytes() - bytes);
  }

  /// From the file, of which a gateway reads what has changed. Each by itself: of changes within 20
  /// ms, the later one waits for packets that may still read the tables before.
  private static Spent[] changes(Shield shield, String text, String more)
      throws LibbpfException, IOException, InterruptedException {
    var file = Files.createTempFile("ostiary-bench", ".txt");
    try {
      Files.writeString(file, text + "\n");
      long size = Files.size(file);
      var known = CidrFile.read("set", file);
      PacketBench.install(shield, source(known.list().blocks()));
      rehearse(shield, known, file);
      var times = new Spent[CHANGES];
      for (int i = 0; i < CHANGES; i++) {
        if (i % 2 == 0) {
          Files.writeString(file, more.formatted(i) + "\n", StandardOpenOption.APPEND);
        } else {
          try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(size);
          }
        }
        Thread.sleep(APART_MILLIS);
        times[i] = timed(() -> PacketBench.install(shield, source(again(known, file))));
      }
      return times;
    } finally {
      Files.delete(file);
    }
  }

  private static List<Cidr> again(CidrFile known, Path file) {
    try {
      return known.again("set", file).list().blocks();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
    var bytes = Arrays.stream(all).mapToLong(Spent::bytes).sorted().toArray();
    double median = nanos[nanos.length / 2] / 1e6;
    double worst = nanos[nanos.length - 1] / 1e6;
    double own = cpu[cpu.length / 2] / 1e6;
    double kilobytes = bytes[bytes.length / 2] / 1e3;
    var word = median <= targetMillis ? "met" : "**not met**";
    table.append(
        "| %s | %.2f ms | %.2f ms | %.2f ms | %,.0f KB | ≤ %,d ms | %s |\n"
            .formatted(what, median, worst, own, kilobytes, targetMillis, word));
    Commands.say(
        "%-46s %10.2f ms, at worst %.2f ms, own CPU time %.2f ms  ≤ %,d ms %s"
            .formatted(what, median, worst, own, targetMillis, word));
  }
}
