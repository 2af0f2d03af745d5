package io.ostiary.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.model.Cidr;
import io.ostiary.model.Snapshot;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class UpstreamAddressesTest {
  private static Snapshot snapshot(String targets) {
    var text =
        "apis: [ { name: a, path: /, upstream: u } ]\nupstreams: [ { name: u, targets: [ %s ] } ]\n"
            .formatted(targets);
    var read = ConfigReader.parse(text, Path.of("ostiary.yaml"), Map.of(), new OpenApiReader());
    return ((ConfigRead.Understood) read)
        .configuration()
        .snapshot(1, Instant.EPOCH, List.of(), List.of(), List.of());
  }

  @Test
  void knowsAddressesAtOnceAndNamesSoon() {
    try (var addresses = new UpstreamAddresses(() -> {})) {
      assertThat(
              addresses.of(snapshot("\"198.18.0.1:80\", \"[2001:db8::1]:80\", \"localhost:80\"")))
          .contains(
              Cidr.parse("198.18.0.1/32"),
              Cidr.parse("2001:db8::1/128"),
              Cidr.parse("127.0.0.1/32"));
      assertThat(addresses.of(snapshot("\"198.18.0.2:80\"")))
          .containsExactly(Cidr.parse("198.18.0.2/32"));
    }
  }

  @Test
  void goesOnWithoutANameThatNobodyKnows() {
    try (var addresses = new UpstreamAddresses(() -> {})) {
      assertThat(addresses.of(snapshot("\"nowhere.invalid:80\", \"198.18.0.1:80\"")))
          .containsExactly(Cidr.parse("198.18.0.1/32"));
    }
  }
}
