package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.ApiKey;
import io.ostiary.model.Consumer;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class KeyAuthTest {
  private static final Consumer ALICE = new Consumer("c-1", "Alice");
  private static final Consumer BOB = new Consumer("Bücher & Co", "Bob");
  private static final FakeSite SITE =
      site(List.of(Sites.key("alice-key", "c-1"), Sites.key("bob-key", BOB.id())));
  private static final KeyAuth.Settings PLAIN =
      new KeyAuth.Settings("X-API-Key", null, false, false);
  private static final KeyAuth.Settings EVERYWHERE =
      new KeyAuth.Settings("X-API-Key", "key", true, false);

  private static FakeSite site(List<ApiKey> keys) {
    var api = Sites.api(List.of(Sites.route("all", "/*")));
    return Sites.site(Sites.snapshot(api, List.of(ALICE, BOB), keys));
  }

  private static Filter filter(KeyAuth.Settings settings) {
    return new KeyAuth().compile(settings, SITE);
  }

  private static FakeExchange exchange(String target) {
    return SITE.exchange("GET", target);
  }

  @Test
  void recognisesTheOwnerAndHidesTheKey() {
    var exchange = exchange("/x").with("x-api-key", "alice-key").with("X_API_Key", "other");
    assertThat(filter(PLAIN).request(exchange)).isEqualTo(Verdict.CONTINUE);
    assertThat(exchange.consumer()).isEqualTo(ALICE);
    assertThat(exchange.requestHeaders().all("Ostiary-Consumer")).containsExactly("c-1");
    assertThat(exchange.requestHeaders().toString()).doesNotContain("key");
  }

  @Test
  void forwardsTheKeyIfAsked() {
    var exchange = exchange("/x").with("X-API-Key", "alice-key");
    filter(new KeyAuth.Settings("X-API-Key", null, false, true)).request(exchange);
    assertThat(exchange.requestHeaders().first("X-API-Key")).isEqualTo("alice-key");
  }

  @Test
  void clientsCannotSayWhoTheyAre() {
    var exchange = exchange("/x").with("X-API-Key", "bob-key").with("ostiary-consumer", "c-1");
    filter(PLAIN).request(exchange);
    assertThat(exchange.requestHeaders().toString()).doesNotContain("c-1");
    assertThat(exchange.requestHeaders().all("Ostiary-Consumer"))
        .containsExactly("B%C3%BCcher%20%26%20Co");
  }

  @Test
  void asksForAKey() {
    var problem = Sites.problem(filter(PLAIN).request(exchange("/x?key=alice-key")));
    assertThat(problem.status()).isEqualTo(401);
    assertThat(problem.code()).isEqualTo("key-auth");
    assertThat(problem.detail()).contains("'X-API-Key'").doesNotContain("Bearer");
    assertThat(Sites.fields(problem))
        .containsExactly("WWW-Authenticate: ApiKey realm=\"orders\", name=\"X-API-Key\"");
  }

  @Test
  void refusesAnUnknownKey() {
    for (var key :
        List.of("", "alice-ke", "alice-key ", "ALICE-KEY", "k".repeat(10_000), "\u1234")) {
      var exchange = exchange("/x").with("X-API-Key", key);
      assertThat(Sites.problem(filter(PLAIN).request(exchange)).status()).isEqualTo(401);
      assertThat(exchange.consumer()).isNull();
    }
  }

  @Test
  void refusesTwoKeys() {
    var twice = exchange("/x").with("X-API-Key", "alice-key").with("x-api-key", "alice-key");
    assertThat(Sites.problem(filter(PLAIN).request(twice)).detail()).contains("more than one");
    var mixed = exchange("/x?key=bob-key").with("X-API-Key", "alice-key");
    assertThat(Sites.problem(filter(EVERYWHERE).request(mixed)).detail()).contains("more than one");
    var repeated = exchange("/x?key=bob-key&key=bob-key");
    assertThat(Sites.problem(filter(EVERYWHERE).request(repeated)).detail())
        .contains("more than one");
    var bearers =
        exchange("/x").with("Authorization", "Bearer alice-key").with("Authorization", "Basic x");
    assertThat(Sites.problem(filter(EVERYWHERE).request(bearers)).detail())
        .contains("more than one");
  }

  @Test
  void takesTheKeyOutOfTheQuery() {
    var exchange = exchange("/x?a=1&%6bey=bob%2Dkey&b=%20");
    assertThat(filter(EVERYWHERE).request(exchange)).isEqualTo(Verdict.CONTINUE);
    assertThat(exchange.consumer()).isEqualTo(BOB);
    assertThat(exchange.query()).isEqualTo("a=1&b=%20");
    var alone = exchange("/x?key=bob-key");
    filter(EVERYWHERE).request(alone);
    assertThat(alone.query()).isNull();
  }

  @Test
  void takesABearerTokenIfAsked() {
    var exchange = exchange("/x").with("authorization", "bearer alice-key");
    assertThat(filter(EVERYWHERE).request(exchange)).isEqualTo(Verdict.CONTINUE);
    assertThat(exchange.requestHeaders().first("Authorization")).isNull();
    var unknown = exchange("/x").with("Authorization", "Bearer nobody");
    assertThat(Sites.fields(Sites.problem(filter(EVERYWHERE).request(unknown))))
        .contains("WWW-Authenticate: Bearer realm=\"orders\", error=\"invalid_token\"");
    var ignored = exchange("/x").with("Authorization", "Bearer alice-key");
    assertThat(Sites.problem(filter(PLAIN).request(ignored)).status()).isEqualTo(401);
  }

  @Test
  void keepsAForeignAuthorization() {
    var exchange =
        exchange("/x").with("X-API-Key", "alice-key").with("Authorization", "Basic YTpi");
    assertThat(filter(EVERYWHERE).request(exchange)).isEqualTo(Verdict.CONTINUE);
    assertThat(exchange.requestHeaders().first("Authorization")).isEqualTo("Basic YTpi");
  }

  @Test
  void findsEachOfManyKeysWithoutAllocating() {
    var consumers = new ArrayList<Consumer>();
    var keys = new ArrayList<ApiKey>();
    for (int i = 0; i < 10_000; i++) {
      consumers.add(new Consumer("c" + i, "n" + i));
      keys.add(Sites.key("key-" + i, "c" + i));
    }
    var table = new KeyTable(keys, consumers);
    for (int i = 0; i < 10_000; i++) {
      assertThat(Objects.requireNonNull(table.find("key-" + i)).consumer())
          .isSameAs(consumers.get(i));
      assertThat(table.find("yek-" + i)).isNull();
    }
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 10_000; i++) {
      table.find("key-77");
    }
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(10_000);
  }

  @Test
  void oneTableServesAllSitesOfASnapshot() {
    var keys = List.of(Sites.key("alice-key", "c-1"));
    var table = new KeyTable(keys, List.of(ALICE));
    assertThat(table.isOf(List.copyOf(keys), List.of(ALICE))).isFalse();
    var policy = new KeyAuth();
    assertThat(policy.compile(PLAIN, SITE).request(exchange("/x").with("X-API-Key", "alice-key")))
        .isEqualTo(Verdict.CONTINUE);
    var revoked = site(List.of(Sites.key("bob-key", BOB.id())));
    var exchange = revoked.exchange("GET", "/x").with("X-API-Key", "alice-key");
    assertThat(Sites.problem(policy.compile(PLAIN, revoked).request(exchange)).status())
        .isEqualTo(401);
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> new KeyAuth.Settings("Authorization", null, false, false))
        .hasMessageContaining("Use 'bearer: true'");
    assertThatThrownBy(() -> new KeyAuth.Settings("Host", null, false, false))
        .hasMessageStartingWith("key-auth.header: Host");
    assertThatThrownBy(() -> new KeyAuth.Settings("X-Key", " ", false, false))
        .hasMessageStartingWith("key-auth.query");
    var twoOwners = site(List.of(Sites.key("k", "c-1"), Sites.key("k", BOB.id())));
    assertThatThrownBy(() -> new KeyAuth().compile(PLAIN, twoOwners))
        .hasMessageContaining("one key for 'Alice' and 'Bob'");
  }
}
