package io.ostiary.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The units as systemd reads them. That the process does what they say is `TakeOverIT`'s.
class SystemdUnitTest {
  private static final Path ANALYZE = Path.of("/usr/bin/systemd-analyze");
  private static final Path UNITS = Path.of("../packaging/systemd");

  @TempDir private Path folder;

  @Test
  void systemdUnderstandsEveryLine() throws Exception {
    assumeTrue(Files.isExecutable(ANALYZE), "skipped: systemd-analyze is missing");
    var service = folder.resolve("ostiary.service");
    var socket = folder.resolve("ostiary.socket");
    // It asks whether the program is there, which it is not on this host.
    Files.writeString(
        service,
        Files.readString(UNITS.resolve("ostiary.service"))
            .replace("ExecStart=/opt/ostiary/ostiary", "ExecStart=/bin/true"));
    Files.copy(UNITS.resolve("ostiary.socket"), socket);
    var process =
        new ProcessBuilder(
                List.of(ANALYZE.toString(), "verify", service.toString(), socket.toString()))
            .redirectErrorStream(true)
            .start();
    var said = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();

    assertThat(said).doesNotContain("Unknown", "Failed to parse", "Invalid", "ostiary.service:");
    assertThat(process.exitValue()).as(said).isZero();
  }
}
