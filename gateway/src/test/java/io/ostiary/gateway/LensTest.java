package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.loop.Transport;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.Target;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The kernel's name of both connections reaches the lens, whatever moves the bytes.
class LensTest {
  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "EPOLL"})
  void asksForTheClientsAndTheUpstreamsConnection(Transport.Kind kind) {
    Set<Long> cookies = new ConcurrentSkipListSet<>();
    ConnectionLens lens =
        (cookie, into) -> {
          cookies.add(cookie);
          into.clear();
          into.cookie = cookie;
          return true;
        };
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(List.of(new Target("127.0.0.1", upstream.port(), 1)), kind, lens)) {
      kit.publish();
      assertThat(kit.get("/")).startsWith("HTTP/1.1 200");
      assertThat(kit.ledger(1)).hasSize(1);
      assertThat(cookies).hasSize(2).doesNotContain(0L);
    }
  }
}
