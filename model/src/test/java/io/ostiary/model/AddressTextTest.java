package io.ostiary.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressTextTest {
  /// The cases of RFC 5952 sections 2 and 4.
  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 192.0.2.1",
    "0:0:0:0:0:0:0:0, ::",
    "0:0:0:0:0:0:0:1, ::1",
    "2001:0db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
    "2001:DB8:AAAA:0:0:0:0:0, 2001:db8:aaaa::",
    "fe80:0:0:0:1:0:0:0, fe80::1:0:0:0",
    "0:0:1:0:0:0:0:2, 0:0:1::2"
  })
  void isShortenedAsRfc5952Says(String written, String expected) throws Exception {
    var address = InetAddress.getByName(written);
    assertThat(AddressText.of(address)).isEqualTo(expected);
    assertThat(InetAddress.getByName(expected)).isEqualTo(address);
  }

  /// RFC 5952 section 5; an `InetAddress` cannot be one.
  @Test
  void ofPacketsMayHoldAnIpv4Address() {
    var bytes = new byte[16];
    bytes[10] = bytes[11] = (byte) 0xff;
    bytes[12] = (byte) 192;
    bytes[14] = 2;
    bytes[15] = 33;
    assertThat(AddressText.of(bytes)).isEqualTo("::ffff:192.0.2.33");
  }

  @Test
  void standInBracketsBeforeAPort() throws Exception {
    assertThat(AddressText.of(InetAddress.getByName("2001:db8::1"), 80))
        .isEqualTo("[2001:db8::1]:80");
    assertThat(AddressText.of(InetAddress.getByName("255.0.10.100"), 80))
        .isEqualTo("255.0.10.100:80");
  }

  @Test
  void blocksAreWrittenTheSameWay() {
    assertThat(Cidr.parse("2001:DB8:0:0::/32")).hasToString("2001:db8::/32");
    assertThat(Cidr.parse("::/0")).hasToString("::/0");
  }
}
