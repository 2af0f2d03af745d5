package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Api;
import io.ostiary.model.CallLimits;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import io.ostiary.model.Target;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// How long a policy may wait, which is what its route's upstream may take to answer.
class WaitMaxTest {
  private final AtomicInteger compiled = new AtomicInteger();

  record None() {}

  /// Tells the upstream what it was told when it was compiled.
  private final class Asking implements Policy<None> {
    @Override
    public String name() {
      return "asking";
    }

    @Override
    public Class<None> settings() {
      return None.class;
    }

    @Override
    public Filter compile(None settings, Site site) {
      compiled.incrementAndGet();
      var told = site.waitMax().toMillis() + " " + site.patience(Duration.ofDays(1)).toMillis();
      return new Filter() {
        @Override
        public Set<Moment> moments() {
          return Set.of(Moment.REQUEST);
        }

        @Override
        public Verdict request(Exchange exchange) {
          exchange.requestHeaders().set(HeaderName.of("X-Wait"), told);
          return Verdict.CONTINUE;
        }
      };
    }
  }

  private static Route route(String path, @Nullable String upstream, @Nullable Duration answer) {
    return Kit.route(path, upstream, new CallLimits(null, answer, null, null, null));
  }

  private static Api api(Route... routes) {
    return TestApi.at("/").with(routes).with(new PolicyUse("asking", new None())).made();
  }

  private static List<String> told(FakeUpstream upstream) {
    return upstream.heads().stream()
        .map(head -> head.lines().filter(line -> line.startsWith("X-Wait")).findFirst().orElse(""))
        .toList();
  }

  @Test
  void eachRouteHasItsOwn() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream, new Asking())) {
      kit.answer = Duration.ofSeconds(5);
      var other = kit.upstream("other", List.of(new Target("127.0.0.1", upstream.port(), 1)));
      kit.others = List.of(other);
      kit.answer = Duration.ofSeconds(3);
      kit.apis =
          List.of(
              api(
                  route("/plain", null, null),
                  route("/own", null, Duration.ofMillis(700)),
                  route("/other", "other", null)));
      kit.publish();
      for (var path : List.of("/plain", "/own", "/other")) {
        assertThat(kit.get(path)).startsWith("HTTP/1.1 200");
      }
      assertThat(told(upstream))
          .containsExactly("X-Wait: 3000 2250", "X-Wait: 700 525", "X-Wait: 5000 3750");
    }
  }

  @Test
  void routesThatDoNotDifferShareOneFilter() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream, new Asking())) {
      kit.apis = List.of(api(route("/a", null, null), route("/b", null, null)));
      kit.publish();
      assertThat(compiled).hasValue(1);
    }
  }
}
