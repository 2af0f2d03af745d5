package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.BodyChange;
import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeUpstream;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Filters that replace bodies, in both directions.
class BodyChangeTest {
  /// Writes each byte between brackets, and `!` at the end.
  private static class Brackets implements Filter {
    final AtomicInteger closed = new AtomicInteger();

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST_BODY, Moment.RESPONSE_BODY);
    }

    @Override
    public BodyNeed requestBodyNeed() {
      return BodyNeed.CHANGE;
    }

    @Override
    public BodyNeed responseBodyNeed() {
      return BodyNeed.CHANGE;
    }

    @Override
    public BodyChange requestChange(Exchange exchange) {
      return change();
    }

    @Override
    public @Nullable BodyChange responseChange(Exchange exchange) {
      return change();
    }

    private BodyChange change() {
      return new BodyChange() {
        @Override
        public Verdict change(
            Exchange exchange, ByteBuffer in, boolean last, io.ostiary.gateway.spi.BodyOut out) {
          var made = new byte[3 * in.remaining()];
          for (int i = 0; in.hasRemaining(); i += 3) {
            made[i] = '[';
            made[i + 1] = in.get();
            made[i + 2] = ']';
          }
          out.write(made, 0, made.length);
          if (last) {
            out.write(ByteBuffer.wrap(new byte[] {'!'}));
          }
          return Verdict.CONTINUE;
        }

        @Override
        public void close() {
          closed.incrementAndGet();
        }
      };
    }
  }

  /// Reads bodies whole.
  private static final class Reader implements Filter {
    private final int most;
    volatile String request = "";
    volatile String response = "";

    Reader(int most) {
      this.most = most;
    }

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST_BODY, Moment.RESPONSE_BODY);
    }

    @Override
    public BodyNeed requestBodyNeed() {
      return new BodyNeed.Whole(most);
    }

    @Override
    public BodyNeed responseBodyNeed() {
      return new BodyNeed.Whole(most);
    }

    @Override
    public Verdict requestBody(Exchange exchange, ByteBuffer body, boolean last) {
      request = Kit.LATIN.decode(body).toString();
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict responseBody(Exchange exchange, ByteBuffer body, boolean last) {
      response = Kit.LATIN.decode(body).toString();
      return Verdict.CONTINUE;
    }
  }

  private static final String POST =
      "POST /p HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 2\r\n"
          + "Content-Digest: sha-256=:AAAA:\r\n\r\nhi";

  @Test
  void replacesBodiesAsTheyPass() {
    var brackets = new Brackets();
    try (var upstream = FakeUpstream.echo();
        var kit = FixedPolicy.kit(upstream, brackets)) {
      assertThat(kit.ask(POST))
          .contains("Transfer-Encoding: chunked\r\n")
          .doesNotContain("Content-Length")
          .endsWith("\r\n\r\n7\r\n[/][p]!\r\n0\r\n\r\n");
      assertThat(upstream.heads().getFirst())
          .contains("Transfer-Encoding: chunked\r\n")
          .doesNotContain("Content-Length", "Content-Digest");
      kit.ledger(1);
      assertThat(brackets.closed).hasValue(2);
    }
  }

  @Test
  void whoReadsTheWholeSeesWhatOthersLeft() {
    var reader = new Reader(100);
    try (var upstream = FakeUpstream.echo();
        var kit = FixedPolicy.kit(upstream, new Brackets(), reader)) {
      assertThat(kit.ask(POST)).contains("Content-Length: 7\r\n").endsWith("\r\n\r\n[/][p]!");
      assertThat(upstream.heads().getFirst()).contains("Content-Length: 7\r\n");
      assertThat(reader.request).isEqualTo("[h][i]!");
      assertThat(reader.response).as("on the way out it comes first").isEqualTo("/p");
    }
    var before = new Reader(6);
    try (var upstream = FakeUpstream.echo();
        var kit = FixedPolicy.kit(upstream, before, new Brackets())) {
      assertThat(kit.ask(POST)).as("what grew beyond its limit").startsWith("HTTP/1.1 502 ");
      assertThat(before.request).isEqualTo("hi");
    }
  }

  @Test
  void aChangedRepresentationHasAWeakTagAndNoDigest() {
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send(
                  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nETag: \"a\"\r\nRepr-Digest: x=:AA:\r\n"
                      + "Accept-Ranges: bytes\r\n\r\n"
                      + (talk.head().startsWith("HEAD") ? "" : "a"));
              return true;
            });
        var kit = FixedPolicy.kit(upstream, new Brackets())) {
      assertThat(kit.get("/"))
          .contains("ETag: W/\"a\"\r\n")
          .doesNotContain("Digest", "Accept-Ranges", "Content-Length")
          .endsWith("\r\n4\r\n[a]!\r\n0\r\n\r\n");
      assertThat(kit.ask("HEAD / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"))
          .contains("ETag: W/\"a\"\r\n")
          .doesNotContain("Content-Length", "Digest")
          .endsWith("\r\n\r\n");
      assertThat(kit.ask("GET / HTTP/1.0\r\nHost: t\r\n\r\n"))
          .doesNotContain("Transfer-Encoding")
          .endsWith("\r\n\r\n[a]!");
    }
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n");
              return true;
            });
        var kit = FixedPolicy.kit(upstream, new Brackets())) {
      assertThat(kit.get("/")).startsWith("HTTP/1.1 304 ").contains("ETag: \"a\"\r\n");
    }
  }

  @Test
  void aChangeMayRefuseAndMayFail() {
    var refusing =
        new Brackets() {
          @Override
          public BodyChange requestChange(Exchange exchange) {
            return (call, in, last, out) -> new Verdict.Reply(Problem.of(413, "no", "No", ""));
          }
        };
    try (var upstream = FakeUpstream.echo();
        var kit = FixedPolicy.kit(upstream, refusing)) {
      assertThat(kit.ask(POST)).startsWith("HTTP/1.1 413 ");
    }
    var failing =
        new Brackets() {
          @Override
          public BodyChange responseChange(Exchange exchange) {
            throw new IllegalStateException("on purpose");
          }
        };
    try (var upstream = FakeUpstream.echo();
        var kit = FixedPolicy.kit(upstream, failing)) {
      assertThat(kit.ask(POST)).startsWith("HTTP/1.1 500 ").doesNotContain("on purpose");
    }
  }

  @Test
  void aReaderThatIsSlowHoldsTheUpstreamBack() throws Exception {
    int size = 2 * 1024 * 1024;
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
              var megabyte = "x".repeat(1024 * 1024);
              for (int i = 0; i < 2; i++) {
                talk.send(megabyte);
              }
              return true;
            });
        var kit = FixedPolicy.kit(upstream, new Brackets());
        var client = kit.client()) {
      client.send("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
      Thread.sleep(300);
      var all = client.readAll();
      assertThat(all).endsWith("]!\r\n0\r\n\r\n");
      assertThat(all.chars().filter(c -> c == '[').count()).isEqualTo(size);
    }
  }
}
