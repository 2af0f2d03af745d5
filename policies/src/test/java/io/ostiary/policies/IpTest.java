package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Cidr;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class IpTest {
  private static final FakeSite SITE = FakeSite.anywhere();

  private static Verdict call(Ip.Settings settings, String from) {
    return new Ip()
        .compile(settings, SITE)
        .request(SITE.exchange("GET", "/orders").from("192.0.2.1").forwardedFor(from));
  }

  private static List<Cidr> blocks(String... blocks) {
    return Stream.of(blocks).map(Cidr::parse).toList();
  }

  @Test
  void letsInOnlyWhomItAllows() {
    var settings = new Ip.Settings(blocks("198.18.0.0/15", "2001:db8::/32"), List.of());
    assertThat(call(settings, "198.19.255.255")).isEqualTo(Verdict.CONTINUE);
    assertThat(call(settings, "2001:db8:1::1")).isEqualTo(Verdict.CONTINUE);
    assertThat(Sites.problem(call(settings, "198.20.0.0")).status()).isEqualTo(403);
    assertThat(Sites.problem(call(settings, "2001:db9::1")).code()).isEqualTo("ip");
  }

  @Test
  void denyOutweighsAllow() {
    var settings = new Ip.Settings(blocks("198.18.0.0/15"), blocks("198.18.7.0/24"));
    assertThat(call(settings, "198.18.6.255")).isEqualTo(Verdict.CONTINUE);
    assertThat(Sites.problem(call(settings, "198.18.7.1")).status()).isEqualTo(403);
  }

  @Test
  void withOnlyDenyEverybodyElseMayCall() {
    var settings = new Ip.Settings(List.of(), blocks("203.0.113.0/24"));
    assertThat(call(settings, "::1")).isEqualTo(Verdict.CONTINUE);
    assertThat(Sites.problem(call(settings, "203.0.113.9")).status()).isEqualTo(403);
  }

  @Test
  void looksThroughAnIpv4MappedAddress() {
    var settings = new Ip.Settings(List.of(), blocks("203.0.113.0/24"));
    assertThat(Sites.problem(call(settings, "::ffff:203.0.113.9")).status()).isEqualTo(403);
  }

  @Test
  void refusesToDoNothing() {
    assertThatThrownBy(() -> new Ip.Settings(List.of(), List.of()))
        .hasMessageContaining("ip: nothing (expected: blocks");
  }
}
