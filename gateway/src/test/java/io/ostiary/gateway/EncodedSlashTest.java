package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Api;
import io.ostiary.model.Conditions;
import io.ostiary.model.PathPattern;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Ids with slashes, where an API says that it has such: routing, policies and the upstream see the
/// same bytes of them.
class EncodedSlashTest {
  private static final HeaderName SEEN = HeaderName.of("X-Seen");
  private static final HeaderName ID = HeaderName.of("X-Id");
  private static final HeaderName REWRITE = HeaderName.of("X-Rewrite");

  private final FakeUpstream upstream = FakeUpstream.echo();
  private final Kit kit = new Kit(upstream, new Telling());

  /// Tells what policies see, and puts another path in place where the client asks for it.
  private static final class Telling implements PlainPolicy {
    @Override
    public String name() {
      return "telling";
    }

    @Override
    public Verdict request(Exchange exchange) {
      exchange.requestHeaders().set(SEEN, exchange.path());
      exchange.requestHeaders().set(ID, "" + exchange.pathParameter("id"));
      var other = exchange.requestHeaders().first(REWRITE);
      if (other != null && !exchange.upstreamPath(other)) {
        exchange.upstreamPath("/refused");
      }
      return Verdict.CONTINUE;
    }
  }

  @BeforeEach
  void publish() {
    kit.apis = List.of(api("plain", false), api("ids", true));
    kit.publish();
  }

  @AfterEach
  void close() {
    kit.close();
    upstream.close();
  }

  private static Api api(String name, boolean slashes) {
    return TestApi.at("/" + name)
        .stripped()
        .with(route("part", "/{id}/parts"), route("one", "/{id}"), route("all", "/*"))
        .with(new PolicyUse("telling", new PlainPolicy.None()))
        .slashes(slashes)
        .made();
  }

  private static Route route(String id, String path) {
    return new Route(id, Set.of(), new PathPattern(path), Conditions.NONE, null, null, List.of());
  }

  private String get(String target, String... fields) {
    var more = new StringBuilder();
    for (var field : fields) {
      more.append(field).append("\r\n");
    }
    return kit.ask(
        "GET " + target + " HTTP/1.1\r\nHost: t\r\n" + more + "Connection: close\r\n\r\n");
  }

  private String head(String target, String... fields) {
    assertThat(get(target, fields)).as(target).startsWith("HTTP/1.1 200");
    return upstream.heads().getLast();
  }

  @Test
  void theIdIsOneSegmentForEverybody() {
    assertThat(head("/ids/a%2fb/parts?x=%2f"))
        .startsWith("GET /a%2Fb/parts?x=%2f HTTP/1.1")
        .contains("X-Seen: /ids/a%2Fb/parts\r\n", "X-Id: a%2Fb\r\n");
    assertThat(head("/ids/https%3a%2F%2fe.example%2Fx"))
        .startsWith("GET /https%3A%2F%2Fe.example%2Fx HTTP/1.1")
        .contains("X-Id: https%3A%2F%2Fe.example%2Fx\r\n");
    assertThat(head("/ids/x/../a%2F.b%2Fc..;v=1")).startsWith("GET /a%2F.b%2Fc..;v=1 HTTP/1.1");
    assertThat(head("/ids/a%252Fb")).startsWith("GET /a%252Fb HTTP/1.1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/plain/a%2Fb",
        "/plain/a%2fb/../c",
        "/none/a%2Fb",
        "/ids/a%5Cb",
        "/ids/a%2F%00",
        "/ids/..%2Fb",
        "/ids/%2e%2E%2fb",
        "/ids/.%2Fb",
        "/ids/a%2F..",
        "/ids/a%2F../b",
        "/ids/a%2F.%2Fb",
        "/ids/a%2F..%2F..%2Fb",
        "/ids/a%2F..;x%2Fb",
        "/ids/.;x%2Fb",
        "/ids/x%2F.;",
        "/ids/%2F.."
      })
  void isRefusedWhereServersWouldDisagree(String target) {
    assertThat(kit.get(target)).startsWith("HTTP/1.1 400").contains("ambiguous-path");
    assertThat(upstream.heads()).isEmpty();
  }

  @Test
  void theConnectionGoesOn() {
    var answers =
        kit.ask(
            "GET /plain/a%2Fb HTTP/1.1\r\nHost: t\r\n\r\n"
                + "GET /plain/ab HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    assertThat(answers).contains("HTTP/1.1 400", "HTTP/1.1 200");
  }

  @Test
  void policiesMayMakeSuchPathsWhereClientsMay() {
    assertThat(head("/ids/a", "X-Rewrite: /v2/x%2fy")).startsWith("GET /v2/x%2Fy HTTP/1.1");
    assertThat(head("/ids/a", "X-Rewrite: /v2/..%2fy")).startsWith("GET /refused HTTP/1.1");
    assertThat(head("/plain/a", "X-Rewrite: /v2/x%2fy")).startsWith("GET /refused HTTP/1.1");
  }
}
