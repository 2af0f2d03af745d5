package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.gateway.Gateway;
import io.ostiary.gateway.spi.Policy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.ServiceLoader;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The examples of `docs/routing.md`, read as a user's file would be and compiled to a plan.
class RoutingPageTest {
  private static final Pattern EXAMPLE = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL);

  @TempDir Path directory;

  @Test
  void theExamplesCanBeInForce() throws IOException {
    List<Policy<?>> policies = new ArrayList<>();
    var settings = new HashMap<String, Class<? extends Record>>();
    for (Policy<?> policy : ServiceLoader.load(Policy.class)) {
      policies.add(policy);
      settings.put(policy.name(), policy.settings());
    }
    var examples = EXAMPLE.matcher(Files.readString(Path.of("../docs/routing.md")));
    int count = 0;
    while (examples.find()) {
      count++;
      var file = directory.resolve("ostiary.yaml");
      Files.writeString(file, examples.group(1));
      var read = ConfigReader.read(file, settings, new OpenApiReader());
      assertThat(read).as(examples.group(1)).isInstanceOf(ConfigRead.Understood.class);
      var understood = (ConfigRead.Understood) read;
      assertThat(understood.warnings()).isEmpty();
      var snapshot =
          understood.configuration().snapshot(1, Instant.EPOCH, List.of(), List.of(), List.of());
      assertThat(Gateway.check(policies, snapshot)).isEmpty();
    }
    assertThat(count).isPositive();
  }
}
