package io.ostiary.gateway.connection;

import io.netty.handler.ssl.OpenSslSessionTicketKey;
import java.security.SecureRandom;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The keys under which clients keep sessions (tickets, RFC 5077 and RFC 8446 section 4.6.1). Who
/// has one reads what was sent under all of its tickets, so each seals for six hours, is taken for
/// six more, and is forgotten. That also bounds how old a session is that can be resumed: in TLS
/// 1.3 the library lets it be for two days. There is no clock here: connections that begin bring
/// the time along. Shared by event loops, without a lock.
final class TicketKeys {
  static final long SEALS_NANOS = TimeUnit.HOURS.toNanos(6);

  private static final SecureRandom RANDOM = new SecureRandom();

  /// @param since when the first began to seal
  private record Pair(OpenSslSessionTicketKey current, OpenSslSessionTicketKey before, long since) {
    OpenSslSessionTicketKey[] both() {
      return new OpenSslSessionTicketKey[] {current, before};
    }
  }

  private final AtomicReference<Pair> pair;

  TicketKeys(long nanos) {
    pair = new AtomicReference<>(new Pair(made(), made(), nanos));
  }

  private static OpenSslSessionTicketKey made() {
    return new OpenSslSessionTicketKey(
        random(OpenSslSessionTicketKey.NAME_SIZE),
        random(OpenSslSessionTicketKey.HMAC_KEY_SIZE),
        random(OpenSslSessionTicketKey.AES_KEY_SIZE));
  }

  private static byte[] random(int size) {
    var bytes = new byte[size];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  /// The first seals, both are taken.
  OpenSslSessionTicketKey[] now() {
    return Objects.requireNonNull(pair.get()).both();
  }

  /// What they are from now on, told to one who asks; null: what they were.
  OpenSslSessionTicketKey @Nullable [] turned(long nanos) {
    var old = Objects.requireNonNull(pair.get());
    long age = nanos - old.since;
    if (age < SEALS_NANOS) {
      return null;
    }
    // Where nobody came for long, the one that sealed last is too old as well.
    var next = new Pair(made(), age < 2 * SEALS_NANOS ? old.current : made(), nanos);
    return pair.compareAndSet(old, next) ? next.both() : null;
  }
}
