package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Identity;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Consumer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AclTest {
  private static final Acl.Who NOBODY = new Acl.Who(Set.of(), Set.of(), Set.of());
  private static final Consumer ALICE =
      new Consumer("c-1", "alice", Set.of("gold"), Set.of("eu"), List.of());

  private final FakeSite site = FakeSite.anywhere();

  private Verdict asked(Acl.Who allow, Acl.Who deny, FakeExchange exchange) {
    return new Acl().compile(new Acl.Settings(allow, deny), site).request(exchange);
  }

  private FakeExchange by(Consumer consumer) {
    var exchange = site.exchange("GET", "/orders");
    exchange.consumer(consumer);
    return exchange;
  }

  private static Acl.Who consumers(String... names) {
    return new Acl.Who(Set.of(names), Set.of(), Set.of());
  }

  private static Acl.Who groups(String... names) {
    return new Acl.Who(Set.of(), Set.of(names), Set.of());
  }

  private static Acl.Who tags(String... names) {
    return new Acl.Who(Set.of(), Set.of(), Set.of(names));
  }

  @Test
  void letsInByNameIdGroupOrTag() {
    for (var who : List.of(consumers("alice"), consumers("c-1"), groups("x", "gold"), tags("eu"))) {
      assertThat(asked(who, NOBODY, by(ALICE))).isEqualTo(Verdict.CONTINUE);
      assertThat(Sites.problem(asked(NOBODY, who, by(ALICE))).status()).isEqualTo(403);
    }
    for (var who : List.of(consumers("gold"), groups("alice"), tags("gold"))) {
      assertThat(Sites.problem(asked(who, NOBODY, by(ALICE))).code()).isEqualTo("acl");
      assertThat(asked(NOBODY, who, by(ALICE))).isEqualTo(Verdict.CONTINUE);
    }
  }

  @Test
  void denyWinsOverAllow() {
    assertThat(Sites.problem(asked(groups("gold"), consumers("alice"), by(ALICE))).status())
        .isEqualTo(403);
  }

  @Test
  void knowsTheGroupsOfATokenAndOfNobodyNothing() {
    var exchange = site.exchange("GET", "/orders");
    assertThat(Sites.problem(asked(groups("staff"), NOBODY, exchange)).detail()).contains("known");
    assertThat(asked(NOBODY, groups("staff"), exchange)).isEqualTo(Verdict.CONTINUE);
    exchange.identity(new Identity("jwt", "u", Set.of("staff"), Map.of()));
    assertThat(asked(groups("staff"), NOBODY, exchange)).isEqualTo(Verdict.CONTINUE);
    assertThat(Sites.problem(asked(NOBODY, groups("staff"), exchange)).status()).isEqualTo(403);
  }

  @Test
  void refusesToMeanNobody() {
    assertThatThrownBy(() -> new Acl.Settings(NOBODY, NOBODY)).hasMessageStartingWith("acl: ");
  }
}
