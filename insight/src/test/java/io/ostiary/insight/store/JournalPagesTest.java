package io.ostiary.insight.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What is in the page cache, as `fincore` of util-linux tells it.
final class JournalPagesTest {
  private static final int MB = 1 << 20;

  private final JournalPages pages = new JournalPages(MB, 8 * MB);
  private Path folder = Path.of("target");

  @BeforeEach
  void makeFolder() throws Exception {
    folder = Files.createTempDirectory(Path.of("target"), "pages");
    var type = Files.getFileStore(folder).type();
    assumeTrue(!type.equals("tmpfs"), "target/ is in memory, where nothing can be let go of");
  }

  @AfterEach
  void removeFolder() throws Exception {
    try (var files = Files.list(folder)) {
      for (var file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  @Test
  void keepsTheNewestPartOfAllFilesTogether() throws Exception {
    var first = folder.resolve("1.calls");
    var second = folder.resolve("2.calls");
    write(first, 20);
    assertThat(cached(first)).as("without us the kernel keeps all").isEqualTo(20L * MB);
    for (int size = 1; size <= 20; size++) {
      pages.written(first, (long) size * MB);
    }
    assertThat(cached(first)).isEqualTo(8L * MB);
    write(second, 6);
    pages.written(second, 6L * MB);
    assertThat(cached(first)).as("what is in the second file counts").isEqualTo(7L * MB);
    assertThat(cached(second)).isEqualTo(6L * MB);
    assertThat(Files.readAllBytes(first)).hasSize(20 * MB).containsOnly('x');
  }

  @Test
  void passesOverAFileThatWasDropped() throws Exception {
    var gone = folder.resolve("gone.calls");
    for (int size = 1; size <= 20; size++) {
      pages.written(gone, (long) size * MB);
    }
    var next = folder.resolve("next.calls");
    write(next, 1);
    pages.written(next, MB);
    assertThat(cached(next)).isEqualTo(MB);
  }

  private static void write(Path file, int megabytes) throws Exception {
    var block = ByteBuffer.wrap("x".repeat(MB).getBytes(StandardCharsets.US_ASCII));
    try (var channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      for (int i = 0; i < megabytes; i++) {
        channel.write(block.rewind());
      }
      channel.force(false); // only pages that are on disk can be let go of
    }
  }

  private static long cached(Path file) throws Exception {
    var command =
        new ProcessBuilder("fincore", "--bytes", "--noheadings", "--output", "RES", file.toString())
            .redirectErrorStream(true)
            .start();
    var answer = new String(command.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(command.waitFor(10, TimeUnit.SECONDS)).isTrue();
    return Long.parseLong(answer.strip());
  }
}
