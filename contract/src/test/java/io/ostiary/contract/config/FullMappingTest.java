package io.ostiary.contract.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.contract.bind.Shape;
import io.ostiary.contract.bind.Shapes;
import io.ostiary.contract.tree.Json;
import io.ostiary.model.KernelRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Every setting has an effect, a default and a row in the documentation.
class FullMappingTest {
  private static final Path PAGE = Path.of("../docs/configuration.md");

  private static final String LITTLE =
      """
      apis: [ { name: a, path: /a, upstream: u, routes: [ { path: /x } ] } ]
      upstreams: [ { name: u, targets: "h:1", health: { path: /a } } ]
      services: [ { name: a, address: "203.0.113.9:81", targets: "198.51.100.9:82", health: {} } ]
      errors: [ { text: sorry, type: text/plain } ]
      kernel: { rules: [ deny: { protocol: icmp, icmp-type: 13 }, allow: { vlan: 7 }, limit: { packets: 1/s } ] }
      """;

  /// Nothing in it has the value it has in LITTLE.
  static final String EVERYTHING =
      """
      listeners:
        - address: "unix:/run/o.sock"
          mode: "0600"
          owner: root
          group: wheel
          proxy-protocol: required
          tls:
            certificates:
              { chain: target/tls/api.pem, key: target/tls/api.key, ocsp: target/tls/api.pem }
            minimum: tls-1-3
            client-certificates: optional
            client-authorities: target/tls/api.pem
            client-revocations: target/tls/api.crl
            stapling: false
      apis:
        - name: b
          openapi: petstore.yaml
          hosts: api.example.com
          split: { by: client, to: { upstream: v, percent: 2.5 } }
          path: /b
          upstream: v
          strip-path: false
          encoded-slashes: true
          upgrade: { protocols: [ mqtt ], idle: 1m }
          policies: [ key-auth ]
          limits: { total: 9s, answer: 8s, idle: 7s, request-body: 6KiB, response-body: 5KiB }
          routes:
            - { id: more, path: /more, methods: [ GET ] }
            - operation: listPets
              policies: [ key-auth ]
              upstream: v
              split: { to: { upstream: v, percent: 2, consumers: [ c ] } }
              limits: { total: 9s }
              upgrade: []
              when:
                headers: { X-A: "1" }
                query: { q: { matches: "a|b" } }
                cookies: { c: { present: true } }
                from: 192.0.2.0/24
                path: /b/m.*
          errors: [ { statuses: 404, text: "<p>{{instance}}</p>", type: text/html } ]
      errors:
        - statuses: [ 5xx ]
          problems: upstream-failed
          file: src/test/resources/sorry.html
          status: 599
          headers: { X-Error: "1" }
          upstream: true
      upstreams:
        - name: v
          targets: [ { address: "i:2", weight: 7, drain: true, zone: b, priority: 2 } ]
          discovery:
            dns: "d.example:80"
            srv: _http._tcp.d.example
            servers: "192.0.2.53:53"
            file: src/test/resources/targets.yaml
            least: 2s
            most: 6m
          spread:
            hash: { by: header, name: X-User }
            sticky: { cookie: s, lasts: 1h, secret: 0123456789abcdef }
            slow-start: 30s
            panic: 30
            zone: a
            spill: 60
          outliers:
            failures: 4
            errors: 6
            deviations: 1.9
            slower: 5
            calls: 30
            every: 2s
            rest: 11s
            rest-max: 6m
            share: 40
          retry:
            attempts: 4
            on: [ connect, status ]
            statuses: 500
            grpc: [ 8 ]
            methods: POST
            per-try: 2s
            back-off: 30ms
            back-off-max: 300ms
            budget: 30
            budget-min: 4
            retry-after-max: 2s
            hedge: { after: 50ms, percentile: 95 }
          overload:
            target-calls: 10
            calls: 20
            queue: 30
            queue-time: 2s
            retries: 5
            adaptive: { least: 5, most: 50, tolerance: 2, every: 200ms }
            priority-header: X-Priority
            priorities: [ { priority: high, apis: b, routes: more, consumers: gold } ]
          balance: least-latency
          health:
            kind: grpc
            path: /b
            port: 81
            tls: true
            status: 200-299
            body: ok
            host: b.example
            headers: { X-Check: "1" }
            service: pets
            every: 6s
            timeout: 1s
            unhealthy-after: 4
            healthy-after: 3
          timeouts: { connect: 1s, answer: 2s, idle: 4s, age: 5s }
          connections: 5
          protocol: auto
          proxy-protocol: off
          tls:
            server-name: api.example
            verify: true
            ca: src/test/resources/authority.pem
            certificate: src/test/resources/authority.pem
            key: src/test/resources/client.key
            min-version: "1.3"
      kernel:
        interfaces: [ eth7 ]
        dry-run: true
        management: [ 192.0.2.0/24 ]
        rules:
          - deny:
              from: 203.0.113.0/24
              from-set: many
              to: 198.51.100.1
              to-set: few
              from-port: 1-1023
              to-port: 80-81
              protocol: tcp
              tcp-flags: [ syn, no-ack ]
              interfaces: eth7
              vlan: 12
          - deny: { protocol: icmp, icmp-type: echo-request }
          - limit: { connections: 2/s, per: /24, to-port: 82 }
          - limit: { packets: 2/s, protocol: udp }
          - allow: { from: 198.51.100.7 }
        sets:
          - { name: many, url: "https://example.com/list", every: 2h }
          - { name: few, blocks: 198.51.100.0/24 }
          - { name: kept, file: src/test/resources/blocks.txt }
        stages:
          folder: own
          numbers: [ { table: dscp_by_api, api: b, number: 46 } ]
        capture: { pre-trigger: 7s, snap: 256, bodies: keep, mask: x-key, bytes: 9MiB }
        confirm: 30s
        on-silence: keep
      services:
        - name: web
          address: "203.0.113.10:80"
          protocol: udp
          algorithm: weighted
          targets: [ { address: "198.51.100.11:80", weight: 2, drain: true } ]
          health:
            { path: /b, port: 81, every: 6s, timeout: 1s, unhealthy-after: 4, healthy-after: 3 }
          slow-start: 30s
      limits: { head: 16KiB, head-fields: 50, body: 1MiB, connections: 1000 }
      timeouts: { head: 1s, body: 2s, idle: 3s, age: 5s, drain: 4s }
      trusted-proxies: [ 198.18.0.1 ]
      access-log:
        - to: logs/access.log
          format: combined
          headers: [ referer ]
          rotate: { bytes: 10MiB, every: 1d, keep: 3 }
          rules: [ { api: b, route: more, status: [ 404, 2xx ], percent: 1, slower-than: 1s } ]
        - to: "udp://127.0.0.1:1514"
          pattern: '{client} "{request}"'
          syslog: { facility: daemon, name: edge }
          errors: false
      telemetry:
        endpoint: http://127.0.0.1:4318
        headers: { Authorization: secret }
        service: edge
        percent: 1
        metrics-every: 10s
      outbound: { allow: 127.0.0.1, deny: 10.0.0.0/8 }
      policies-folder: src/test/resources
      """;

