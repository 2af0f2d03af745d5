package io.ostiary.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Errors;
import io.ostiary.model.Target;
import java.net.SocketException;
import org.junit.jupiter.api.Test;

/// The words for connections that did not come about, also where only another user than that of the
/// tests would meet them.
class RefusedTest {
  private static final Target FILE = new Target("unix:/run/app.sock", 0, 1);
  private static final Target HOST = new Target("app.example", 80, 1);

  @Test
  void knowTheErrorsOfUnixSocketsByEitherLibrary() {
    Epoll.ensureAvailability(); // Netty's texts are made from the C library's.
    assertThat(word(Errors.newIOException("connect", -13))).isEqualTo("permission-denied");
    assertThat(word(new SocketException("Permission denied"))).isEqualTo("permission-denied");
    assertThat(word(Errors.newIOException("connect", -11))).isEqualTo("queue-full");
    assertThat(word(new SocketException("Resource temporarily unavailable")))
        .isEqualTo("queue-full");
    assertThat(word(new SocketException("No such file or directory"))).isEqualTo("no-such-socket");
    assertThat(word(new SocketException("Protocol wrong type for socket")))
        .isEqualTo("connect-failed");
  }

  private static String word(Throwable failed) {
    return Refused.word(FILE, failed);
  }

  @Test
  void areOthersThanThoseOfTheNetwork() {
    assertThat(Refused.word(HOST, new SocketException("Permission denied")))
        .isEqualTo("connect-failed");
    assertThat(Refused.sentence(FILE, "permission-denied")).isEqualTo("permission denied");
    assertThat(Refused.sentence(FILE, "queue-full")).contains("queue");
  }
}
