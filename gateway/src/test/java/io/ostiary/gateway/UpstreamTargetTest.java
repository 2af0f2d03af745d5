package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.PolicyUse;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/// What a policy can put in the place of the client's target, and what the upstream then reads.
class UpstreamTargetTest {
  /// Lets the call go on where `change` says true, else answers 299.
  private record Changing(Predicate<Exchange> change) implements PlainPolicy {
    @Override
    public String name() {
      return "changing";
    }

    @Override
    public Verdict request(Exchange exchange) {
      return change.test(exchange)
          ? Verdict.CONTINUE
          : new Verdict.Answer(new Message(299, List.of(), exchange.upstreamPath()));
    }
  }

  private static String upstreamReads(String target, Predicate<Exchange> change) {
    try (var upstream = FakeUpstream.of(talk -> talk.ok(talk.head()));
        var kit = new Kit(upstream, new Changing(change))) {
      kit.apis =
          List.of(
              TestApi.at("/shop")
                  .stripped()
                  .with(new PolicyUse("changing", new PlainPolicy.None()))
                  .made());
      kit.publish();
      var answer = kit.get(target);
      var path = target.replace("%7e", "~");
      assertThat(kit.ledger(1).getFirst()).startsWith("GET " + path + " ");
      return answer.startsWith("HTTP/1.1 200")
          ? answer.substring(answer.indexOf("\r\n\r\n") + 4)
          : answer;
    }
  }

  @Test
  void theApisPathIsCutOffAndTheRestIsTheClients() {
    assertThat(upstreamReads("/shop/%7ea?b=%20", exchange -> true))
        .startsWith("GET /~a?b=%20 HTTP/1.1\r\nHost: t.example\r\n");
    assertThat(upstreamReads("/shop?b", exchange -> exchange.upstreamPath().equals("/")))
        .startsWith("GET /?b HTTP/1.1\r\n");
  }

  @Test
  void anotherPathIsNormalisedAsTheClientsWas() {
    assertThat(
            upstreamReads(
                "/shop/a?b=1",
                exchange ->
                    exchange.upstreamPath().equals("/a")
                        && exchange.upstreamPath("/v2/./x/../%7e//%c3%a9")
                        && exchange.upstreamPath().equals("/v2/~/%C3%A9")
                        && exchange.path().equals("/shop/a")))
        .startsWith("GET /v2/~/%C3%A9?b=1 HTTP/1.1\r\n");
  }

  @Test
  void theLedgerKeepsWhatTheClientAskedForAndWhatWentUpstream() {
    try (var upstream = FakeUpstream.echo();
        var kit =
            new Kit(
                upstream,
                new Changing(
                    exchange -> exchange.query() == null || exchange.upstreamPath("/v2")))) {
      kit.uses = List.of(new PolicyUse("changing", new PlainPolicy.None()));
      kit.publish();
      assertThat(kit.get("/a?b=1")).endsWith("/v2?b=1");
      assertThat(kit.get("/a")).endsWith("/a");
      var targets = new java.util.ArrayList<String>();
      long until = System.nanoTime() + 5_000_000_000L;
      while (targets.size() < 2 && System.nanoTime() < until) {
        for (var ring : kit.gateway.ledger().rings()) {
          ring.drain(
              slot ->
                  targets.add(
                      new String(slot.target, 0, slot.targetLength, Kit.LATIN)
                          + " "
                          + new String(
                              slot.upstreamTarget, 0, slot.upstreamTargetLength, Kit.LATIN)),
              10);
        }
      }
      assertThat(targets).containsExactlyInAnyOrder("/a?b=1 /v2?b=1", "/a ");
    }
  }

  @Test
  void aPathThatIsAmbiguousChangesNothing() {
    for (var path :
        List.of(
            "",
            "x",
            "/..",
            "/a/../..",
            "/%2f",
            "/%5C",
            "/%00",
            "/%",
            "/a?b",
            "/a#b",
            "/a b",
            "/a\r\nX: y",
            "/\u00e9",
            "http://other/",
            "/..;x/",
            "/" + "x".repeat(8192))) {
      assertThat(upstreamReads("/shop/a", exchange -> exchange.upstreamPath(path)))
          .as(path)
          .startsWith("HTTP/1.1 299")
          .endsWith("\r\n\r\n/a");
    }
  }

  @Test
  void anotherHostIsToldButTheClientsIsForwarded() {
    assertThat(upstreamReads("/shop/a", exchange -> exchange.upstreamHost("orders.internal:81")))
        .contains("\r\nHost: orders.internal:81\r\n", "\r\nX-Forwarded-Host: t.example\r\n");
    assertThat(upstreamReads("/shop/a", exchange -> exchange.upstreamHost(null)))
        .containsPattern("\r\nHost: 127\\.0\\.0\\.1:\\d+\r\n");
    for (var host : List.of("", "a b", "a/b", "a\r\nb", "a:0", "u@h")) {
      assertThat(upstreamReads("/shop/a", exchange -> exchange.upstreamHost(host)))
          .as(host)
          .startsWith("HTTP/1.1 299");
    }
  }

  @Test
  void anotherQueryGoesUpstreamAndOneWithoutASecretReplacesBoth() {
    assertThat(
            upstreamReads(
                "/shop/a?b=1",
                exchange -> {
                  exchange.upstreamQuery("c=2");
                  return exchange.query().equals("b=1") && exchange.upstreamQuery().equals("c=2");
                }))
        .startsWith("GET /a?c=2 HTTP/1.1\r\n");
    try (var upstream = FakeUpstream.echo();
        var kit =
            new Kit(
                upstream,
                new Changing(exchange -> {
                  exchange.upstreamQuery("key=s3cret&c=2");
                  exchange.query("b=1");
                  return true;
                }))) {
      kit.uses = List.of(new PolicyUse("changing", new PlainPolicy.None()));
      kit.publish();
      assertThat(kit.get("/a?key=s3cret&b=1")).endsWith("\r\n\r\n/a?b=1");
      assertThat(kit.ledger(1).getFirst()).startsWith("GET /a?b=1 ");
    }
  }
}
