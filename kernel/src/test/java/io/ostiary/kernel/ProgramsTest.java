package io.ostiary.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.kernel.balance.Balancer;
import io.ostiary.kernel.balance.LoopSockets;
import io.ostiary.kernel.lens.Lens;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.shield.RuleSetSource;
import io.ostiary.kernel.shield.RuleSetSource.Sessions;
import io.ostiary.kernel.shield.Shield;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelMemory;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.Service;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// All programs together: their memory, and what the verifier makes of each.
///
/// `mvn -pl kernel -am test -Dtest=ProgramsTest -Dostiary.programs=write` writes the latter into
/// `docs/kernel/programs.txt`; without it, what is different is printed.
final class ProgramsTest {
  /// Half of what the kernel's verifier looks at before it gives up.
  private static final int VERIFIED_MAX = 500_000;

  private static final Path KEPT = Path.of("../docs/kernel/programs.txt");

  private Shield shield;
  private Lens lens;
  private LoopSockets loops;
  private Balancer balancer;

  @BeforeEach
  void load() throws Exception {
    try {
      shield = Shield.load();
    } catch (LibbpfException e) {
      Assumptions.assumeFalse(e.isRefused(), "needs root: " + e.getMessage());
      throw e;
    }
    loops = LoopSockets.load(2);
    lens = Lens.attach() instanceof Lens.Attached(var attached) ? attached : null;
    Assumptions.assumeTrue(lens != null, "the lens cannot be attached here");
    balancer = new Balancer(Set::of);
    assertThat(balancer.apply(List.of(service()), List.of())).isEmpty();
  }

  private static Service service() {
    return new Service(
        "web",
        "203.0.113.10",
        80,
        Service.Protocol.TCP,
        Service.Algorithm.LEAST_LOADED,
        List.of(new Service.Target("198.18.1.2", 8000, 1, false)),
        null,
        Duration.ZERO);
  }

  @AfterEach
  void close() {
    if (balancer != null) {
      balancer.close();
    }
    if (lens != null) {
      lens.close();
    }
    if (loops != null) {
      loops.close();
    }
    if (shield != null) {
      shield.close();
    }
  }

  private List<KernelStatus.Program> programs() {
    var all = new ArrayList<>(shield.status(true, ""));
    all.addAll(lens.programs());
    all.addAll(loops.programs());
    all.addAll(balancer.programs());
    return all;
  }

  @Test
  void haveTheirOwnDataInOurMemoryOnce() throws Exception {
    var before = Mapped.now();
    try (var another = Shield.load()) {
      assertThat(another.status(true, "")).isNotEmpty();
      var now = Mapped.now();
      assertThat(now.large() - before.large()).as("views of 3.8 MB").isLessThanOrEqualTo(1);
      assertThat(now.zeros() - before.zeros()).as("kB that libbpf keeps").isLessThan(1024);
    }
  }

  /// @param large views of maps with more than 3 MB
  /// @param zeros kB of memory that libbpf makes its own copy of data in
  private record Mapped(long large, long zeros) {
    private static Mapped now() throws Exception {
      long large = 0;
      long zeros = 0;
      var file = "";
      for (var line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
        if (line.startsWith("Rss:")) {
          long kilobytes = Long.parseLong(line.replaceAll("[^0-9]", ""));
          large += file.contains("bpf-map") && kilobytes > 3_000 && kilobytes < 4_000 ? 1 : 0;
          zeros += file.contains("/dev/zero") ? kilobytes : 0;
        } else if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
          file = line;
        }
      }
      return new Mapped(large, zeros);
    }
  }

  @Test
  void takeAtMost64MiBWithAHundredThousandBlocks() throws Exception {
    var random = new Random(11);
    var from = new HashSet<Cidr>();
    while (from.size() < 100_000) {
      from.add(block(random));
    }
    var match = new KernelRule.Match(List.copyOf(from), List.of(), Set.of());
    var source =
        new RuleSetSource(
            List.of(new KernelRule.Deny(match)), List.of(), List.of(), Sessions.NONE, false);
    assertThat(shield.install(source)).isEmpty();
    long bytes = KernelMemory.bytes(programs());
    assertThat(bytes)
        .as(KernelMemory.sentence(bytes) + " " + shield.status(true, ""))
        .isLessThanOrEqualTo(KernelMemory.BYTES_MAX);
  }

  /// Four of five are IPv4, a quarter of them single addresses.
  private static Cidr block(Random random) {
    int a = 1 + random.nextInt(220);
    int b = random.nextInt(256);
    int c = random.nextInt(256);
    return switch (random.nextInt(5)) {
      case 0 -> Cidr.parse("2001:db8:%x:%x::/64".formatted(a * 256 + b, random.nextInt(65_536)));
      case 1 -> Cidr.parse("%d.%d.%d.%d/32".formatted(a, b, c, random.nextInt(256)));
      default -> Cidr.parse("%d.%d.%d.0/24".formatted(a, b, c));
    };
  }

  @Test
  void staysWellWithinWhatTheVerifierTakes() throws Exception {
    var lines = new TreeSet<String>();
    for (var program : programs()) {
      assertThat(program.verified()).as(program.name()).isBetween(1, VERIFIED_MAX);
      lines.add(
          "%-20s %-26s %5d instructions %7d verified %6d bytes of machine code"
              .formatted(
                  program.name(),
                  program.hook(),
                  program.instructions(),
                  program.verified(),
                  program.machineBytes()));
    }
    var logs = shield.verifierLogs();
    assertThat(logs.get("shield_xdp")).contains("processed ").contains("stack depth ");
    if ("write".equals(System.getProperty("ostiary.programs"))) {
      var head = "# Linux " + System.getProperty("os.version") + ", " + clang() + "\n";
      Files.writeString(KEPT, head + String.join("\n", lines) + "\n");
    }
    var kept = new TreeSet<>(Files.readAllLines(KEPT));
    lines.stream().filter(line -> !kept.contains(line)).forEach(line -> show("now", line));
    kept.removeIf(line -> line.startsWith("#") || lines.contains(line));
    kept.forEach(line -> show("kept", line));
  }

  private static void show(String when, String line) {
    System.out.printf("docs/kernel/programs.txt, %-4s: %s%n", when, line);
  }

  private static String clang() throws Exception {
    var process = new ProcessBuilder("clang", "--version").start();
    try (var out = process.inputReader()) {
      return out.readLine();
    }
  }
}
