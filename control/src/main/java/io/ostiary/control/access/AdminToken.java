package io.ostiary.control.access;

import io.ostiary.control.records.KeyText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.EnumSet;
import java.util.Set;

/// The administrator's token: made at the first start, kept in a file that only its owner can read.
/// There is no default one.
public final class AdminToken {
  /// Its name in the data directory.
  public static final String FILE = "admin.token";

  private static final Set<PosixFilePermission> OWNER_ONLY =
      EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  private final byte[] hash;

  private AdminToken(String token) {
    this.hash = bytes(KeyText.hash(token));
  }

  /// Reads the token, or makes one where there is none.
  public static AdminToken in(Path data) {
    var file = data.resolve(FILE);
    try {
      if (Files.notExists(file)) {
        create(file);
      } else if (!OWNER_ONLY.containsAll(Files.getPosixFilePermissions(file))) {
        throw new IllegalStateException(
            file
                + ": readable by others, mode "
                + PosixFilePermissions.toString(Files.getPosixFilePermissions(file))
                + " (expected: rw-------). Delete it, so that a new one is made, or chmod 600 it.");
      }
      return new AdminToken(read(data));
    } catch (IOException e) {
      throw new IllegalStateException(
          file + ": " + e.getMessage() + " (expected: a file that this user can make and read)", e);
    }
  }

  /// The token, for those who may read the file.
  public static String read(Path data) throws IOException {
    var file = data.resolve(FILE);
    var token = Files.readString(file).strip();
    if (!KeyText.wellFormed(KeyText.TOKEN, token)) {
      throw new IOException(
          file
              + ": not a token (expected: "
              + KeyText.TOKEN
              + "..., as it was written at first"
              + " start). Delete it, so that a new one is made.");
    }
    return token;
  }

  private static void create(Path file) throws IOException {
    var permissions = PosixFilePermissions.asFileAttribute(OWNER_ONLY);
    var options = EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try (var channel = Files.newByteChannel(file, options, permissions)) {
      var line = KeyText.make(KeyText.TOKEN) + "\n";
      channel.write(java.nio.ByteBuffer.wrap(bytes(line)));
    }
  }

  /// In constant time.
  public boolean matches(String token) {
    return MessageDigest.isEqual(hash, bytes(KeyText.hash(token)));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
