package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.PolicyUse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RequestSizeTest {
  private static final FakeSite SITE = FakeSite.anywhere();

  private static Filter filter(RequestSize.Settings settings) {
    return new RequestSize().compile(settings, SITE);
  }

  @Test
  void countsFieldsAndQuery() {
    var filter = filter(new RequestSize.Settings(20, 3, null, Map.of(), false));
    assertThat(filter.moments()).containsExactly(Moment.REQUEST);
    assertThat(filter.request(SITE.exchange("GET", "/?a=1").with("Accept", "12345678")))
        .isEqualTo(Verdict.CONTINUE);
    var fields =
        Sites.problem(filter.request(SITE.exchange("GET", "/").with("Accept", "1234567890a")));
    assertThat(fields.status()).isEqualTo(431);
    assertThat(fields.detail()).contains("At most 20 bytes");
    assertThat(Sites.problem(filter.request(SITE.exchange("GET", "/?a=12"))).status())
        .isEqualTo(414);
  }

  @Test
  void refusesAnAnnouncedBodyAtOnceAndCountsAnother() {
    var filter = filter(new RequestSize.Settings(null, null, 5L, Map.of(), false));
    var announced = SITE.exchange("POST", "/").with("Content-Length", "6");
    assertThat(Sites.problem(filter.request(announced)).status()).isEqualTo(413);
    var fits = SITE.exchange("POST", "/").with("Content-Length", "5");
    assertThat(filter.request(fits)).isEqualTo(Verdict.CONTINUE);

    var chunked = SITE.exchange("POST", "/").with("Transfer-Encoding", "chunked");
    assertThat(filter.request(chunked)).isEqualTo(Verdict.CONTINUE);
    assertThat(filter.requestBody(chunked, ByteBuffer.allocate(5), false))
        .isEqualTo(Verdict.CONTINUE);
    assertThat(Sites.problem(filter.requestBody(chunked, ByteBuffer.allocate(1), true)).code())
        .isEqualTo("request-body-size");
  }

  @Test
  void whatAMethodSaysReplacesWhatIsSaidForAll() {
    var methods =
        Map.of(
            "POST", new RequestSize.Sizes(null, null, 9L),
            "GET", new RequestSize.Sizes(null, 0, null));
    var filter = filter(new RequestSize.Settings(null, 2, 1L, methods, false));
    assertThat(filter.request(SITE.exchange("POST", "/?a").with("Content-Length", "9")))
        .isEqualTo(Verdict.CONTINUE);
    assertThat(Sites.problem(filter.request(SITE.exchange("POST", "/?abc"))).status())
        .isEqualTo(414);
    assertThat(Sites.problem(filter.request(SITE.exchange("GET", "/?a"))).status()).isEqualTo(414);
    assertThat(
            Sites.problem(filter.request(SITE.exchange("PUT", "/").with("Content-Length", "9")))
                .status())
        .isEqualTo(413);
  }

  @Test
  void refusesSettingsThatSayNothing() {
    assertThatThrownBy(() -> new RequestSize.Settings(null, null, null, Map.of(), false))
        .hasMessageStartingWith("request-size: nothing");
    assertThatThrownBy(() ->
            new RequestSize.Settings(
                null, null, null, Map.of("post", new RequestSize.Sizes(1, 1, 1L)), false))
        .hasMessageStartingWith("request-size.methods: post");
  }

  /// A slow upload: the upstream has heard nothing of the call until its last byte is here.
  @Test
  void keepsSlowBodiesFromTheUpstream() throws IOException {
    var settings = WrittenSettings.of(new RequestSize(), "{ body: 1KiB, buffer: true }");
    try (var upstream = FakeUpstream.echo();
        var kit =
            new PolicyKit(
                upstream, List.of(new RequestSize()), new PolicyUse("request-size", settings));
        var socket = kit.connect()) {
      var out = socket.getOutputStream();
      var head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345";
      out.write(head.getBytes(StandardCharsets.US_ASCII));
      out.flush();
      // Another call on the way shows that the first would have been there by now.
      kit.curl("/other");
      assertThat(upstream.heads()).hasSize(1);
      out.write("67890".getBytes(StandardCharsets.US_ASCII));
      out.flush();
      assertThat(PolicyKit.readUntil(socket.getInputStream(), "\r\n")).contains(" 200 ");
      assertThat(upstream.heads()).hasSize(2);
      assertThat(kit.curl("-d", "x".repeat(1025), "/")).contains("request-body-size");
      assertThat(
              kit.curl(
                  "-H",
                  "Transfer-Encoding: chunked",
                  "-d",
                  "x".repeat(1025),
                  "-w",
                  "%{http_code}",
                  "/"))
          .endsWith("413");
    }
  }

  @Test
  void buffersNothingWithoutABound() {
    for (var text :
        List.of(
            "{ query: 1KiB, buffer: true }",
            "{ methods: { GET: { body: 1B } }, buffer: true }",
            "{ body: 65MiB, buffer: true }")) {
      assertThatThrownBy(() -> WrittenSettings.of(new RequestSize(), text))
          .as(text)
          .hasMessageStartingWith("request-size.buffer: true for bodies of any length");
    }
  }
}
