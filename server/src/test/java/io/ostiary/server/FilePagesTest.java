package io.ostiary.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FilePagesTest {
  private static final int BYTES = 8 << 20;

  @TempDir private Path folder;

  @Test
  void pagesOfAFileThatIsOnlyReadAreLetGoAndReadAgain() throws IOException {
    var file = folder.resolve("cache");
    var content = new byte[BYTES];
    content[BYTES - 1] = 7;
    Files.write(file, content);
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      var memory = channel.map(FileChannel.MapMode.READ_ONLY, 0, BYTES).load();
      assertThat(resident(file)).isPositive();
      FilePages.letGo();
      assertThat(resident(file)).isZero();
      assertThat(memory.get(BYTES - 1)).isEqualTo((byte) 7);
    }
  }

  @Test
  void whatIsWrittenToOrDiffersFromItsFileIsLeft() {
    assertThat(areas("r-xp", 4096, 0)).hasSize(1);
    assertThat(areas("r--p", 4096, 0)).hasSize(1);
    assertThat(areas("r--p", 4096, 4)).isEmpty();
    assertThat(areas("rw-p", 4096, 0)).isEmpty();
    assertThat(areas("rwxp", 4096, 0)).isEmpty();
    assertThat(areas("---p", 4096, 0)).isEmpty();
  }

  @Test
  void smallOnesAreNotWorthASystemCall() {
    assertThat(areas("r-xp", 1020, 0)).isEmpty();
    assertThat(areas("r-xp", 1024, 0)).hasSize(1);
  }

  private static List<FilePages.Area> areas(String rights, int resident, int own) {
    return FilePages.areas(
        """
        7f329c956000-7f329f57e000 %s 00156000 fe:00 2150734       /tmp/libduckdb.so (deleted)
        Size:              45216 kB
        Rss:               %d kB
        Pss:               25336 kB
        Anonymous:         %d kB
        THPeligible:           0
        VmFlags: rd ex mr mw me
        f5550000-fb80e000 r--p 00000000 00:00 0
        Size:             101112 kB
        Rss:              101112 kB
        Anonymous:             0 kB
        """
            .formatted(rights, resident, own));
  }

  private static long resident(Path file) throws IOException {
    var smaps = Files.readString(Path.of("/proc/self/smaps"), StandardCharsets.ISO_8859_1);
    return FilePages.areas(smaps).stream()
        .filter(area -> area.file().equals(file.toString()))
        .mapToLong(FilePages.Area::resident)
        .sum();
  }
}
