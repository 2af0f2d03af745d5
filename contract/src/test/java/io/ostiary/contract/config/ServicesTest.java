package io.ostiary.contract.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Service;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Services as people write them, rightly and wrongly.
class ServicesTest {
  @Test
  void readsAService() {
    var service =
        ConfigReaderTest.understood(
                """
                services:
                  - name: web
                    address: "[2001:db8::10]:80"
                    algorithm: least-loaded
                    targets:
                      - "[2001:db8:1::2]:8000"
                      - { address: "[2001:db8:2::2]:8000", weight: 3, drain: true }
                    health: { every: 1s }
                    slow-start: 20s
                """)
            .services()
            .getFirst();
    assertThat(service.place()).isEqualTo("tcp [2001:db8::10]:80");
    assertThat(service.algorithm()).isEqualTo(Service.Algorithm.LEAST_LOADED);
    assertThat(service.targets())
        .containsExactly(
            new Service.Target("2001:db8:1::2", 8000, 1, false),
            new Service.Target("2001:db8:2::2", 8000, 3, true));
    assertThat(service.check())
        .isEqualTo(new Service.Check(null, 0, Duration.ofSeconds(1), Duration.ofSeconds(2), 3, 2));
    assertThat(service.slowStart()).isEqualTo(Duration.ofSeconds(20));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          address: "203.0.113.1:70000", targets: "198.51.100.1:80" | port 70000
          address: "203.0.113.1:0", targets: "198.51.100.1:80" | port 0
          address: "web.example:80", targets: "198.51.100.1:80" | (expected: an IP address
          address: "127.0.0.1:80", targets: "198.51.100.1:80" | not loopback
          address: "203.0.113.1:80", targets: "127.0.0.1:80" | targets: '127.0.0.1'
          address: "203.0.113.1:80", targets: [] | targets (count): 0 (expected: 1-64)
          address: "203.0.113.1:80", targets: "[2001:db8::1]:80" | the same IP version
          address: "203.0.113.1:80", targets: "203.0.113.1:80" | not the service itself
          address: "203.0.113.1:80", targets: [ "198.51.100.1:80", "198.51.100.1:80" ] | twice
          address: "203.0.113.1:80", targets: [ { address: "198.51.100.1:80", weight: 0 } ] | 1-1000
          address: "203.0.113.1:80", protocol: udp, algorithm: least-loaded, targets: "198.51.100.1:80" | UDP has no connections
          address: "203.0.113.1:80", protocol: udp, health: {}, targets: "198.51.100.1:80" | udp without a port
          address: "203.0.113.1:80", protocol: sctp, targets: "198.51.100.1:80" | tcp or udp
          """)
  void refusesWhatCannotWork(String service, String message) {
    assertThat(faults("services: [ { name: web, " + service + " } ]")).contains(message);
  }

  @Test
  void keepsServicesApart() {
    var faults =
        faults(
            """
            listeners: [ "203.0.113.9:80" ]
            services:
              - { name: a, address: "203.0.113.1:80", targets: "198.51.100.1:80" }
              - { name: b, address: "203.0.113.1:80", targets: "198.51.100.2:80" }
              - { name: c, address: "203.0.113.3:80", targets: "198.51.100.1:80" }
              - { name: d, address: "198.51.100.2:80", targets: "198.51.100.4:80" }
              - { name: e, address: "203.0.113.9:80", targets: "198.51.100.5:80" }
            """);
    assertThat(faults)
        .contains("4:25: address: tcp 203.0.113.1:80 is that of service 'a' too")
        .contains("198.51.100.1:80 answers for service 'a' too")
        .contains("address: tcp 198.51.100.2:80 is a target of service 'b'")
        .contains("address: tcp 203.0.113.9:80 is that of a listener");
  }

  private static String faults(String text) {
    return ConfigReaderTest.read(text) instanceof ConfigRead.Refused(var faults)
        ? String.join("\n", faults.stream().map(Object::toString).toList())
        : "none";
  }
}
