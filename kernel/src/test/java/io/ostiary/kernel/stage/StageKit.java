package io.ostiary.kernel.stage;

import io.ostiary.kernel.Tool;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.shield.RuleSetSource;
import io.ostiary.kernel.shield.Shield;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.KernelSettings.StageNumber;
import io.ostiary.model.KernelStage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/// A shield, a folder of stages beside it, and a compiler for what is put there.
final class StageKit implements AutoCloseable {
  static final int XDP_DROP = 1;
  static final int XDP_PASS = 2;
  static final int TCX_DROP = 2;

  /// TCP from 192.0.2.1, port 49152, to port 8080 of 198.18.0.1, with a right IPv4 checksum.
  static final byte[] PACKET =
      HexFormat.of()
          .parseHex(
              "0200000000010200000000020800"
                  + "45000028000100004006f2bac0000201c6120001"
                  + "c0001f9000000001000000005002200000000000");

  private static final String HEADER = "#include \"ostiary_stage.h\"\n";
  private static final String LICENSE = "char LICENSE[] SEC(\"license\") = \"Dual BSD/GPL\";\n";

  final Shield shield;
  final Stages stages;
  final Path folder;
  private final Path work;

  private StageKit(Shield shield, Path temporary) throws Exception {
    this.shield = shield;
    folder = Files.createDirectories(temporary.resolve("stages"));
    work = Files.createDirectories(temporary.resolve("work"));
    // Long after every file was written: all of them are quiet.
    var later = Instant.now().plus(Duration.ofHours(1));
    stages = new Stages(shield, Clock.fixed(later, ZoneOffset.UTC));
    install();
    numbers();
    shield.beat();
  }

  /// Skips the test with a sentence where this process may not load programs.
  static StageKit open(Path temporary) throws Exception {
    try {
      return new StageKit(Shield.load(), temporary);
    } catch (LibbpfException e) {
      if (e.isRefused()) {
        Assumptions.abort("needs root: " + e.getMessage());
      }
      throw e;
    }
  }

  void install(String... management) throws Exception {
    var spared = List.of(management).stream().map(Cidr::parse).toList();
    shield.install(
        new RuleSetSource(List.of(), List.of(), spared, RuleSetSource.Sessions.NONE, false));
  }

  void numbers(StageNumber... numbers) {
    stages.apply(new KernelSettings.Stages(folder, List.of(numbers)));
  }

  /// Compiles, and moves the object into the folder, as users do.
  KernelStage put(String name, String code) throws Exception {
    var source = work.resolve(name + ".bpf.c");
    Files.writeString(source, HEADER + code + LICENSE);
    Files.move(
        compile(source),
        folder.resolve(name + StageFile.SUFFIX),
        StandardCopyOption.REPLACE_EXISTING);
    stages.look();
    return stage(name);
  }

  Path compile(Path source) throws Exception {
    var object = Files.createTempFile(work, "stage", ".o");
    var headers = Path.of("src/main/bpf").toAbsolutePath().toString();
    var architecture = System.getProperty("os.arch").equals("amd64") ? "x86_64" : "aarch64";
    var command =
        "clang -O2 -g -target bpf -mcpu=v3 -Wall -Werror -I%s -I/usr/include/%s-linux-gnu -c %s -o %s"
            .formatted(headers, architecture, source, object);
    Tool.run(command.split(" "));
    return object;
  }

  KernelStage stage(String name) {
    return stages.list().stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow();
  }

  int xdp() throws LibbpfException {
    return shield.testRun("shield_xdp").run(PACKET, 1).verdict();
  }

  int tcx() throws LibbpfException {
    return shield.testRun("shield_tcx").run(PACKET, 1).verdict();
  }

  /// Of the loopback interface, on which test runs count.
  long dropped(String reason) throws LibbpfException {
    return shield.counters(1).drops().stream()
        .filter(drop -> drop.reason().equals(reason))
        .mapToLong(drop -> drop.packets())
        .sum();
  }

  long passed() throws LibbpfException {
    return shield.counters(1).passedPackets();
  }

  @Override
  public void close() {
    stages.close();
    shield.close();
  }
}
