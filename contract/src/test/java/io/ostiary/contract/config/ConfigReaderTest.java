package io.ostiary.contract.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.contract.tree.Fault;
import io.ostiary.model.Balance;
import io.ostiary.model.Cidr;
import io.ostiary.model.Conditions;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.HealthCheck;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.Listener;
import io.ostiary.model.PathPattern;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import io.ostiary.model.Target;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ConfigReaderTest {
  static final String DESIGN =
      """
      listeners:
        - address: 0.0.0.0:8080

      apis:
        - name: petstore
          openapi: petstore.yaml          # routes, validation, docs and tools come from here
          path: /petstore
          upstream: petstore
          policies:
            - key-auth: {}
            - rate-limit: { requests: 100, per: 1m, by: consumer }
            - validate: { request: enforce, response: report }

      upstreams:
        - name: petstore
          targets: [ "127.0.0.1:9001", "127.0.0.1:9002" ]
          balance: least-latency
          health: { path: /health, every: 5s }

      kernel:
        interfaces: auto                   # or a list; "off" runs without
        rules:
          - deny: { from: [ 203.0.113.0/24 ] }
          - limit: { to-port: 8080, packets: 20000/s, per: source }
      """;

  @Test
  void readsTheExampleOfTheDesign() {
    var configuration = understood(DESIGN);

    assertThat(configuration.listeners()).containsExactly(new Listener("0.0.0.0", 8080));
    assertThat(configuration.gateway()).isEqualTo(GatewaySettings.DEFAULT);
    var api = configuration.apis().getFirst();
    assertThat(api.document()).isNotNull();
    assertThat(api.stripPath()).isTrue();
    assertThat(api.routes()).extracting(Route::id).containsExactly("listPets", "showPet");
    assertThat(api.policies())
        .containsExactly(
            new PolicyUse("key-auth", new Policies.KeyAuth("X-API-Key", null)),
            new PolicyUse(
                "rate-limit",
                new Policies.RateLimit(100, Duration.ofMinutes(1), Policies.By.CONSUMER)),
            new PolicyUse(
                "validate", new Policies.Validate(Policies.Mode.ENFORCE, Policies.Mode.REPORT)));
    var upstream = configuration.upstreams().getFirst();
    assertThat(upstream.targets())
        .containsExactly(new Target("127.0.0.1", 9001, 1), new Target("127.0.0.1", 9002, 1));
    assertThat(upstream.balance()).isEqualTo(Balance.LEAST_LATENCY);
    assertThat(upstream.health())
        .isEqualTo(new HealthCheck("/health", Duration.ofSeconds(5), Duration.ofSeconds(2), 3, 2));
    assertThat(configuration.kernel().interfaces()).isEqualTo(new KernelSettings.Interfaces.Auto());
    assertThat(configuration.kernel().rules())
        .containsExactly(
            new KernelRule.Deny(
                new KernelRule.Match(List.of(Cidr.parse("203.0.113.0/24")), List.of(), Set.of())),
            new KernelRule.Limit(
                new KernelRule.Match(
                    List.of(), List.of(new KernelRule.PortRange(8080, 8080)), Set.of()),
                20_000));
  }

  @Test
  void makesASnapshotWithTheRecordsOfTheDatabase() {
    var snapshot = understood(DESIGN).snapshot(7, Instant.EPOCH, List.of(), List.of(), List.of());

    assertThat(snapshot.version()).isEqualTo(7);
    assertThat(snapshot.apis()).hasSize(1);
  }

  @Test
  void anEmptyFileListensAndSaysThatItServesNothing() {
    var read = (ConfigRead.Understood) read("");

    assertThat(read.configuration().listeners()).containsExactly(new Listener("0.0.0.0", 8080));
    assertThat(read.configuration().kernel().interfaces())
        .isEqualTo(new KernelSettings.Interfaces.Auto());
    assertThat(lines(read.warnings()))
        .containsExactly("ostiary.yaml:1:1: apis: none, so every call is answered with 404");
  }

  @Test
  void anApiWithoutRoutesAnswersEverything() {
    var api = understood(api("")).apis().getFirst();

    assertThat(api.routes())
        .containsExactly(
            new Route(
                "* /*", Set.of(), new PathPattern("/*"), Conditions.NONE, null, null, List.of()));
  }

  @Test
  void policiesMayBeWrittenByNameAlone() {
    var expected = new PolicyUse("key-auth", new Policies.KeyAuth("X-API-Key", null));

    for (var form : List.of("key-auth", "key-auth:", "key-auth: {}", "key-auth: ~")) {
      assertThat(understood(api("policies:\n      - " + form)).apis().getFirst().policies())
          .as(form)
          .containsExactly(expected);
    }
  }

  @Test
  void routesHavePathsMethodsAndPolicies() {
    var api =
        understood(
                api(
                    """
                    routes:
                          - path: /orders/{id}
                            methods: [ GET, DELETE ]
                            policies: [ key-auth ]
                          - { id: make, path: /orders, methods: POST }
                          - path: /files/*
                    """))
            .apis()
            .getFirst();

    assertThat(api.routes())
        .extracting(Route::id)
        .containsExactly("DELETE,GET /orders/{id}", "make", "* /files/*");
    assertThat(api.routes().getFirst().policies()).hasSize(1);
    assertThat(api.routes().get(1).methods()).containsExactly("POST");
  }

  @Test
  void routesOfADocumentTakeMorePolicies() {
    var routes =
        understood(
                api(
                    """
                    openapi: petstore.yaml
                        routes:
                          - { operation: showPet, policies: [ key-auth ] }
                          - { path: /health }
                    """))
            .apis()
            .getFirst()
            .routes();

    assertThat(routes).extracting(Route::id).containsExactly("listPets", "showPet", "* /health");
    assertThat(routes.get(0).policies()).isEmpty();
    assertThat(routes.get(1).policies()).hasSize(1);
    assertThat(routes.get(1).operation()).isEqualTo("showPet");
    assertThat(routes.get(2).operation()).isNull();
  }

  @Test
  void keepsTheOrderOfWhatIsWritten() {
    var text = new StringBuilder("upstreams: [ { name: u, targets: \"h:1\" } ]\napis:\n");
    for (int i = 20; i > 0; i--) {
      text.append("  - { name: a").append(i).append(", path: /p").append(i);
      text.append(", upstream: u }\n");
    }

    assertThat(understood(text.toString()).apis())
        .extracting(api -> api.name())
        .startsWith("a20", "a19", "a18")
        .endsWith("a2", "a1");
  }

  @Test
  void readsDocumentsBesideTheFileAndEachOnce() {
    var documents = new FakeDocuments();
    var text =
        """
        apis:
          - { name: a, path: /a, upstream: u, openapi: ./petstore.yaml }
          - { name: b, path: /b, upstream: u, openapi: petstore.yaml }
        upstreams: [ { name: u, targets: "h:1" } ]
        """;

    var read = ConfigReader.parse(text, Path.of("conf/ostiary.yaml"), Policies.ALL, documents);

    assertThat(read).isInstanceOf(ConfigRead.Understood.class);
    assertThat(documents.asked).containsExactly(Path.of("conf/petstore.yaml"));
  }

  @Test
  void remembersWhereAPolicyWasWritten() {
    var configuration = understood(DESIGN);
    var use = configuration.apis().getFirst().policies().get(1);

    assertThat(configuration.fault(use, "by: consumer needs a policy that names one"))
        .hasToString("ostiary.yaml:11:9: by: consumer needs a policy that names one");
  }

  @Test
  void warnsOfRulesThatContradictEachOther() {
    var read =
        (ConfigRead.Understood)
            read(
                """
                trusted-proxies: 198.18.0.1
                apis: [ { name: a, path: /, upstream: u } ]
                upstreams: [ { name: u, targets: "h:1" }, { name: idle, targets: "h:2" } ]
                kernel:
                  rules:
                    - allow: { from: 203.0.113.0/24 }
                    - deny: { from: 203.0.113.7 }
                    - deny: { from: [ 203.0.113.0/24, 198.51.100.0/24 ], to-port: 80 }
                    - deny: { from: 198.51.100.0/24, to-port: "80-90" }
                    - deny: { from: 198.51.100.1, to-port: 85 }
                    - deny: { from: 198.18.0.0/15 }
                """);

    assertThat(lines(read.warnings()))
        .containsExactly(
            "ostiary.yaml:3:51: upstream 'idle' is not used by any api",
            "ostiary.yaml:7:7: deny has no effect: the allow rule at line 6 wins",
            "ostiary.yaml:8:7: deny meets the allow rule at line 6: where both match, allow wins",
            "ostiary.yaml:10:7: deny has no effect: the deny rule at line 9 drops the same",
            "ostiary.yaml:11:7: deny meets the trusted proxy 198.18.0.1/32: what comes from it"
                + " passes");
  }

  @Test
  void warnsOfRulesThatMeetWhatIsNeverRefusedAndOpensWrittenSets() {
    var read =
        (ConfigRead.Understood)
            read(
                """
                apis: [ { name: a, path: /, upstream: u } ]
                upstreams: [ { name: u, targets: "h:1" } ]
                kernel:
                  management: [ 198.18.5.0/24, 192.0.2.1 ]
                  sets: [ { name: bots, blocks: [ 198.51.100.0/24, 203.0.113.9 ] } ]
                  rules:
                    - deny: { from: 198.18.5.7 }
                    - limit: { from: 198.18.0.0/15, packets: 5/s }
                    - deny: { from-set: bots, to-port: 80 }
                    - allow: { from: 198.51.100.7 }
                    - deny: { from: 203.0.113.9, to-port: 80 }
                """);

    assertThat(lines(read.warnings()))
        .containsExactly(
            "ostiary.yaml:7:7: deny has no effect: kernel.management holds its sources and wins",
            "ostiary.yaml:8:7: limit meets kernel.management 198.18.5.0/24: what comes from there"
                + " passes",
            "ostiary.yaml:9:7: deny meets the allow rule at line 10: where both match, allow wins",
            "ostiary.yaml:11:7: deny has no effect: the deny rule at line 9 drops the same");
  }

  @Test
  void warnsOfSettingsOfRetriesThatDoNothing() {
    var read =
        (ConfigRead.Understood)
            read(
                """
                apis:
                  - { name: a, path: /a, upstream: u }
                  - { name: b, path: /b, upstream: v }
                upstreams:
                  - name: u
                    targets: "h:1"
                    retry: { statuses: 503, grpc: 14, per-try: 2s }
                  - name: v
                    targets: "h:1"
                    retry: { on: [ status, timeout ], statuses: 503, grpc: 14, per-try: 2s }
                """);

    assertThat(lines(read.warnings()))
        .containsExactly(
            "ostiary.yaml:7:24: statuses has no effect: retry.on does not name 'status'",
            "ostiary.yaml:7:35: grpc has no effect: retry.on does not name 'status'",
            "ostiary.yaml:7:48: per-try ends an attempt, and none follows it: retry.on does not name"
                + " 'timeout'");
  }

  @Test
  void warnsOfProblemsThatNobodyTellsAndOfAFolderThatIsNotThere() {
    var read =
        (ConfigRead.Understood)
            read(
                """
                apis:
                  - name: a
                    path: /a
                    upstream: u
                    errors: [ { problems: no-rout, text: x, type: text/plain } ]
                upstreams: [ { name: u, targets: "h:1" } ]
                errors:
                  - { problems: [ rate-limit, my-own, not-found ], text: x, type: text/plain }
                kernel: { stages: { folder: nowhere } }
                """);

    assertThat(lines(read.warnings()))
        .containsExactly(
            "ostiary.yaml:5:27: problems: 'no-rout' is told by no policy that Ostiary brings. Did you"
                + " mean 'no-route'?",
            "ostiary.yaml:8:31: problems: 'my-own' is told by no policy that Ostiary brings",
            "ostiary.yaml:8:39: problems: 'not-found' is told by no policy that Ostiary brings",
            "ostiary.yaml:9:29: folder: %s is no folder, so there is no stage until it is one"
                .formatted(Path.of("nowhere").toAbsolutePath()));
  }

  static String api(String more) {
    return "upstreams: [ { name: u, targets: \"h:1\" } ]\n"
        + "apis:\n  - name: a\n    path: /a\n    upstream: u\n    "
        + more
        + "\n";
  }

  static Configuration understood(String text) {
    var read = read(text);
    if (read instanceof ConfigRead.Refused(var faults)) {
      throw new AssertionError(lines(faults).toString());
    }
    return ((ConfigRead.Understood) read).configuration();
  }

  static ConfigRead read(String text) {
    return ConfigReader.parse(text, Path.of("ostiary.yaml"), Policies.ALL, new FakeDocuments());
  }

  static List<String> lines(List<Fault> faults) {
    return faults.stream().map(Fault::toString).toList();
  }
}
