package io.ostiary.kernel;

import static io.ostiary.kernel.KernelHosts.HTTP_4;
import static io.ostiary.kernel.KernelHosts.HTTP_6;
import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.kernel.KernelHosts.Child;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Captures on a cable between two hosts, with real traffic, read by the tools that everybody uses.
final class CaptureWireTest {
  @TempDir Path folder;
  private KernelHosts hosts;
  private Child child;

  @BeforeEach
  void connect() throws Exception {
    for (var command :
        new String[] {"ip", "curl", "python3", "hping3", "tcpdump", "tshark", "capinfos"}) {
      Assumptions.assumeTrue(
          Stream.of("/usr/bin", "/usr/sbin", "/sbin", "/bin")
              .anyMatch(at -> Files.isExecutable(Path.of(at, command))),
          command + ": not installed");
    }
    Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    hosts = new KernelHosts();
    child = hosts.child("io.ostiary.kernel.CaptureChild");
  }

  @AfterEach
  void disconnect() throws Exception {
    if (hosts != null) {
      hosts.close();
    }
  }

  /// Without a warning of any reader.
  private List<String> fields(Path file, String... names) {
    var info = Tool.execute("capinfos", "-M", file.toString());
    assertThat(info.code()).as(info.output()).isZero();
    var command = Stream.builder();
    for (var word : List.of("tshark", "-n", "-r", file.toString(), "-T", "fields")) {
      command.add(word);
    }
    for (var name : names) {
      command.add("-e").add(name);
    }
    var read = Tool.execute(command.build().map(String::valueOf).toArray(String[]::new));
    assertThat(read.code()).as(read.output()).isZero();
    return read.output()
        .lines()
        .filter(line -> !line.startsWith("Running as user \"root\""))
        .toList();
  }

  private Path written(String id) throws Exception {
    var file = folder.resolve(id + "-out.pcapng");
    assertThat(child.ask("write " + id + " " + file)).isEqualTo("written");
    return file;
  }

