package io.ostiary.contract.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.ostiary.contract.tree.Json;
import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.TreeReader;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigSchemaTest {
  private static final Schema SCHEMA =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(ConfigSchema.node(Policies.ALL));

  @Test
  void acceptsTheExampleOfTheDesign() {
    assertThat(faults(ConfigReaderTest.DESIGN)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "apis: [ { name: a, path: /, upstream: u, policies: [ key-auth ] } ]",
        "apis: [ { name: a, path: /, upstream: u, policies: [ key-auth: ] } ]",
        "kernel: { interfaces: [ eth0 ], rules: }",
        "kernel: { interfaces: off, management: 192.0.2.1 }",
        "kernel: { rules: [ deny: { to-port: [ 80, \"90-99\" ], protocol: tcp } ] }",
        "limits: { body: 10MB, head: 65536 }",
        "upstreams: [ { name: u, targets: \"h:1\", retry: { statuses: 503, grpc: 14 } } ]",
        "listeners: [ \"[::]:80\", { address: \"0.0.0.0:81\" } ]",
        "upstreams: [ { name: u, targets: [ \"h:1\", { address: \"h:2\", weight: 3 } ] } ]",
      })
  void acceptsWhatTheBinderAccepts(String text) {
    assertThat(faults(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "listner: []",
        "apis: [ { name: a, path: /, upstrem: u } ]",
        "apis: [ { name: a, upstream: u } ]",
        "apis: [ { name: a, path: /, upstream: u, openapi: 3 } ]",
        "upstreams: [ { name: u, targets: \"h:1\", balance: fastest } ]",
        "kernel: { interfaces: of }",
        "kernel: { dry-run: yes }",
        "kernel: { rules: [ denny: {} ] }",
        "kernel: { rules: [ { deny: {}, allow: {} } ] }",
        "limits: { body: 10 MB }",
        "timeouts: { idle: 5 }",
        "trusted-proxies: [ here ]",
      })
  void refusesWhatTheBinderRefuses(String text) {
    assertThat(ConfigReaderTest.read(text)).isInstanceOf(ConfigRead.Refused.class);
    assertThat(faults(text)).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rate-limt",
        "rate-limit",
        "key-auth: {}, cors: { origin: x }",
        "rate-limit: { requests: many, per: 1m }",
        "rate-limit: { requests: 1, per: 5 }",
        "rate-limit: { requests: 1, per: 1m, by: user }",
      })
  void refusesSettingsThatTheBinderRefuses(String policies) {
    refusesWhatTheBinderRefuses(
        "upstreams: [ { name: u, targets: \"h:1\" } ]\n"
            + "apis: [ { name: a, path: /, upstream: u, policies: [ "
            + policies
            + " ] } ]");
  }

  @Test
  void tellsEditorsWhatThingsAreAndTheirDefaults() {
    var schema = ConfigSchema.node(Policies.ALL);

    assertThat(schema.at("/properties/limits/properties/body/description").asString())
        .isEqualTo("One request body");
    assertThat(schema.at("/properties/limits/properties/body/default").asString())
        .isEqualTo("64MiB");
    assertThat(schema.at("/$defs/policy-rate-limit/properties/requests/description").asString())
        .isEqualTo("How many calls");
    assertThat(ConfigSchema.json(Policies.ALL)).contains("\"title\" : \"ostiary.yaml\"");
  }

  @Test
  void describesOnePolicysSettings() {
    var schema = ConfigSchema.settings(Policies.RateLimit.class);

    assertThat(schema.at("/required").toString()).isEqualTo("[\"requests\",\"per\"]");
    assertThat(schema.at("/properties/by/enum").toString()).isEqualTo("[\"address\",\"consumer\"]");
  }

  static List<?> faults(String text) {
    var parsed = TreeReader.parse(text, "a.yaml", Limits.CONFIGURATION);
    return SCHEMA.validate(Json.node(((Parsed.Tree) parsed).root()));
  }
}
