package io.ostiary.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.KernelStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VerifiedProgramsTest {
  @TempDir Path folder;

  private List<String> start(KernelStatus.Program... programs) {
    var status = new KernelStatus(true, "", "6.18", "1.1", false, 0, List.of(), List.of(programs));
    return VerifiedPrograms.keep(folder.resolve("kernel"), status, Map.of("a", "processed 9"));
  }

  private static KernelStatus.Program program(String name, int verified) {
    return new KernelStatus.Program(name, "xdp", true, "", 5, verified, 40, 0, List.of());
  }

  @Test
  void tellsWhatIsDifferentFromTheStartBefore() throws Exception {
    assertThat(start(program("a", 9), program("b", 7))).isEmpty();
    assertThat(start(program("a", 9), program("b", 7))).isEmpty();
    assertThat(start(program("a", 12), program("c", 1)))
        .containsExactly(
            "a has 5 instructions, 12 verified, 40 bytes of machine code;"
                + " it had 5 instructions, 9 verified, 40 bytes of machine code",
            "b is gone; it had 5 instructions, 7 verified, 40 bytes of machine code",
            "c is new: 5 instructions, 1 verified, 40 bytes of machine code");
    try (Stream<Path> files = Files.list(folder.resolve("kernel"))) {
      assertThat(files.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("programs.txt", "verifier.log");
    }
    assertThat(folder.resolve("kernel/verifier.log")).content().contains("a:\nprocessed 9");
  }
}
