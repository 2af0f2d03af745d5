package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Cidr;
import io.ostiary.model.PolicyUse;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// How a client came, where a proxy before us ends TLS for it.
class SchemeTest {
  /// Answers with what it is told.
  private record Told() implements PlainPolicy {
    @Override
    public String name() {
      return "told";
    }

    @Override
    public Verdict request(Exchange exchange) {
      var how = exchange.https() + " " + exchange.secure();
      return new Verdict.Answer(new Message(200, List.of(Field.of("X-How", how)), ""));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "127.0.0.0/8 | X-Forwarded-Proto: https                             | true",
        "127.0.0.0/8 | X-Forwarded-Proto: HTTPS                             | true",
        "127.0.0.0/8 | X-Forwarded-Proto: http                              | false",
        "127.0.0.0/8 | X-Forwarded-Proto: https, http                       | false",
        "127.0.0.0/8 | X-Forwarded-Proto: wss                               | false",
        "127.0.0.0/8 | X-Other: 1                                           | false",
        "127.0.0.0/8 | Forwarded: for=192.0.2.1;proto=https                 | true",
        "127.0.0.0/8 | Forwarded: for=192.0.2.1;proto=https, for=192.0.2.2  | false",
        "192.0.2.0/24| X-Forwarded-Proto: https                             | false",
        "192.0.2.0/24| Forwarded: proto=https                               | false",
      })
  void aTrustedProxySaysHowTheClientCame(String trusted, String field, boolean https) {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream, new Told())) {
      kit.settings = kit.settings.withTrustedProxies(List.of(Cidr.parse(trusted)));
      kit.uses = List.of(new PolicyUse("told", new PlainPolicy.None()));
      kit.publish();
      assertThat(kit.ask("GET / HTTP/1.1\r\nHost: a\r\n" + field + "\r\nConnection: close\r\n\r\n"))
          .contains("X-How: " + https + " false\r\n");
    }
  }
}
