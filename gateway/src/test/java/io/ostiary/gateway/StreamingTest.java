package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Target;
import io.ostiary.model.UpstreamLink;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// Content that goes on as it comes, and never gathers in the gateway.
class StreamingTest {
  private static final int MEGABYTES = 64;
  private static final long MEMORY_MAX = 24L * 1024 * 1024;
  private static final String EVENTS =
      "GET /events HTTP/1.1\r\nHost: t\r\nAccept: text/event-stream\r\n\r\n";

  private static void await(Semaphore permit) throws IOException {
    try {
      if (!permit.tryAcquire(5, TimeUnit.SECONDS)) {
        throw new IOException("the client has not seen the event before");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static void readsEachBeforeTheNextIsSent(Kit kit, Semaphore seen) {
    try (var client = kit.client()) {
      client.send(EVENTS);
      for (int i = 0; i < 5; i++) {
        client.readUntil("data: " + i + "\n\n");
        seen.release();
      }
      client.readUntil("0\r\n\r\n");
    }
  }

  @Test
  void passesEachEventAtOnce() {
    var seen = new Semaphore(1);
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send(
                  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                      + "Transfer-Encoding: chunked\r\n\r\n");
              for (int i = 0; i < 5; i++) {
                await(seen);
                talk.send("9\r\ndata: " + i + "\n\n\r\n");
              }
              talk.send("0\r\n\r\n");
              return true;
            });
        var kit = new Kit(upstream).publish()) {
      readsEachBeforeTheNextIsSent(kit, seen);
    }
  }

  @Test
  void passesEachEventAtOnceOverHttp2() {
    var seen = new Semaphore(1);
    try (var upstream =
            new RawHttp2(talk -> {
              talk.headers(false, ":status", "200", "content-type", "text/event-stream");
              for (int i = 0; i < 5; i++) {
                await(seen);
                talk.data(false, "data: " + i + "\n\n");
              }
              talk.data(true, "");
              return true;
            });
        var kit = new Kit(List.of(new Target("127.0.0.1", upstream.port(), 1)))) {
      kit.link = new UpstreamLink(UpstreamLink.Protocol.HTTP2, null, UpstreamLink.ProxyHeader.OFF);
      readsEachBeforeTheNextIsSent(kit.publish(), seen);
    }
  }

  @Test
  void gathersNothingOfLargeContent() throws Exception {
    try (var text =
            FakeUpstream.of(talk -> {
              var block = new byte[1024 * 1024];
              talk.send("HTTP/1.1 200 OK\r\nContent-Length: " + (MEGABYTES << 20) + "\r\n\r\n");
              for (int i = 0; i < MEGABYTES; i++) {
                talk.out().write(block);
              }
              return true;
            });
        var frames = new NodeUpstream("h2c");
        var overText = new Kit(text).publish();
        var overFrames = new Kit(List.of(new Target("127.0.0.1", frames.port, 1)))) {
      overFrames.link =
          new UpstreamLink(UpstreamLink.Protocol.HTTP2, null, UpstreamLink.ProxyHeader.OFF);
      overFrames.publish();
      assertThat(mostMemory(overText)).isLessThan(MEMORY_MAX);
      assertThat(mostMemory(overFrames)).isLessThan(MEMORY_MAX);
    }
  }

  /// Reads all, with a pause now and then, and looks how much the gateway holds meanwhile.
  private static long mostMemory(Kit kit) throws Exception {
    var metric = ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT).metric();
    var most = new AtomicLong();
    try (var client = kit.client()) {
      client.send("GET /bytes/" + (MEGABYTES << 20) + " HTTP/1.1\r\nHost: t\r\n\r\n");
      client.readUntil("\r\n\r\n");
      var in = client.socket.getInputStream();
      for (int i = 0; i < MEGABYTES; i++) {
        assertThat(in.readNBytes(1 << 20)).hasSize(1 << 20);
        if (i % 16 == 0) {
          Thread.sleep(50);
        }
        most.accumulateAndGet(metric.usedDirectMemory() + metric.usedHeapMemory(), Math::max);
      }
    }
    return most.get();
  }
}
