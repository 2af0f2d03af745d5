package io.ostiary.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.model.Ban;
import io.ostiary.model.Cidr;
import io.ostiary.model.Snapshot;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class KernelSideTest {
  private static final String RULE = "rules: [ { deny: { from: [ 198.18.0.1 ] } } ]";

  private static Snapshot snapshot(String kernel, Ban... bans) {
    var text =
        "apis: [ { name: a, path: /, upstream: u } ]\nupstreams: [ { name: u, targets: [ \"198.18.0.1:80\" ] } ]\n"
            + "kernel: { %s }\n".formatted(kernel);
    var read = ConfigReader.parse(text, Path.of("ostiary.yaml"), Map.of(), new OpenApiReader());
    return ((ConfigRead.Understood) read)
        .configuration()
        .snapshot(1, Instant.EPOCH, List.of(), List.of(), List.of(bans));
  }

  private static Ban ban(Ban.Place place) {
    var source = Cidr.parse("198.18.0.9/32");
    var until = Instant.EPOCH.plusSeconds(60);
    return new Ban(
        "b", source, "why", List.of(), Instant.EPOCH, until, "who", new Ban.Action.Deny(), place);
  }

  @Test
  void listenersWaitForWhatTheKernelIsToJudge() {
    assertThat(KernelSide.judges(snapshot("interfaces: auto, " + RULE))).isTrue();
    assertThat(KernelSide.judges(snapshot("interfaces: auto", ban(Ban.Place.KERNEL)))).isTrue();
  }

  @Test
  void listenersWaitForNoVerifierOtherwise() {
    assertThat(KernelSide.judges(snapshot("interfaces: auto"))).isFalse();
    assertThat(KernelSide.judges(snapshot("interfaces: auto", ban(Ban.Place.GATEWAY)))).isFalse();
    assertThat(KernelSide.judges(snapshot("interfaces: off, " + RULE))).isFalse();
  }
}
