package io.ostiary.policies;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// The SHA-256 of a credential, under which its check is remembered. A shorter or a faster hash
/// would let somebody who finds a collision in with another one's rights.
record TokenKey(long a, long b, long c, long d) {
  private static final ThreadLocal<MessageDigest> SHA_256 =
      ThreadLocal.withInitial(() -> {
        try {
          return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
          throw new IllegalStateException("every JDK has SHA-256", e);
        }
      });

  static TokenKey of(String credential) {
    var hash = ByteBuffer.wrap(SHA_256.get().digest(credential.getBytes(StandardCharsets.UTF_8)));
    return new TokenKey(hash.getLong(), hash.getLong(), hash.getLong(), hash.getLong());
  }
}
