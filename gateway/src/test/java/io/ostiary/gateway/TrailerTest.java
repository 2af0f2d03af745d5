package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.PolicyUse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/// What is said behind a body cannot change what was said before it.
class TrailerTest {
  /// Takes a field out of requests and answers, and writes another one, as policies that recognise
  /// callers do.
  private static final class Recognising implements PlainPolicy {
    private static final HeaderName ROLE = HeaderName.of("X-Role");
    private static final HeaderName USER = HeaderName.of("X-User");
    private static final HeaderName INTERNAL = HeaderName.of("X-Internal");

    @Override
    public String name() {
      return "recognising";
    }

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST, Moment.RESPONSE);
    }

    @Override
    public Verdict request(Exchange exchange) {
      exchange.requestHeaders().removeSpellings(ROLE);
      exchange.requestHeaders().set(USER, "ann");
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict response(Exchange exchange) {
      exchange.responseHeaders().remove(INTERNAL);
      return Verdict.CONTINUE;
    }
  }

  private final List<String> told = new CopyOnWriteArrayList<>();

  /// Keeps the trailers of requests, and answers with some.
  private FakeUpstream upstream() {
    return FakeUpstream.of(talk -> {
      told.addAll(trailers(talk));
      talk.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Head: 1\r\n\r\n");
      talk.send("2\r\nhi\r\n0\r\nX-Sum: 9\r\nSet-Cookie: a=b\r\ncontent_type: x\r\n");
      talk.send("X-Internal: 1\r\nX-Head: 2\r\n\r\n");
      return true;
    });
  }

  /// The lines behind the last chunk of content in three bytes.
  private static List<String> trailers(FakeUpstream.Talk talk) throws IOException {
    var lines = new ArrayList<String>();
    var line = new StringBuilder();
    while (!lines.contains("")) {
      int b = talk.in().read();
      if (b < 0) {
        throw new IOException("ended after " + lines);
      }
      if (b == '\n') {
        lines.add(line.toString());
        line.setLength(0);
      } else if (b != '\r') {
        line.append((char) b);
      }
    }
    return lines.subList(3, lines.size() - 1);
  }

  private static final String REQUEST =
      "POST / HTTP/1.1\r\nHost: t\r\nX-Said: 1\r\nTransfer-Encoding: chunked\r\n"
          + "Connection: close\r\n\r\n3\r\nabc\r\n0\r\n";

  @Test
  void passesOnWhatAddsToTheHead() {
    try (var upstream = upstream();
        var kit = new Kit(upstream).publish()) {
      var answer = kit.ask(REQUEST + "X-Sum: 7\r\nServer-Timing: a;dur=1\r\n\r\n");
      assertThat(told).containsExactly("X-Sum: 7", "Server-Timing: a;dur=1");
      // A server may say the same before and after (Server-Timing does); a client may choose.
      assertThat(answer).endsWith("\r\n0\r\nX-Sum: 9\r\nX-Internal: 1\r\nX-Head: 2\r\n\r\n");
    }
  }

  @Test
  void leavesOutWhatOnlyAHeadMaySay() {
    try (var upstream = upstream();
        var kit = new Kit(upstream).publish()) {
      kit.ask(
          REQUEST
              + "Authorization: Bearer x\r\nauthorization: y\r\nCONTENT_TYPE: text/html\r\n"
              + "Cookie: a=b\r\nContent-Encoding: gzip\r\nRange: bytes=0-1\r\nIf-Match: *\r\n"
              + "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\nX-Sum: 7\r\n"
              + "Max-Forwards: 1\r\nOstiary-Consumer: x\r\nTE: x\r\nTrailer: x\r\n\r\n");
      assertThat(told).containsExactly("X-Sum: 7");
    }
  }

  @Test
  void leavesOutWhatTheHeadSaysAndWhatPoliciesTookOutOfIt() {
    try (var upstream = upstream();
        var kit = new Kit(upstream, new Recognising())) {
      kit.uses = List.of(new PolicyUse("recognising", new PlainPolicy.None()));
      kit.publish();
      var answer =
          kit.ask(
              REQUEST
                  + "X-Said: 2\r\nx_said: 3\r\nX-User: root\r\nx_user: root\r\nX-Role: admin\r\n"
                  + "x_role: admin\r\nX.Role: admin\r\nX-Sum: 7\r\n\r\n");
      assertThat(told).containsExactly("X-Sum: 7");
      assertThat(answer).endsWith("\r\n0\r\nX-Sum: 9\r\nX-Head: 2\r\n\r\n");
    }
  }

  @Test
  void theCallAfterIsNotKeptFromAnything() {
    try (var upstream = upstream();
        var kit = new Kit(upstream, new Recognising())) {
      kit.routes = List.of(Kit.route("one", "/*"));
      kit.uses = List.of(new PolicyUse("recognising", new PlainPolicy.None()));
      kit.publish();
      try (var client = kit.client()) {
        var again = REQUEST.replace("Connection: close\r\n", "");
        client.send(again + "X-Role: admin\r\n\r\n");
        client.readUntil("X-Head: 2\r\n\r\n");
        kit.uses = List.of();
        kit.publish();
        client.send(again + "X-Role: admin\r\n\r\n");
        client.readUntil("X-Head: 2\r\n\r\n");
      }
      assertThat(told).containsExactly("X-Role: admin");
    }
  }

  /// What HTTP/1.1 refuses there is no better over HTTP/2.
  @Test
  void trailersThatFrameAMessageOrCannotBeReadAreMalformed() throws Exception {
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.in().readAllBytes();
              return false;
            });
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      int stream = 1;
      for (var name : List.of("content-length", "host", "content_length", "transfer_encoding")) {
        client.frame(
            FrameClient.HEADERS,
            FrameClient.END_HEADERS,
            stream,
            FrameClient.request("POST", "/x"));
        client.frame(FrameClient.DATA, 0, stream, "abc".getBytes(Kit.LATIN));
        client.frame(
            FrameClient.HEADERS,
            FrameClient.END_HEADERS | FrameClient.END_STREAM,
            stream,
            FrameClient.block(name, "3", "x-sum", "7"));
        assertThat(client.answer(stream).status()).as(name).isEqualTo("reset 1");
        stream += 2;
      }
    }
  }
}
