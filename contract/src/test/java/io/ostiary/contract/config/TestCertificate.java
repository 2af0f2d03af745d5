package io.ostiary.contract.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// A self-signed certificate and its key in a folder, made by the JDK's keytool.
final class TestCertificate {
  private static final char[] PASSWORD = "changeit".toCharArray();

  private TestCertificate() {}

  /// Makes `name.pem` and `name.key`, and a list of what it revoked as `name.crl`, for these days
  /// from now on.
  static void make(Path folder, String name, int days) {
    try {
      Files.createDirectories(folder);
      var store = folder.resolve(name + ".p12");
      Files.deleteIfExists(store);
      var start = days < 0 ? "-" + (1 - days) + "d" : "-1d";
      var validity = "" + (days < 0 ? 1 : days + 1);
      keytool(
          store,
          "-genkeypair",
          "-keyalg",
          "EC",
          "-groupname",
          "secp256r1",
          "-dname",
          "CN=" + name,
          "-ext",
          "san=dns:" + name + ".example.com,dns:*.example.org",
          "-startdate",
          start,
          "-validity",
          validity);
      keytool(
          store,
          "-gencrl",
          "-id",
          "7",
          "-file",
          folder.resolve(name + ".crl").toString(),
          "-validity",
          "" + Math.max(1, days));
      var keys = KeyStore.getInstance(store.toFile(), PASSWORD);
      pem(folder.resolve(name + ".pem"), "CERTIFICATE", keys.getCertificate("a").getEncoded());
      pem(folder.resolve(name + ".key"), "PRIVATE KEY", keys.getKey("a", PASSWORD).getEncoded());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void keytool(Path store, String... options)
      throws IOException, InterruptedException {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                options[0],
                "-alias",
                "a",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                new String(PASSWORD)));
    command.addAll(List.of(options).subList(1, options.length));
    if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
      throw new IllegalStateException("keytool failed");
    }
  }

  private static void pem(Path file, String what, byte[] der) throws IOException {
    var text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    Files.writeString(
        file, "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(what, text, what));
  }
}
