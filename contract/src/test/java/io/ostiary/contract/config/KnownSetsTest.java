package io.ostiary.contract.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Cidr;
import io.ostiary.model.KernelSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KnownSetsTest {
  private static final FileTime LONG_AGO = FileTime.from(Instant.now().minusSeconds(60));

  @TempDir Path dir;
  private Path file;
  private Path list;
  private ConfigSource source;

  @BeforeEach
  void source() throws IOException {
    file = dir.resolve("ostiary.yaml");
    list = dir.resolve("list.txt");
    source = new ConfigSource(file);
    write("203.0.113.0/24\n", LONG_AGO);
  }

  private void write(String blocks, FileTime time) throws IOException {
    Files.writeString(list, blocks);
    Files.setLastModifiedTime(list, time);
  }

  private ConfigRead read(String more) throws IOException {
    Files.writeString(
        file,
        """
        apis: [ { name: a, path: /, upstream: u } ]
        upstreams: [ { name: u, targets: "h:1" } ]
        kernel:
          sets: [ { name: bots, file: list.txt } ]
          rules:
            - deny: { from-set: bots }
        """
            + more);
    return ConfigReader.read(source, Policies.ALL, new FakeDocuments());
  }

  private List<Cidr> held(String more) throws IOException {
    var kernel = ((ConfigRead.Understood) read(more)).configuration().kernel();
    var supply = (KernelSet.Supply.File) kernel.sets().getFirst().supply();
    return supply.read().list().blocks();
  }

  @Test
  void readsAFileOnceWhileOnlyTheConfigurationChanges() throws IOException {
    var first = held("");
    assertThat(held("    - deny: { from: 198.51.100.7 }\n")).isSameAs(first);
    assertThat(held("    - deny: { from: 198.51.100.8 }\n")).isSameAs(first);
  }

  @Test
  void readsAFileAgainThatHasChanged() throws IOException {
    assertThat(held("")).isEqualTo(List.of(Cidr.parse("203.0.113.0/24")));
    write("203.0.113.9\n203.0.114.0/24\n", FileTime.from(Instant.now().minusSeconds(30)));
    assertThat(held("# again\n"))
        .isEqualTo(List.of(Cidr.parse("203.0.113.9"), Cidr.parse("203.0.114.0/24")));
  }

  @Test
  void readsAFileAgainThatMayHaveChangedUnseen() throws IOException {
    var now = FileTime.from(Instant.now());
    write("203.0.113.0/24\n", now);
    assertThat(held("")).isEqualTo(List.of(Cidr.parse("203.0.113.0/24")));
    write("203.0.114.0/24\n", now);
    assertThat(held("# again\n")).isEqualTo(List.of(Cidr.parse("203.0.114.0/24")));
  }

  @Test
  void tellsAgainWhatIsWrongWithAFileThatStaysAsItWas() throws IOException {
    write("203.0.113.9/24\n", LONG_AGO);
    for (var more : List.of("", "# again\n")) {
      assertThat(read(more))
          .isInstanceOfSatisfying(
              ConfigRead.Refused.class,
              refused ->
                  assertThat(ConfigReaderTest.lines(refused.faults()).toString())
                      .contains("list.txt:1:1: cidr: 203.0.113.9/24"));
    }
  }
}
