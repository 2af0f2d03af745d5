package io.ostiary.model.setting;

import io.ostiary.model.Require;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// A text that is shown to nobody, in the file itself or where the file says it is.
///
/// @param text never empty; not in what [#toString] says
@About("a secret: env:NAME for an environment variable, file:PATH for a file, or the text itself")
public record Secret(String text) {
  private static final long FILE_BYTES_MAX = 64 * 1024;

  public Secret {
    Require.notBlank("secret", text);
  }

  public static Secret parse(String written) {
    if (written.startsWith("env:")) {
      var name = written.substring(4);
      var value = System.getenv(name);
      if (value == null || value.isBlank()) {
        throw Require.invalid("secret", written, "an environment variable that is set");
      }
      return new Secret(value);
    }
    return written.startsWith("file:")
        ? ofFile(Path.of(written.substring(5)))
        : new Secret(written);
  }

  /// A line break at the end is the editor's, not the secret's.
  private static Secret ofFile(Path file) {
    try {
      if (Files.size(file) > FILE_BYTES_MAX) {
        throw Require.invalid("secret", "file:" + file, "a file of at most 64 KiB");
      }
      return new Secret(Files.readString(file, StandardCharsets.UTF_8).stripTrailing());
    } catch (IOException e) {
      throw Require.invalid("secret", "file:" + file, "a file that can be read");
    }
  }

  public byte[] bytes() {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /// What tells two secrets apart without telling either.
  public String fingerprint() {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(bytes()), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public String toString() {
    return "(secret)";
  }
}
