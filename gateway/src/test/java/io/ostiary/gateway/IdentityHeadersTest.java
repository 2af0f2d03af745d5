package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.PolicyUse;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Nobody says who they are: fields by which the gateway tells upstreams of callers never come from
/// clients, however they are spelled.
class IdentityHeadersTest {
  private static final int SPELLINGS = 200;
  private static final String MARKS = "-_.!#$%&'*+^`|~";

  /// Tells the upstream who calls, after a wait, as a sign-in does.
  private record Telling(String header) implements PlainPolicy {
    @Override
    public String name() {
      return "telling";
    }

    @Override
    public Verdict request(Exchange exchange) {
      var name = HeaderName.of(header);
      var decided = new CompletableFuture<Verdict>();
      Thread.ofVirtual()
          .start(() ->
              decided.complete(
                  new Verdict.OnLoop(() -> {
                    assertThat(exchange.inEventLoop()).isTrue();
                    exchange.requestHeaders().removeSpellings(name);
                    exchange.requestHeaders().set(name, "told");
                    return Verdict.CONTINUE;
                  })));
      return new Verdict.Wait(decided);
    }
  }

  /// Case and marks at random, the same ones each time.
  private static List<String> spellings(String name) {
    var random = new SplittableRandom(17);
    var all = new LinkedHashSet<String>();
    all.add(name);
    while (all.size() < SPELLINGS) {
      var spelled = new StringBuilder();
      for (char c : name.toCharArray()) {
        boolean upper = random.nextBoolean();
        spelled.append(
            c == '-'
                ? MARKS.charAt(random.nextInt(MARKS.length()))
                : upper ? Character.toUpperCase(c) : Character.toLowerCase(c));
      }
      all.add(spelled.toString());
    }
    return new ArrayList<>(all);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Ostiary-Consumer",
        "Ostiary-Consumer-Name",
        "Ostiary-Groups",
        "Ostiary-Anything-To-Come",
      })
  void theGatewaysOwnAreRemovedOnEveryRoute(String name) {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish()) {
      removedInEverySpelling(name, kit, upstream);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"X-User-Email", "X-Roles"})
  void thoseThatAPolicySetsAreRemovedAndSetOnce(String name) {
    var policy = new Telling(name);
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream, policy)) {
      kit.uses = List.of(new PolicyUse("telling", new PlainPolicy.None()));
      kit.publish();
      removedInEverySpelling(name, kit, upstream);
      assertThat(upstream.heads())
          .allSatisfy(head -> assertThat(head).containsOnlyOnce(name + ": told\r\n"));
    }
  }

  /// Each alone, twice, and named in Connection; in calls of 40 spellings.
  private static void removedInEverySpelling(String name, Kit kit, FakeUpstream upstream) {
    var all = spellings(name);
    int calls = 0;
    for (int from = 0; from < all.size(); from += 20) {
      var head = new StringBuilder("GET /i HTTP/1.1\r\nHost: t\r\nConnection: close");
      var some = all.subList(from, Math.min(all.size(), from + 20));
      some.forEach(spelled -> head.append(", ").append(spelled));
      head.append("\r\n");
      some.forEach(spelled -> head.append(spelled).append(": forged\r\n"));
      some.forEach(spelled -> head.append(spelled).append(":forged\r\n"));
      assertThat(kit.ask(head + "X-Kept: yes\r\n\r\n")).contains(" 200 ");
      var plain = new StringBuilder("GET /i HTTP/1.1\r\nHost: t\r\nConnection: close\r\n");
      some.forEach(spelled -> plain.append(spelled).append(": forged\r\n"));
      assertThat(kit.ask(plain + "X-Kept: yes\r\n\r\n")).contains(" 200 ");
      calls += 2;
    }
    assertThat(upstream.heads()).hasSize(calls);
    assertThat(upstream.heads())
        .allSatisfy(head -> assertThat(head).contains("X-Kept: yes").doesNotContain("forged"));
  }

  @Test
  void neighboursStay() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish()) {
      kit.ask(
          "GET /i HTTP/1.1\r\nHost: t\r\nConnection: close\r\n"
              + "Ostiaryx-Consumer: a\r\nOstiary: b\r\nX-Ostiary-Consumer: c\r\n\r\n");
      assertThat(upstream.heads().getFirst())
          .contains("Ostiaryx-Consumer: a", "Ostiary: b", "X-Ostiary-Consumer: c");
    }
  }
}
