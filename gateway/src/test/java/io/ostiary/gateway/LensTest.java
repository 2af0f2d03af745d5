package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.loop.Transport;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.Target;
import io.ostiary.model.UpstreamLink;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.Test;
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

  @Test
  void asksForAConnectionThatCallsShare() {
    Set<Long> cookies = new ConcurrentSkipListSet<>();
    ConnectionLens lens =
        (cookie, into) -> {
          cookies.add(cookie);
          into.clear();
          into.cookie = cookie;
          return true;
        };
    try (var upstream = new RawHttp2(talk -> talk.ok("well"));
        var kit =
            new Kit(
                List.of(new Target("127.0.0.1", upstream.port(), 1)), Transport.Kind.EPOLL, lens)) {
      kit.link = new UpstreamLink(UpstreamLink.Protocol.HTTP2, null, UpstreamLink.ProxyHeader.OFF);
      kit.publish();
      try (var client = kit.client()) {
        for (int i = 0; i < 2; i++) {
          client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
          client.readUntil("well");
        }
      }
      assertThat(kit.ledger(2)).hasSize(2);
      assertThat(cookies).hasSize(2).doesNotContain(0L);
    }
  }
}