  @BeforeAll
  static void certificates() {
    TestCertificate.make(Path.of("target", "tls"), "api", 90);
  }

  @Test
  void everyComponentOfTheModelIsMapped() {
    var little = records(ConfigReaderTest.understood(LITTLE));
    var all = records(ConfigReaderTest.understood(EVERYTHING));

    assertThat(all.keySet()).isEqualTo(little.keySet());
    all.forEach((name, record) -> {
      for (var component : record.getClass().getRecordComponents()) {
        assertThat(value(record, component.getName()))
            .as(name + "." + component.getName())
            .isNotEqualTo(value(little.get(name), component.getName()));
      }
    });
  }

  private static Map<String, Record> records(Configuration configuration) {
    var upstream = configuration.upstreams().getFirst();
    var api = configuration.apis().getFirst();
    var records = new LinkedHashMap<String, Record>();
    records.put("gateway", configuration.gateway());
    records.put("listener", configuration.listeners().getFirst());
    records.put("listener file", configuration.listeners().getFirst().file());
    records.put("error page", configuration.gateway().errors().getFirst());
    records.put("api", api);
    records.put("route", api.routes().getFirst());
    records.put("call limits", api.limits());
    records.put("upstream", upstream);
    records.put("spread", upstream.spread());
    records.put("hash", upstream.spread().hash());
    records.put("outliers", upstream.outliers());
    records.put("discovery", upstream.discovery());
    records.put("retries", upstream.retries());
    records.put("hedge", upstream.retries().hedge());
    records.put("overload", upstream.overload());
    records.put("priorities", upstream.overload().priorities());
    records.put("target", upstream.targets().getFirst());
    records.put("health", upstream.health());
    records.put("expected", upstream.health().expected());
    records.put("kernel", configuration.kernel());
    records.put("captures", configuration.kernel().captures());
    var service = configuration.services().getFirst();
    records.put("service", service);
    records.put("service target", service.targets().getFirst());
    records.put("service check", service.check());
    records.put("match", configuration.kernel().rules().getFirst().match());
    records.put("limit", (KernelRule.Limit) configuration.kernel().rules().get(2));
    return records;
  }

