package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.contract.testing.Spoilt;
import io.ostiary.contract.tree.Fault;
import io.ostiary.contract.tree.Json;
import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.TreeReader;
import io.ostiary.gateway.Gateway;
import io.ostiary.gateway.spi.Policy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The examples of the policies' pages with each of their settings given what it cannot be: the
/// fault stands where the value does, also where it is found only as policies meet their route.
class EveryPolicySettingTest {
  private static final Pattern EXAMPLE =
      Pattern.compile("```yaml\n(policies:.*?)```", Pattern.DOTALL);
  private static final Map<String, String> OF_AN_API =
      Map.of(
          "mock",
          """
          policies:
            - mock: { always: false, delay: 50ms }
          """,
          "validate",
          """
          policies:
            - validate:
                request: report
                response: enforce
                unknown-parameters: ignore
                body-max: 64KiB
          """);

  private static final String PLACE = "/apis/0/policies/";

  /// Where any text can be meant, and none is one.
  private static final Pattern ANY_TEXT =
      Pattern.compile(
          ".*/(set|set-if-absent|add|rename|remove|when|fields|headers|client-id|client-secret|body"
              + "|groups|consumers|issuer|audience|anonymous-consumer|parameters|scopes)(/.*)?");

  /// May not be empty: it would fit nobody, or nothing.
  private static final Pattern NEVER_EMPTY =
      Pattern.compile(
          ".*/(jwt|oauth2-introspection)/(issuer|audience|scopes|headers)(/.*)?"
              + "|.*/(groups|consumers|parameters|methods|remove|rename|anonymous-consumer)(/.*)?");

  /// A key or a number can be a secret.
  private static final Pattern ANY_NUMBER = Pattern.compile(".*/client-secret");

  private final Map<String, Policy<?>> policies = new TreeMap<>();
  @TempDir private Path directory;

  @Test
  void isToldAtItsPlaceWhatIsWrongWithIt() throws IOException {
    ServiceLoader.load(Policy.class).forEach(policy -> policies.put(policy.name(), policy));
    Files.writeString(
        directory.resolve("orders.yaml"),
        """
        openapi: 3.1.0
        info: { title: Orders, version: "1" }
        paths:
          /orders:
            get: { operationId: list }
        """);
    var wrong = new ArrayList<String>();
    int cases = 0;
    for (var name : policies.keySet()) {
      var example = example(name);
      var good = (Parsed.Tree) TreeReader.parse(text(example), "good.yaml", Limits.CONFIGURATION);
      if (OF_AN_API.containsKey(name)) {
        assertThat(faults(text(example))).as(name).isEmpty();
      }
      for (var one : Spoilt.all(Json.node(good.root()))) {
        if (one.pointer().startsWith(PLACE)) {
          cases++;
          check(one, wrong);
        }
      }
    }
    assertThat(cases).isGreaterThan(1000);
    assertThat(wrong).isEmpty();
  }

  /// The first of its page, or, where that is about a whole API, every setting it has.
  private static String example(String policy) throws IOException {
    var page = EXAMPLE.matcher(Files.readString(Path.of("../docs/policies/" + policy + ".md")));
    return page.find() ? page.group(1) : Objects.requireNonNull(OF_AN_API.get(policy), policy);
  }

  private static String text(String example) {
    return """
    listeners: [ "127.0.0.1:8080" ]
    upstreams:
      - { name: orders, targets: "127.0.0.1:9001" }
      - { name: orders-v2, targets: "127.0.0.1:9002" }
    apis:
      - name: orders
        path: /
        upstream: orders
        openapi: orders.yaml
    """
        + example.indent(4);
  }

  private void check(Spoilt one, List<String> wrong) throws IOException {
    var faults = faults(one.text());
    if (faults.isEmpty()) {
      boolean number =
          one.value().matches("-?[0-9]+") && ANY_NUMBER.matcher(one.pointer()).matches();
      boolean empty = one.value().equals("\"\"") && NEVER_EMPTY.matcher(one.pointer()).matches();
      boolean text = one.isText() && (empty || !ANY_TEXT.matcher(one.pointer()).matches());
      if ((one.everWrong() && !number) || text) {
        wrong.add(one + " is taken");
      }
      return;
    }
    for (var fault : faults) {
      var at = one.at(fault.line(), fault.column());
      // Of a list or a section it may be the whole: which of its members do not fit together.
      boolean near = at != null && one.pointer().startsWith(at) && at.length() > PLACE.length();
      if (!one.blames(fault.line(), fault.column()) && !near) {
        wrong.add(one + " is told at " + at + ": " + fault);
      }
      if (fault.message().contains("Exception")) {
        wrong.add(one + " is told as: " + fault.message());
      }
    }
  }

  /// Left out they stand for everybody; a template that has no values must not mean that.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "jwt: { secret: 0123456789abcdef0123456789abcdef, audience: [] }",
        "jwt: { secret: 0123456789abcdef0123456789abcdef, issuer: [] }",
        "mtls: { subjects: [] }",
        "mtls: { issuers: [] }",
        "mtls: { names: [] }",
        "mtls: { fingerprints: [] }",
        "oauth2-introspection: { url: 'https://a/b', client-id: a, client-secret: b, scopes: [] }",
        "oauth2-introspection: { url: 'https://a/b', client-id: a, client-secret: b, audience: [] }"
      })
  void anEmptyListIsNotEverybody(String use) throws IOException {
    ServiceLoader.load(Policy.class).forEach(policy -> policies.put(policy.name(), policy));
    Files.writeString(
        directory.resolve("orders.yaml"), "openapi: 3.1.0\ninfo: { title: O, version: a }");
    var name = use.substring(use.lastIndexOf(", ") + 1, use.lastIndexOf(':')).strip();
    assertThat(faults(text("policies:\n  - " + use + "\n")))
        .singleElement()
        .satisfies(fault ->
            assertThat(fault.message())
                .isEqualTo(
                    name.substring(name.lastIndexOf(' ') + 1)
                        + ": [] (expected: at least one. Left out, it stands for all)"));
  }

  private List<Fault> faults(String text) throws IOException {
    var file = directory.resolve("ostiary.yaml");
    Files.writeString(file, text);
    var settings = new LinkedHashMap<String, Class<? extends Record>>();
    policies.forEach((name, policy) -> settings.put(name, policy.settings()));
    return switch (ConfigReader.read(file, settings, new OpenApiReader())) {
      case ConfigRead.Refused(var faults) -> faults;
      case ConfigRead.Understood(var configuration, var _) -> {
        var snapshot = configuration.snapshot(1, Instant.EPOCH, List.of(), List.of(), List.of());
        yield Gateway.check(List.copyOf(policies.values()), snapshot).stream()
            .map(fault -> configuration.fault(fault.policy(), fault.message()))
            .toList();
      }
    };
  }
}
