package io.ostiary.server.demo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The demo's configuration and its OpenAPI document, laid out as files, so that a newcomer can
/// read and change them while the demo runs.
public final class DemoFiles {
  private static final List<String> NAMES = List.of("ostiary.yaml", "orders.yaml");

  private DemoFiles() {}

  /// Writes what is missing into `folder`, keeps what is there, and returns the configuration file.
  public static Path lay(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (var name : NAMES) {
      var file = folder.resolve(name);
      if (!Files.exists(file)) {
        try (InputStream in = DemoFiles.class.getResourceAsStream(name)) {
          if (in == null) {
            throw new IOException("the distribution lacks the demo's " + name);
          }
          Files.copy(in, file);
        }
      }
    }
    return folder.resolve("ostiary.yaml");
  }
}
