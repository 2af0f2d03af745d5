package io.ostiary.kernel.sets;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Cidr;
import io.ostiary.model.CidrFile;
import io.ostiary.model.KernelSet;
import io.ostiary.model.KernelSet.Supply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SetLibraryTest {
  private static final Duration HOUR = Duration.ofHours(1);

  @TempDir Path folder;

  @Test
  void readsFilesAndTellsWhatIsWrongWithThem() throws Exception {
    var good = Files.writeString(folder.resolve("good.txt"), "# drop\n198.18.0.0/15 ; SBL1\n\n");
    var bad = Files.writeString(folder.resolve("bad.txt"), "198.18.0.0/15\n  198.18.0.1/15\n");
    try (var library = new SetLibrary(folder.resolve("sets"), () -> {})) {
      var held =
          library.become(
              List.of(
                  new KernelSet("good", new Supply.File(good, HOUR)),
                  new KernelSet("bad", new Supply.File(bad, HOUR)),
                  new KernelSet("own", new Supply.Inline(List.of(Cidr.parse("::1"))))));
      assertThat(held)
          .containsEntry("good", List.of(Cidr.parse("198.18.0.0/15")))
          .containsEntry("bad", List.of())
          .containsEntry("own", List.of(Cidr.parse("::1")));
      assertThat(library.sentence()).contains("Set bad is as it was (0 blocks)", "bad.txt:2:3: ");
    }
  }

  @Test
  void doesNotReadAgainWhatTheConfigurationHasRead() throws Exception {
    var file = Files.writeString(folder.resolve("list.txt"), "198.18.0.0/15\n");
    var read = CidrFile.read("list.txt", file);
    // The same time and size, which nobody writes by chance: only a second reading would tell.
    Files.writeString(file, "198.51.0.0/16\n");
    Files.setLastModifiedTime(file, read.modified());
    var set = new KernelSet("list", new Supply.File(file, HOUR, read));
    try (var library = new SetLibrary(folder.resolve("sets"), () -> {})) {
      assertThat(library.become(List.of(set)))
          .containsEntry("list", List.of(Cidr.parse("198.18.0.0/15")));
      assertThat(library.become(List.of())).isEmpty();
      Files.setLastModifiedTime(file, FileTime.fromMillis(read.modified().toMillis() + 1000));
      assertThat(library.become(List.of(set)))
          .as("changed since")
          .containsEntry("list", List.of(Cidr.parse("198.51.0.0/16")));
    }
  }

  @Test
  void takesWhatTheConfigurationHasReadSince() throws Exception {
    var file = Files.writeString(folder.resolve("list.txt"), "198.18.0.0/15\n");
    try (var library = new SetLibrary(folder.resolve("sets"), () -> {})) {
      library.become(List.of(new KernelSet("list", new Supply.File(file, HOUR))));
      Files.writeString(file, "198.18.0.0/15\n203.0.113.0/24\n");
      var read = CidrFile.read("list.txt", file);
      assertThat(library.become(List.of(new KernelSet("list", new Supply.File(file, HOUR, read)))))
          .containsEntry("list", read.list().blocks());
    }
  }

  @Test
  void takesAFileAtOnceThatIsMovedToItsPlace() throws Exception {
    var file = Files.writeString(folder.resolve("list.txt"), "198.18.0.0/15\n");
    try (var library = new Following()) {
      library.follow(file);
      for (int i = 0; i < 5; i++) {
        // Just written: one that is written in place would not be believed yet.
        var next = Files.writeString(folder.resolve("next"), "203.0.113.%d\n".formatted(i));
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
        library.await("203.0.113." + i);
      }
    }
  }

  /// As a ConfigMap is changed.
  @Test
  void takesAFileThatALinkLeadsTo() throws Exception {
    for (int i = 0; i < 2; i++) {
      Files.createDirectory(folder.resolve("version" + i));
      Files.writeString(folder.resolve("version" + i + "/list.txt"), "203.0.113.%d\n".formatted(i));
    }
    Files.createSymbolicLink(folder.resolve("now"), Path.of("version0"));
    Files.createSymbolicLink(folder.resolve("list.txt"), Path.of("now/list.txt"));
    try (var library = new Following()) {
      library.follow(folder.resolve("list.txt"));
      library.await("203.0.113.0");
      Files.createSymbolicLink(folder.resolve("next"), Path.of("version1"));
      Files.move(
          folder.resolve("next"),
          folder.resolve("now"),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      library.await("203.0.113.1");
    }
  }

  @Test
  void takesAFileAtOnceThatItsWriterHasClosed() throws Exception {
    var file = Files.writeString(folder.resolve("list.txt"), "198.18.0.0/15\n");
    try (var library = new Following()) {
      library.follow(file);
      int early = 0;
      for (int i = 0; i < 5; i++) {
        Files.writeString(file, "198.18.0.0/15\n203.0.113.%d\n".formatted(i));
        library.await("203.0.113." + i);
        // At rest it would be believed in any case.
        early += CidrFile.isBeingWritten(file) ? 1 : 0;
      }
      assertThat(early).isPositive();
    }
  }

  /// As a script does: it empties the file first, and then adds line by line.
  @Test
  void waitsForTheRestWhereAFileWasEmptied() throws Exception {
    var file = Files.writeString(folder.resolve("list.txt"), "198.18.0.0/15\n198.51.100.7\n");
    try (var library = new Following()) {
      library.follow(file);
      Files.writeString(file, "");
      for (int i = 0; i < 40; i++) {
        Files.writeString(file, "203.0.113.%d\n".formatted(i), StandardOpenOption.APPEND);
        Thread.sleep(5);
      }
      library.await("203.0.113.0", "203.0.113.39");
      assertThat(library.versions).as("no half of it was taken").hasSize(1);
    }
  }

  /// Who has it open still may write the other half.
  @Test
  void leavesAFileAloneThatIsOpenStill() throws Exception {
    var file = Files.writeString(folder.resolve("list.txt"), "198.18.0.0/15\n");
    try (var library = new Following()) {
      library.follow(file);
      try (var writer = Files.newBufferedWriter(file)) {
        writer.write("203.0.113.0/25\n203.0.");
        writer.flush();
        // Something else happens in the folder.
        Files.writeString(folder.resolve("other.txt"), "203.0.113.7\n");
        Thread.sleep(100);
        assertThat(library.held()).containsExactly(Cidr.parse("198.18.0.0/15"));
        writer.write("113.128/25\n");
      }
      library.await("203.0.113.0/25", "203.0.113.128/25");
      assertThat(library.library.sentence()).isEmpty();
      assertThat(library.versions).hasSize(1);
    }
  }

  /// A library, and what it told since it began to follow a file.
  private final class Following implements AutoCloseable {
    final List<List<Cidr>> versions = new CopyOnWriteArrayList<>();
    final SetLibrary library =
        new SetLibrary(folder.resolve("sets"), () -> versions.add(this.held()));

    List<Cidr> held() {
      return library.now().getOrDefault("list", List.of());
    }

    void follow(Path file) throws InterruptedException {
      library.become(List.of(new KernelSet("list", new Supply.File(file, HOUR))));
      // Until its folder is watched; what happened before is found then as well, but by rest.
      Thread.sleep(300);
    }

    void await(String... blocks) throws InterruptedException {
      var wanted = Stream.of(blocks).map(Cidr::parse).toList();
      long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      while (!held().containsAll(wanted)) {
        assertThat(System.nanoTime()).as("%s after 20 s", held()).isLessThan(end);
        Thread.sleep(5);
      }
    }

    @Override
    public void close() {
      library.close();
    }
  }

  @Test
  void refusesAMillionLinesAndOne() throws IOException {
    var text = new StringBuilder();
    for (int i = 0; i <= 1_000_000; i++) {
      text.append(i >> 16 & 255).append('.').append(i >> 8 & 255).append('.').append(i & 255);
      text.append(".1\n");
    }
    var file = Files.writeString(folder.resolve("many.txt"), text);
    try (var library = new SetLibrary(folder.resolve("sets"), () -> {})) {
      library.become(List.of(new KernelSet("many", new Supply.File(file, HOUR))));
      assertThat(library.sentence())
          .contains("many.txt:1000001:1: one block too many (expected: at most 1,000,000)");
    }
  }
}
