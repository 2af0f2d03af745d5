package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Api;
import io.ostiary.model.PolicyUse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The examples of `docs/policies`, read as a user's file would be and compiled.
class PagesTest {
  private static final Pattern EXAMPLE =
      Pattern.compile("```yaml\n(policies:.*?)```", Pattern.DOTALL);

  @TempDir Path directory;

  private static Map<String, Policy<?>> policies() {
    var policies = new HashMap<String, Policy<?>>();
    for (Policy<?> policy : ServiceLoader.load(Policy.class)) {
      policies.put(policy.name(), policy);
    }
    return policies;
  }

  private ConfigRead read(String policies) throws IOException {
    Files.writeString(
        directory.resolve("orders.yaml"),
        """
        openapi: 3.1.0
        info: { title: Orders, version: "1" }
        paths:
          /orders:
            get: { operationId: list }
        """);
    var file = directory.resolve("ostiary.yaml");
    Files.writeString(
        file,
        """
        listeners: [ { address: "127.0.0.1:8080" } ]
        upstreams: [ { name: orders, targets: [ "127.0.0.1:9001" ] } ]
        apis:
          - name: orders
            path: /
            upstream: orders
            openapi: orders.yaml
        """
            + policies.indent(4));
    var settings = new HashMap<String, Class<? extends Record>>();
    policies().forEach((name, policy) -> settings.put(name, policy.settings()));
    return ConfigReader.read(file, settings, new OpenApiReader());
  }

  @ParameterizedTest
  @ValueSource(strings = {"cors", "headers", "ip", "key-auth", "rate-limit"})
  void theExampleOfThePageWorks(String name) throws IOException {
    var matcher = EXAMPLE.matcher(Files.readString(Path.of("../docs/policies/" + name + ".md")));
    assertThat(matcher.find()).as("an example in " + name + ".md").isTrue();
    compile(read(matcher.group(1)), name);
  }

  @Test
  void validateCompilesForAnOperationOfTheDocument() throws IOException {
    compile(
        read("policies: [ { validate: { request: report, unknown-parameters: ignore } } ]"),
        "validate");
    compile(read("policies: [ validate ]"), "validate");
  }

  private static void compile(ConfigRead read, String name) {
    assertThat(read).isInstanceOf(ConfigRead.Understood.class);
    Api api = ((ConfigRead.Understood) read).configuration().apis().getFirst();
    assertThat(api.policies()).extracting(PolicyUse::name).contains(name);
    var site = Sites.site(Sites.snapshot(api, List.of(), List.of()));
    for (var use : api.policies()) {
      compile(policies().get(use.name()), use, site);
    }
  }

  private static <S extends Record> void compile(Policy<S> policy, PolicyUse use, FakeSite site) {
    assertThat(policy.compile(policy.settings().cast(use.settings()), site)).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rate-limit: { requests: 5, by: nobody }",
        "rate-limit: {}",
        "validate: { response: maybe }",
        "validate: { body-max: 1TB }",
        "ip: {}",
        "ip: { deny: [ 203.0.113.1/24 ] }",
        "cors: {}",
        "key-auth: { heder: X }"
      })
  void badSettingsHaveAPlace(String policy) throws IOException {
    var read = read("policies: [ { " + policy + " } ]");
    assertThat(read).isInstanceOf(ConfigRead.Refused.class);
    assertThat(((ConfigRead.Refused) read).faults().toString())
        .contains("ostiary.yaml:8:")
        .doesNotContain("Exception");
  }
}
