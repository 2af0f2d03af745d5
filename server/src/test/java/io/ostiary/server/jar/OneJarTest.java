package io.ostiary.server.jar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OneJarTest {
  private static final String SERVICE = "META-INF/services/a.Service";

  @TempDir Path folder;

  @Test
  void classesServicesAndLicencesOfAllAreInOne() throws IOException {
    jar("a.jar", Map.of("a/A.class", "A", SERVICE, "a.A", "META-INF/LICENSE", "of a"));
    jar("b.jar", Map.of("b/", "", "b/B.class", "B", SERVICE, "b.B\n", "META-INF/LICENSE", "of b"));
    OneJar.make(folder, folder.resolve("one.jar"));
    assertThat(entries(folder.resolve("one.jar")))
        .containsEntry("a/A.class", "A")
        .containsEntry("b/", "")
        .containsEntry("b/B.class", "B")
        .containsEntry(SERVICE, "a.A\nb.B\n")
        .containsEntry("META-INF/LICENSE", "of a")
        .containsEntry("META-INF/of/b.jar/LICENSE", "of b")
        .containsEntry(
            "META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\nMulti-Release: true\r\n\r\n")
        .hasSize(7);
    assertThat(folder).isDirectoryContaining("glob:**one.jar");
    assertThat(folder).isDirectoryNotContaining("glob:**[ab].jar");
  }

  @Test
  void whatHoldsForOneJarOnlyIsLeftOut() throws IOException {
    jar("a.jar", Map.of("module-info.class", "", "META-INF/INDEX.LIST", "", "META-INF/X.RSA", ""));
    jar("b.jar", Map.of("META-INF/versions/9/module-info.class", "", "META-INF/maven/p.xml", ""));
    OneJar.make(folder, folder.resolve("one.jar"));
    assertThat(entries(folder.resolve("one.jar"))).containsOnlyKeys("META-INF/MANIFEST.MF");
  }

  @Test
  void jarsWithNativeLibrariesStayAsTheyAre() throws IOException {
    jar("a.jar", Map.of("a/A.class", "A"));
    jar("native.jar", Map.of("lib/x.so_linux_amd64", "", "n/N.class", "N"));
    jar("other.jar", Map.of("META-INF/native/libx.so", ""));
    OneJar.make(folder, folder.resolve("one.jar"));
    assertThat(entries(folder.resolve("one.jar"))).doesNotContainKey("n/N.class");
    assertThat(folder.resolve("native.jar")).exists();
    assertThat(folder.resolve("other.jar")).exists();
  }

  @Test
  void twoVersionsOfAClassAreRefused() throws IOException {
    jar("a.jar", Map.of("a/A.class", "one", "META-INF/versions/9/a/A.class", "the same"));
    jar("b.jar", Map.of("a/A.class", "another", "META-INF/versions/9/a/A.class", "the same"));
    assertThatThrownBy(() -> OneJar.make(folder, folder.resolve("one.jar")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("a/A.class")
        .hasMessageContaining("a.jar and otherwise in")
        .hasMessageContaining("b.jar");
    assertThat(folder.resolve("a.jar")).exists();
  }

  private void jar(String name, Map<String, String> entries) throws IOException {
    try (var out = new ZipOutputStream(Files.newOutputStream(folder.resolve(name)))) {
      for (var entry : entries.entrySet()) {
        out.putNextEntry(new ZipEntry(entry.getKey()));
        out.write(entry.getValue().getBytes(UTF_8));
        out.closeEntry();
      }
    }
  }

  private static Map<String, String> entries(Path jar) throws IOException {
    var entries = new TreeMap<String, String>();
    try (var file = new ZipFile(jar.toFile())) {
      for (var entry : file.stream().toList()) {
        entries.put(entry.getName(), new String(file.getInputStream(entry).readAllBytes(), UTF_8));
      }
    }
    return entries;
  }
}