  private static Object value(Record record, String component) {
    try {
      return record.getClass().getMethod(component).invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void everySettingIsMentionedInTheFileThatHasEverything() {
    for (var path : rows().keySet()) {
      var name = path.substring(path.lastIndexOf('.') + 1);
      assertThat(EVERYTHING)
          .as(path)
          .containsPattern("\\b" + Pattern.quote(name.replace("[]", "")) + ":");
    }
  }

  @Test
  void everySettingHasItsRowInTheDocumentation() throws IOException {
    var page = Files.readString(PAGE);
    var missing = rows().values().stream().filter(row -> !page.contains(row)).toList();

    assertThat(missing).as("rows missing in %s", PAGE).isEmpty();
    for (var line : page.lines().filter(line -> line.startsWith("| `")).toList()) {
      assertThat(rows().values()).as("rows of no setting").contains(line);
    }
  }

  @Test
  void everyLimitIsOnThePageOfLimits() throws IOException {
    var page = Files.readString(Path.of("../docs/limits.md"));
    var limit =
        Pattern.compile("(limits|timeouts)\\..*|upstreams\\[]\\.(timeouts\\..*|connections)");

    assertThat(rows().keySet().stream().filter(limit.asMatchPredicate()))
        .hasSizeGreaterThan(10)
        .allSatisfy(path -> assertThat(page).contains("`" + path + "`"));
  }

  /// Path of each setting to its row.
  private static Map<String, String> rows() {
    var rows = new LinkedHashMap<String, String>();
    add(rows, "", new Shapes(Policies.ALL).fields(Written.class));
    return rows;
  }

  private static void add(Map<String, String> rows, String prefix, Shape shape) {
    switch (shape) {
      case Shape.Fields fields -> {
        for (var field : fields.fields()) {
          var path = (prefix.isEmpty() ? "" : prefix + ".") + field.name();
          rows.put(path, "| `%s` | %s | %s |".formatted(path, fallback(field), field.about()));
          add(rows, path, field.shape());
        }
      }
      case Shape.Items items -> add(rows, prefix + "[]", items.item());
      case Shape.Choice choice ->
          choice.members().forEach((name, fields) -> add(rows, prefix + "." + name, fields));
      default -> {}
    }
  }

  private static String fallback(Shape.Field field) {
    if (field.required()) {
      return "must be given";
    }
    if (field.fallback() == null) {
      return "";
    }
    var text = Json.node(field.fallback()).toString();
    return "`" + text.replace("\"", "") + "`";
  }

  @Test
  void theExamplesOfTheDocumentationAreUnderstood() throws IOException {
    var examples = new ArrayList<String>();
    var block = Pattern.compile("```yaml\\n(.*?)```", Pattern.DOTALL);
    block.matcher(Files.readString(PAGE)).results().forEach(found -> examples.add(found.group(1)));

    assertThat(examples).hasSizeGreaterThan(3);
    for (var example : examples) {
      assertThat(ConfigSchemaTest.faults(example)).as(example).isEmpty();
      var read = ConfigReaderTest.read(example);
      assertThat(read instanceof ConfigRead.Refused(var faults) ? faults : List.of())
          .as(example)
          .isEmpty();
    }
  }
}
