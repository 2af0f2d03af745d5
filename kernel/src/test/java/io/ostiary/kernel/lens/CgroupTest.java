package io.ostiary.kernel.lens;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CgroupTest {
  private static final String TMPFS = "30 23 0:26 / /tmp rw shared:9 - tmpfs tmpfs rw";

  @TempDir Path directory;

  @Test
  void findsTheGroupOfAService() throws IOException {
    var group = Files.createDirectories(directory.resolve("system.slice/ostiary.service"));

    assertThat(Cgroup.find(mounted("/"), List.of("0::/system.slice/ostiary.service")))
        .isEqualTo(new Cgroup.Found(group));
  }

  @Test
  void findsTheRootBesideAHierarchyOfVersion1() {
    assertThat(Cgroup.find(mounted("/"), List.of("4:memory:/a", "0::/")))
        .isEqualTo(new Cgroup.Found(directory));
  }

  @Test
  void takesTheTopOfTheMountWhereTheGroupCannotBeSeen() {
    assertThat(Cgroup.find(mounted("/"), List.of("0::/../elsewhere")))
        .isEqualTo(new Cgroup.Found(directory));
    assertThat(Cgroup.find(mounted("/"), List.of("0::/gone")))
        .isEqualTo(new Cgroup.Found(directory));
  }

  @Test
  void followsAMountThatBeginsInsideTheHierarchy() throws IOException {
    var group = Files.createDirectories(directory.resolve("inner"));

    assertThat(Cgroup.find(mounted("/pod"), List.of("0::/pod/inner")))
        .isEqualTo(new Cgroup.Found(group));
  }

  @Test
  void saysWhatIsMissing() {
    assertThat(Cgroup.find(List.of(TMPFS), List.of("0::/")))
        .isEqualTo(
            new Cgroup.Missing(
                "cgroup: no cgroup2 file system is mounted (expected: one in"
                    + " /proc/self/mountinfo). Run: mount -t cgroup2 none"
                    + " /sys/fs/cgroup/unified"));
  }

  private List<String> mounted(String top) {
    var mount = "31 23 0:27 " + top + " " + directory + " rw shared:9 - cgroup2 cgroup2 rw";
    return List.of(TMPFS, mount);
  }
}