  @Test
  void takesThePassedPacketsThatTcpdumpSeesByteForByte() throws Exception {
    assertThat(child.ask("open " + folder.resolve("c") + " keep 0")).isEqualTo("opened");
    var other = folder.resolve("tcpdump.pcap");
    var tcpdump =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                hosts.gateway,
                "tcpdump",
                "-i",
                "gate",
                "--immediate-mode",
                "-U",
                "-Z",
                "root",
                "-s",
                "0",
                "-w",
                other.toString(),
                "port",
                "8080")
            .redirectErrorStream(true)
            .start();
    try (var said = tcpdump.inputReader()) {
      assertThat(said.readLine()).contains("listening on gate");
      var id = child.ask("start ALL 65535 8080 100000 false");
      assertThat(hosts.reachable(HTTP_4)).isTrue();
      assertThat(hosts.reachable(HTTP_6)).isTrue();
      Thread.sleep(300);
      assertThat(child.ask("stop " + id)).startsWith("COMPLETE").contains("lost=0");
      tcpdump.destroy();
      tcpdump.waitFor();
      var ours = frames(written(id));
      var theirs = frames(other);
      assertThat(theirs).hasSizeGreaterThan(16);
      assertThat(ours).containsExactlyInAnyOrderElementsOf(theirs);
    } finally {
      tcpdump.destroyForcibly();
    }
  }

  private List<String> frames(Path file) {
    var frames = fields(file, "frame.len", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags");
    var bytes = Tool.run("tshark", "-n", "-r", file.toString(), "-x").split("\n\n");
    assertThat(bytes.length).isGreaterThanOrEqualTo(frames.size());
    return Stream.of(bytes).filter(text -> text.contains("0000  ")).map(String::strip).toList();
  }

  @Test
  void showsWhatWasDroppedWithTheVerdictInWords() throws Exception {
    assertThat(child.ask("open " + folder.resolve("c") + " cut 0 198.18.0.2/32"))
        .isEqualTo("opened");
    var id = child.ask("start DROPPED 2048 0 5 false");
    datagrams(8, 100);
    hosts.reachable(HTTP_6);
    await("show " + id, "COMPLETE packets=5");
    var file = written(id);
    assertThat(fields(file, "frame.comment", "udp.dstport", "frame.cap_len", "frame.len"))
        .hasSize(5)
        .allMatch(line -> line.startsWith("dropped: deny-rule") && line.endsWith("\t9\t42\t142"));
    assertThat(Tool.run("capinfos", file.toString()))
        .contains("Interface #0 info", "Name = gate", "Time precision = nanoseconds (9)")
        .contains("dropped");
  }

  @Test
  void beginsWithTheLastSecondsAndCutsBodies() throws Exception {
    assertThat(child.ask("open " + folder.resolve("c") + " cut 5")).isEqualTo("opened");
    assertThat(hosts.reachable(HTTP_4)).isTrue();
    var id = child.ask("start ALL 2048 8080 10000 true");
    hosts.clientRuns("curl", "-s", "-o", "/dev/null", "-H", "Authorization: secret-token", HTTP_4);
    Thread.sleep(300);
    assertThat(child.ask("stop " + id)).startsWith("COMPLETE");
    var lines = fields(written(id), "frame.comment", "tcp.flags.syn", "http.authorization");
    var before = lines.stream().filter(line -> line.startsWith("from before")).toList();
    assertThat(before).hasSizeGreaterThanOrEqualTo(3);
    assertThat(lines.size()).isGreaterThan(before.size() + 6);
    var text = Files.readString(written(id), StandardCharsets.ISO_8859_1);
    assertThat(text).contains("Authorization:*").doesNotContain("secret").doesNotContain("<html");
  }

  /// The last seconds are kept with 128 bytes of each packet.
  @Test
  void takesNoMoreOfAPacketThanItWasAskedForWhereOthersWantMore() throws Exception {
    assertThat(child.ask("open " + folder.resolve("c") + " keep 5")).isEqualTo("opened");
    var id = child.ask("start ALL 70 8080 10000 true");
    assertThat(hosts.reachable(HTTP_4)).isTrue();
    Thread.sleep(300);
    assertThat(child.ask("stop " + id)).startsWith("COMPLETE");
    var lengths = fields(written(id), "frame.cap_len", "frame.len");
    assertThat(lengths).anyMatch(line -> line.matches("70\\t\\d{3,}"));
    assertThat(lengths).allMatch(line -> Integer.parseInt(line.split("\t")[0]) <= 70);
  }

  @Test
  void endsBeforeTheDiskIsFullAndKeepsWhatItHas() throws Exception {
    var disk = Files.createDirectory(folder.resolve("disk"));
    Tool.run("mount", "-t", "tmpfs", "-o", "size=18m", "ostiary-test", disk.toString());
    try {
      // A process in another namespace sees what was mounted before it began.
      child = hosts.child("io.ostiary.kernel.CaptureChild");
      assertThat(child.ask("open " + disk.resolve("c") + " keep 0")).isEqualTo("opened");
      var id = child.ask("start ALL 2048 9 10000000 false");
      var fill = disk.resolve("fill");
      datagrams(300, 1000);
      Tool.execute("dd", "if=/dev/zero", "of=" + fill, "bs=4096", "count=1000");
      datagrams(300, 1000);
      await("show " + id, "FAILED");
      assertThat(child.ask("show " + id))
          .contains("cannot be written: ", " bytes are free on the disk", ". Make room");
      assertThat(fields(written(id), "udp.dstport")).isNotEmpty().allMatch("9"::equals);
      assertThat(child.ask("start ALL 2048 9 100 false"))
          .startsWith("refused captures: the disk of")
          .contains("is full");
    } finally {
      Tool.run("umount", "-l", disk.toString());
    }
  }

  /// Without answers, which hping3 takes for a failure.
  private void datagrams(int count, int bytes) {
    Tool.execute(
        "ip",
        "netns",
        "exec",
        hosts.client,
        "hping3",
        "-q",
        "-2",
        "-p",
        "9",
        "-c",
        "" + count,
        "-d",
        "" + bytes,
        "-i",
        "u100",
        "198.18.0.1");
  }

  private void await(String question, String text) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
    var answer = child.ask(question);
    while (!answer.contains(text) && System.nanoTime() < end) {
      Thread.sleep(50);
      answer = child.ask(question);
    }
    assertThat(answer).contains(text);
  }
}
