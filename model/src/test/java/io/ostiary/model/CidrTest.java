package io.ostiary.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CidrTest {
  @Test
  void holdsWhatSharesItsPrefix() {
    var block = Cidr.parse("198.18.0.0/15");
    assertThat(block.contains(InetAddress.ofLiteral("198.19.255.255"))).isTrue();
    assertThat(block.contains(InetAddress.ofLiteral("198.20.0.0"))).isFalse();
    assertThat(block.contains(InetAddress.ofLiteral("2001:db8::1"))).isFalse();
    var six = Cidr.parse("2001:db8:8000::/33");
    assertThat(six.contains(InetAddress.ofLiteral("2001:db8:ffff::1"))).isTrue();
    assertThat(six.contains(InetAddress.ofLiteral("2001:db8:7fff::1"))).isFalse();
    assertThat(Cidr.parse("0.0.0.0/0").contains(InetAddress.ofLiteral("255.255.255.255"))).isTrue();
  }

  @Test
  void readsASingleAddress() {
    assertThat(Cidr.parse("203.0.113.9").prefix()).isEqualTo(32);
    assertThat(Cidr.parse("2001:db8::9").prefix()).isEqualTo(128);
  }

  @Test
  void saysWhatIsWrongAndHowToRepairIt() {
    assertThatThrownBy(() -> Cidr.parse("203.0.113.9/24"))
        .hasMessage("cidr: 203.0.113.9/24 (expected: no bits behind the prefix: 203.0.113.0/24)");
    assertThatThrownBy(() -> Cidr.parse("203.0.113.0/33"))
        .hasMessage("cidr: 203.0.113.0/33 (expected: a prefix length of 0-32 behind '/')");
    assertThatThrownBy(() -> Cidr.parse("example.org/24")).hasMessageContaining("example.org/24");
    assertThatThrownBy(() -> Cidr.parse("")).hasMessageContaining("expected: an address");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.2.3",
        "1",
        "16909060",
        "010.1.1.1",
        "1.2.3.04",
        "fe80::1%eth0",
        "[::1]",
        "1.2.3.4.5",
        "1.2.3.",
        ".1.2.3",
        "1..2.3",
        "1.2.3.256",
        "1.2.3.1000",
        "00.1.2.3",
        "2001:db8::g",
        "2001:db8::１",
        ":",
        "1:2:3:4:5:6:7"
      })
  void takesNothingThatMeansAnotherAddressElsewhere(String text) {
    assertThatThrownBy(() -> Cidr.parse(text))
        .hasMessage(
            "cidr: %s (expected: an address or a block such as 203.0.113.0/24)".formatted(text));
  }
}
