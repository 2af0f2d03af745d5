package io.ostiary.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `ostiary capture -o` where the disk is full before the capture ends.
final class CaptureDiskIT {
  private static final int DISK_KIB = 256;

  @TempDir private Path folder;

  @Test
  void saysThatTheDiskIsFullAndLeavesAFileThatCanBeRead() throws Exception {
    try (var stage = Stage.open("disk", folder)) {
      var disk = Files.createDirectory(folder.resolve("disk"));
      var self = new Host("");
      self.must("mount", "-t", "tmpfs", "-o", "size=" + DISK_KIB + "k", "none", disk.toString());
      try {
        var file = disk.resolve("small.pcapng");
        var capture =
            CompletableFuture.supplyAsync(() ->
                stage.ostiary.command(
                    "capture", "-o", file.toString(), "--for", "20s", "--snap", "65535"));
        var content = Files.write(folder.resolve("content"), new byte[4 * DISK_KIB << 10]);
        stage.ostiary.await("to capture", () -> Files.exists(file));
        for (int i = 0; i < 20 && !capture.isDone(); i++) {
          stage.call("/demo/orders", "--data-binary", "@" + content);
        }
        var ended = capture.join();
        assertThat(ended.exit()).as(ended.text()).isEqualTo(1);
        assertThat(ended.text())
            .contains(
                "small.pcapng: No space left on device. What was written is kept, and the whole"
                    + " capture in the console");
        assertThat(Files.size(file)).isPositive();
        assertThat(self.must("capinfos", file.toString())).contains("pcapng");
        var kept = stage.ostiary.admin("/captures").path("items").path(0);
        assertThat(kept.path("bytes").asLong()).isGreaterThan(Files.size(file));
      } finally {
        self.must("umount", disk.toString());
      }
    }
  }
}
