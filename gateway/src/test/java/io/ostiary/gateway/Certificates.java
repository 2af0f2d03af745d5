package io.ostiary.gateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// An authority made by OpenSSL, and what it vouches for.
final class Certificates {
  private final Path folder;

  Certificates(Path folder) {
    this.folder = folder;
    run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key"
            + " -out ca.pem -subj /CN=authority -days 30");
  }

  Path file(String name) {
    return folder.resolve(name);
  }

  Path authority() {
    return file("ca.pem");
  }

  /// Makes `NAME.pem` and `NAME.key`.
  ///
  /// @param names such as `DNS:localhost,IP:127.0.0.1`
  /// @param days negative: it has expired
  Certificates make(String name, String names, int days) {
    try {
      Files.writeString(file(name + ".ext"), "subjectAltName=" + names + "\n");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    run(
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key -out %s.csr -subj /CN=%s"
            .formatted(name, name, name));
    run(
        "openssl x509 -req -in %s.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days %d -extfile %s.ext -out %s.pem"
            .formatted(name, days, name, name));
    return this;
  }

  private void run(String command) {
    try {
      var process =
          new ProcessBuilder(command.split(" "))
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("openssl.log").toFile())
              .start();
      if (process.waitFor() != 0) {
        throw new IllegalStateException(
            command + ": " + Files.readString(folder.resolve("openssl.log")));
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
