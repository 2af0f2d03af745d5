package io.ostiary.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CidrFileTest {
  @TempDir Path folder;

  private Path written(Duration ago) throws IOException {
    var file = Files.writeString(folder.resolve("list.txt"), "203.0.113.0/24\n");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(ago)));
    return file;
  }

  @Test
  void isCertainOnlyOfAFileThatWasAtRestWhenItWasRead() throws IOException {
    var file = written(Duration.ofMinutes(1));
    assertThat(CidrFile.read("list", file).isCertainlyOf(file)).isTrue();
    var lately = written(Duration.ofMillis(100));
    var read = CidrFile.read("list", lately);
    assertThat(read.isOf(lately)).isTrue();
    assertThat(read.isCertainlyOf(lately)).as("the next change may bear the same time").isFalse();
  }

  @Test
  void tellsAFileThatIsBeingWritten() throws IOException {
    assertThat(CidrFile.isBeingWritten(written(Duration.ofMillis(100)))).isTrue();
    assertThat(CidrFile.isBeingWritten(written(Duration.ofMinutes(1)))).isFalse();
    assertThat(CidrFile.isBeingWritten(written(Duration.ofHours(-1))))
        .as("a wrong clock")
        .isFalse();
    assertThat(CidrFile.isBeingWritten(folder.resolve("none"))).isFalse();
  }
}
