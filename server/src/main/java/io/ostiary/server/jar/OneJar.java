package io.ostiary.server.jar;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// What the launcher runs after a build: makes one jar of the libraries. The JVM spends a quarter
/// of a millisecond at every start on each jar of the class path, and more on the classes of those
/// behind the 64th; and whatever is looked for in vain is looked for in all of them.
///
/// Jars with native libraries stay as they are: what loads these knows them by themselves.
public final class OneJar {
  private static final String SERVICES = "META-INF/services/";
  private static final String MANIFEST = "Manifest-Version: 1.0\r\nMulti-Release: true\r\n\r\n";

  /// Native libraries.
  private static final Pattern NATIVE = Pattern.compile(".*\\.(so|dll|dylib|jnilib)(_.*)?");

  /// What only holds for a jar by itself.
  private static final Pattern DROPPED =
      Pattern.compile(
          "META-INF/(MANIFEST\\.MF|INDEX\\.LIST|maven/.*|[^/]*\\.(SF|RSA|DSA|EC))"
              + "|(.*/)?module-info\\.class");

  /// No time, so that the same libraries make the same jar.
  private static final long NO_TIME = 0;

  private final Map<String, byte[]> entries = new TreeMap<>();
  private final Map<String, Path> from = new TreeMap<>();

  private OneJar() {}

  /// Arguments: the folder of the jars, and the jar to make of them, seen from there. The jars that
  /// it holds are removed.
  public static void main(String[] arguments) throws IOException {
    make(Path.of(arguments[0]), Path.of(arguments[0], arguments[1]));
  }

  static void make(Path folder, Path jar) throws IOException {
    var one = new OneJar();
    var merged = new ArrayList<Path>();
    for (var each : jars(folder)) {
      if (one.take(each)) {
        merged.add(each);
      }
    }
    one.write(jar);
    for (var each : merged) {
      Files.delete(each);
    }
  }

  private static List<Path> jars(Path folder) throws IOException {
    var jars = new ArrayList<Path>();
    try (var found = Files.newDirectoryStream(folder, "*.jar")) {
      found.forEach(jars::add);
    }
    Collections.sort(jars);
    return jars;
  }

  /// @return whether it is taken; otherwise nothing of it is
  private boolean take(Path jar) throws IOException {
    try (var file = new ZipFile(jar.toFile())) {
      if (file.stream().anyMatch(entry -> NATIVE.matcher(entry.getName()).matches())) {
        return false;
      }
      for (var entry : Collections.list(file.entries())) {
        var name = entry.getName();
        if (DROPPED.matcher(name).matches()) {
          continue;
        }
        // Flyway and others ask for folders.
        try (var content = file.getInputStream(entry)) {
          add(jar, name, content.readAllBytes());
        }
      }
      return true;
    }
  }

  /// Lists of services are joined, licences and the like are kept for each jar by itself; of
  /// anything else there may be only one.
  private void add(Path jar, String name, byte[] content) throws IOException {
    var other = entries.putIfAbsent(name, content);
    if (other == null) {
      from.put(name, jar);
    } else if (name.startsWith(SERVICES)) {
      entries.put(name, joined(other, content));
    } else if (name.endsWith("/")) {
      return;
    } else if (name.startsWith("META-INF/") && !name.endsWith(".class")) {
      entries.put("META-INF/of/" + jar.getFileName() + "/" + name.substring(9), content);
    } else if (!Arrays.equals(other, content)) {
      throw new IOException(
          "%s: in %s and otherwise in %s (expected: the same, or in one of them)"
              .formatted(name, from.get(name), jar));
    }
  }

  private static byte[] joined(byte[] one, byte[] other) {
    var all = new ByteArrayOutputStream();
    all.writeBytes(one);
    all.write('\n');
    all.writeBytes(other);
    return all.toByteArray();
  }

  private void write(Path jar) throws IOException {
    try (var out = new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(jar)))) {
      out.setLevel(Deflater.BEST_SPEED);
      put(out, JarFile.MANIFEST_NAME, MANIFEST.getBytes(StandardCharsets.ISO_8859_1));
      for (var entry : entries.entrySet()) {
        put(out, entry.getKey(), entry.getValue());
      }
    }
  }

  private static void put(ZipOutputStream out, String name, byte[] content) throws IOException {
    var entry = new ZipEntry(name);
    entry.setTime(NO_TIME);
    out.putNextEntry(entry);
    out.write(content);
    out.closeEntry();
  }
}
