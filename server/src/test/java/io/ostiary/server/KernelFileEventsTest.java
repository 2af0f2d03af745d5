package io.ostiary.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.contract.config.FileEvents.Event;
import io.ostiary.contract.config.FileEvents.What;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class KernelFileEventsTest {
  private static final long MILLIS = 2_000;

  @TempDir private Path folder;
  private KernelFileEvents events;

  @BeforeEach
  void open() {
    events = KernelFileEvents.open();
    Assumptions.assumeTrue(events != null, "libbpf is not here, by which the kernel is asked");
    events.watch(Set.of(folder));
  }

  @AfterEach
  void close() {
    if (events != null) {
      events.close();
    }
  }

  @Test
  void tellsAWriterThatIsDoneFromAFileThatCameWhole() throws Exception {
    var file = folder.resolve("ostiary.yaml");
    try (var out = Files.newBufferedWriter(file)) {
      out.write("# half");
      out.flush();
      assertThat(events.await(20)).as("it is still open").isEmpty();
    }
    assertThat(events.await(MILLIS)).containsExactly(new Event(file, What.CLOSED));
    var other = Files.writeString(folder.resolve("next"), "# whole");
    assertThat(events.await(MILLIS)).containsExactly(new Event(other, What.CLOSED));
    Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
    assertThat(events.await(MILLIS)).containsExactly(new Event(file, What.MOVED));
  }

  @Test
  void endsWhoWaits() {
    Thread.ofVirtual().start(events::wake);
    assertThatThrownBy(
            () -> {
              while (true) {
                var _ = events.await(MILLIS);
              }
            })
        .isInstanceOf(InterruptedException.class);
  }
}
