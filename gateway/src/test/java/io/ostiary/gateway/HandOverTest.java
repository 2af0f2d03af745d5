package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.unix.Socket;
import io.ostiary.gateway.loop.Transport.Kind;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.Target;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Listening sockets pass from one gateway to another: here within one process, from one process to
/// the next in `TakeOverIT`.
class HandOverTest {
  private static final String KEPT = "GET / HTTP/1.1\r\nHost: t.example\r\n\r\n";

  @TempDir private Path folder;

  private static Kit kit(FakeUpstream upstream, Kind kind) {
    return new Kit(List.of(new Target("127.0.0.1", upstream.port(), 1)), kind, ConnectionLens.NONE);
  }

  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "EPOLL"})
  void theNextAcceptsAtTheSameSocketAndNobodyIsCut(Kind kind) throws Exception {
    var asked = new CompletableFuture<HandOver.Next>();
    try (var upstream = FakeUpstream.of(talk -> talk.ok("hello"));
        var before = kit(upstream, kind).publish();
        var next = kit(upstream, kind);
        var kept = before.client();
        var _ = HandOver.offer(folder.resolve("s"), before.gateway::descriptors, asked::complete)) {
      kept.send(KEPT);
      assertThat(kept.readUntil("hello")).contains("hello").doesNotContain("Connection: close");

      var given = Objects.requireNonNull(HandOver.ask(folder.resolve("s"), 5_000));
      assertThat(next.gateway.inherit(given.sockets())).isEmpty();
      assertThat(next.gateway.publish(before.snapshot())).isInstanceOf(Published.InForce.class);
      assertThat(next.gateway.forgetInherited()).isEmpty();
      given.accepting();

      assertThat(asked.get(5, TimeUnit.SECONDS).accepts().get(5, TimeUnit.SECONDS)).isTrue();
      var leaving = Thread.startVirtualThread(() -> before.gateway.leave(Duration.ofSeconds(10)));
      Kit.await(10, () -> before.gateway.addresses().isEmpty());
      kept.send(KEPT);
      assertThat(kept.readAll()).contains("hello").contains("Connection: close");
      kept.socket.close();
      assertThat(leaving.join(Duration.ofSeconds(5))).isTrue();
      before.gateway.close();

      assertThat(before.get("/")).contains("hello");
      assertThat(next.gateway.gauges().accepted()).isPositive();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "EPOLL"})
  void whoWaitedBeforeAnybodyAcceptedIsAnswered(Kind kind) throws Exception {
    try (var upstream = FakeUpstream.of(talk -> talk.ok("hello"));
        var kit = kit(upstream, kind)) {
      var bound = Socket.newSocketStream();
      bound.bind(new InetSocketAddress("127.0.0.1", kit.port));
      bound.listen(16);
      try (var early = kit.client()) {
        early.send(KEPT);

        assertThat(kit.gateway.inherit(List.of(0, bound.intValue()))).containsExactly(0);
        kit.publish();

        assertThat(early.readUntil("hello")).contains("hello");
      }
    }
  }

  @Test
  void aNextThatGoesAwayHasChangedNothing() throws Exception {
    var asked = new CompletableFuture<HandOver.Next>();
    try (var upstream = FakeUpstream.of(talk -> talk.ok("hello"));
        var before = kit(upstream, Kind.IO_URING).publish();
        var _ = HandOver.offer(folder.resolve("s"), before.gateway::descriptors, asked::complete)) {
      Objects.requireNonNull(HandOver.ask(folder.resolve("s"), 5_000)).close();

      assertThat(asked.get(5, TimeUnit.SECONDS).accepts().get(5, TimeUnit.SECONDS)).isFalse();
      assertThat(before.get("/")).contains("hello");
    }
  }
}
