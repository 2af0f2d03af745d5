package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.unix.Socket;
import io.ostiary.gateway.loop.Transport.Kind;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.GatewaySettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A listening socket for each event loop, where somebody chooses between them. The kernel's choice
/// itself is tested by `LoopSocketsTest`, both together by `LoopChoiceIT`.
class LoopChoiceTest {
  @TempDir private Path folder;
  private final FakeChoice choice = new FakeChoice();

  private static FakeUpstream upstream() throws IOException {
    return FakeUpstream.of(talk -> talk.ok("hello"));
  }

  private static GatewaySettings oneConnection(GatewaySettings of) {
    return new GatewaySettings(
        of.headBytesMax(),
        of.headFieldsMax(),
        of.bodyBytesMax(),
        of.headTimeout(),
        of.bodyTimeout(),
        of.idleTimeout(),
        of.connectionAge(),
        of.drainTimeout(),
        1,
        List.of(),
        of.observation(),
        of.outbound(),
        of.errors());
  }

  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "EPOLL"})
  void eachLoopAcceptsAtItsOwnSocketAndSaysWhatItHas(Kind kind) throws Exception {
    try (var upstream = upstream();
        var kit = new Kit(upstream, kind, 3, choice).publish()) {
      assertThat(choice.attached).containsExactly(kit.gateway.descriptors());
      assertThat(kit.gateway.descriptors()).hasSize(3).doesNotHaveDuplicates();
      assertThat(kit.gateway.accepting()).isEqualTo("the fake chooses");
      for (int i = 0; i < 60; i++) {
        assertThat(kit.get("/")).contains("hello");
      }
      // By the kernel's hash: that a loop gets none of sixty is one case in ten thousand millions.
      for (int loop = 0; loop < 3; loop++) {
        assertThat(choice.accepted.get(loop)).isPositive();
      }
      Kit.await(10, () -> choice.open.get(0) + choice.open.get(1) + choice.open.get(2) == 0);
      Kit.await(10, () -> choice.looks.get(2) > 2);
      assertThat(choice.busiest).isBetween(0.0, 1.0);
    }
    assertThat(choice.attached).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "EPOLL"})
  void whoIsNotAcceptedYetWaitsAtALoop(Kind kind) throws Exception {
    try (var upstream = upstream();
        var kit = new Kit(upstream, kind, 2, choice)) {
      kit.settings = oneConnection(kit.settings);
      kit.publish();
      try (var first = kit.client()) {
        first.send("GET / HTTP/1.1\r\nHost: t.example\r\n\r\n");
        first.readUntil("hello");
        // The other loop may pause a moment later, and not all of them go there.
        var others = IntStream.range(0, 12).mapToObj(_ -> kit.client()).toList();
        Kit.await(10, () -> choice.waiting.get(0) + choice.waiting.get(1) > 0);
        for (var other : others) {
          other.close();
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "EPOLL"})
  void aSecondProcessStillFindsThePortTaken(Kind kind) throws Exception {
    try (var upstream = upstream();
        var kit = new Kit(upstream, kind, 2, choice).publish();
        var second = new Kit(upstream, kind, 2, new FakeChoice())) {
      assertThat(second.gateway.publish(kit.snapshot()))
          .isInstanceOfSatisfying(
              Published.Refused.class,
              refused ->
                  assertThat(refused.faults().getFirst().message())
                      .contains("listener 127.0.0.1:" + kit.port)
                      .contains("Address already in use"));
      assertThat(kit.get("/")).contains("hello");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "EPOLL"})
  void allSocketsPassToTheNextHoweverManyLoopsItHas(Kind kind) throws Exception {
    for (int loops = 1; loops <= 3; loops++) {
      var later = new FakeChoice();
      try (var upstream = upstream();
          var before = new Kit(upstream, kind, 2, choice).publish();
          var next = new Kit(upstream, kind, loops, later);
          var _ = HandOver.offer(at(loops), before.gateway::descriptors, _ -> {})) {
        var given = Objects.requireNonNull(HandOver.ask(at(loops), 5_000));
        assertThat(next.gateway.inherit(given.sockets())).isEmpty();
        assertThat(next.gateway.publish(before.snapshot())).isInstanceOf(Published.InForce.class);
        assertThat(next.gateway.forgetInherited()).isEmpty();
        assertThat(next.gateway.descriptors()).hasSize(Math.max(2, loops));
        assertThat(later.attached.getFirst()).hasSize(loops);
        given.accepting();
        before.gateway.leave(Duration.ofSeconds(5));
        for (int i = 0; i < 20; i++) {
          assertThat(before.get("/")).contains("hello");
        }
        assertThat(next.gateway.gauges().accepted()).isEqualTo(20);
      }
    }
  }

  private Path at(int loops) {
    return folder.resolve("s" + loops);
  }

  @Test
  void aSocketThatWasBoundAloneStaysTheOnlyOne() throws Exception {
    try (var upstream = upstream();
        var kit = new Kit(upstream, Kind.IO_URING, 2, choice)) {
      var bound = Socket.newSocketStream();
      bound.bind(new InetSocketAddress("127.0.0.1", kit.port));
      bound.listen(16);
      assertThat(kit.gateway.inherit(List.of(bound.intValue()))).isEmpty();
      kit.publish();

      assertThat(kit.get("/")).contains("hello");
      assertThat(kit.gateway.descriptors()).hasSize(1);
      assertThat(choice.attached).isEmpty();
      assertThat(kit.gateway.accepting())
          .isEqualTo(
              "the fake chooses; one socket accepts for all of them at 127.0.0.1:" + kit.port);
    }
  }

  @Test
  void whereTheKernelRefusesOneSocketAccepts() throws Exception {
    choice.refuses = true;
    try (var upstream = upstream();
        var kit = new Kit(upstream, Kind.IO_URING, 2, choice).publish()) {
      assertThat(kit.get("/")).contains("hello");
      assertThat(kit.gateway.descriptors()).hasSize(1);
      assertThat(kit.gateway.accepting()).contains("one socket accepts for all of them at");
    }
  }

  @Test
  void nioHasOneSocket() throws Exception {
    try (var upstream = upstream();
        var kit = new Kit(upstream, Kind.NIO, 2, choice).publish()) {
      assertThat(kit.get("/")).contains("hello");
      assertThat(choice.attached).isEmpty();
      assertThat(kit.gateway.accepting()).contains("one socket accepts for all of them at");
    }
  }
}
