package io.ostiary.control.records;

import com.password4j.Argon2Function;
import com.password4j.Password;
import com.password4j.types.Argon2;
import java.util.concurrent.Semaphore;

/// Passwords of consumers as they are kept: Argon2id (RFC 9106) with 19 MiB, two passes, one lane.
public final class Passwords {
  private static final int MEMORY_KIB = 19_456;
  private static final int PASSES = 2;
  private static final int HASH_BYTES = 32;
  private static final int SALT_BYTES = 16;

  /// Each takes 19 MiB while it runs.
  private static final Semaphore AT_ONCE = new Semaphore(2);

  private Passwords() {}

  /// In the PHC string format, which says its own parameters and salt.
  public static String hash(String password) {
    AT_ONCE.acquireUninterruptibly();
    try {
      return Password.hash(password)
          .addRandomSalt(SALT_BYTES)
          .with(Argon2Function.getInstance(MEMORY_KIB, PASSES, 1, HASH_BYTES, Argon2.ID))
          .getResult();
    } finally {
      AT_ONCE.release();
    }
  }
}
