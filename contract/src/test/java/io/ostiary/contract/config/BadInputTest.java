package io.ostiary.contract.config;

import static io.ostiary.contract.config.ConfigReaderTest.api;
import static io.ostiary.contract.config.ConfigReaderTest.lines;
import static io.ostiary.contract.config.ConfigReaderTest.read;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What people get wrong, and the very words and places they are told.
class BadInputTest {
  static Stream<Arguments> inputs() {
    return Stream.of(
        bad(
            "listner:\n  - address: 0.0.0.0:8080\n",
            "1:1: unknown setting 'listner'. Did you" + " mean 'listeners'?"),
        bad(
            "colour: red\n",
            "1:1: unknown setting 'colour' (expected: listeners, apis, upstreams,"
                + " kernel, services, limits, timeouts, trusted-proxies, errors,"
                + " access-log,"
                + " telemetry, outbound or policies-folder)"),
        upstream("sticky: {}", "3:5: " + elsewhere("sticky", "spread.sticky"), ""),
        upstream("path: /up", "3:5: " + elsewhere("path", "health.path"), ""),
        upstream("weight: 3", "3:5: " + elsewhere("weight", "targets[].weight"), ""),
        upstream(
            "health_check: {}", "3:5: unknown setting 'health_check'. Did you mean 'health'?", ""),
        bad(
            "listeners: [ \"0.0.0.0:70000\" ]\n",
            "1:14: address: port 70000 in '0.0.0.0:70000'" + " (expected: 1-65535)"),
        bad(
            "listeners:\n  - address: localhost:80\n",
            "2:14: address: 'localhost' (expected: an IP" + " address, such as 0.0.0.0 or [::])"),
        bad(
            "listeners: [ 8080 ]\n",
            "1:14: address: '8080' (expected: host:port, such as 127.0.0.1:8080 or [::1]:8080)"),
        bad(
            "listeners: [ \"::1:80\" ]\n",
            "1:14: address: '::1:80' (expected: host:port, such as"
                + " 127.0.0.1:8080 or [::1]:8080)"),
        bad(
            api("hosts: [ API.example.com ]"),
            "6:14: api.hosts: API.example.com (expected: a name such as api.example.com or"
                + " *.example.com, without a port; none stands for every host)"),
        bad(
            "apis: [ { name: a, path: /, routes: [ { path: /b, policies: [ cors ] }, { path: /c } ] } ]\n",
            "1:9: upstream: not given (expected: a name of upstreams, here or on each route, or a"
                + " policy that answers, such as respond)"),
        bad(
            "apis: [ { name: a, path: /, routes: [ { path: /b, split: { to: { upstream: u, percent: 9 } } } ], policies: [ cors ] } ]\nupstreams: [ { name: u, targets: \"h:1\" } ]\n",
            "1:9: api.upstream: none (expected: one, for the calls that no share of split takes)"),
        bad(
            api("routes: [ { path: /a, when: { path: \"(\" } } ]"),
            "6:41: when.path: '(' (expected: a regular expression (RE2): missing closing ))"),
        bad(
            api("routes: [ { path: /a, when: { query: { q: {} } } } ]"),
            "6:47: when: 0 expectations (expected: one of is, matches or present)"),
        bad(
            api("routes: [ { path: \"/x/{id\" } ]"),
            "6:23: path: /x/{id (expected: '{name}' only as a whole segment)"),
        bad("listeners: []\n", "1:12: listeners: none (expected: at least one)"),
        bad(
            "listeners:\n  - 0.0.0.0:80\n  - 127.0.0.1:80\n",
            "3:5: address: port 80 is taken by" + " the listener at line 2"),
        bad("listeners: 0.0.0.0:80\n", "1:12: listeners: '0.0.0.0:80' (expected: a list)"),
        bad(
            "limits: { body: 10 MB }\n",
            "1:17: body: '10 MB' (expected: a size such as 64KiB, 10MB" + " or a number of bytes)"),
        bad(
            "limits: { head: 3GiB }\n",
            "1:17: head: '3GiB' (expected: a size such as 64KiB, 10MB"
                + " or a number of bytes, below 2GiB)"),
        bad("limits: { head: 12 }\n", "1:17: limits.head: 12B (expected: 1KiB-1MiB)"),
        bad(
            "limits:\n  head-fields: many\n",
            "2:16: head-fields: 'many' (expected: a whole number" + " of at most 2147483647)"),
        bad(
            "timeouts: { idle: 5 }\n",
            "1:19: idle: 5 (expected: a duration such as 500ms, 30s, 5m," + " 1h or 1d)"),
        bad("timeouts: { idle: 5ms }\n", "1:19: timeouts.idle: 5ms (expected: 10ms-1d)"),
        bad(
            "trusted-proxies: [ 10.0.0.1/8 ]\n",
            "1:20: trusted-proxies: '10.0.0.1/8' (expected: no bits behind the prefix:"
                + " 10.0.0.0/8)"),
        bad(
            "kernel: { interfaces: of }\n",
            "1:23: interfaces: 'of' (expected: auto, off or a list)." + " Did you mean 'off'?"),
        bad("kernel: { dry-run: yes }\n", "1:20: dry-run: 'yes' (expected: true or false)"),
        bad(
            "kernel: { dryRun: true }\n",
            "1:11: unknown setting 'dryRun'. Did you mean 'dry-run'?"),
        rule(
            "deny: {}",
            "3:13: deny: every packet (expected: from, to-port, protocol or another condition)"),
        rule("denny: { from: 203.0.113.1 }", "3:7: unknown setting 'denny'. Did you mean 'deny'?"),
        rule("deny: { form: 203.0.113.1 }", "3:15: unknown setting 'form'. Did you mean 'from'?"),
        rule("deny: { port: 22 }", "3:15: unknown setting 'port'. Did you mean 'to-port'?"),
        rule("deny: { ports: 22 }", "3:15: unknown setting 'ports'. Did you mean 'to-port'?"),
        rule("allow: { src: 203.0.113.1 }", "3:16: unknown setting 'src'. Did you mean 'from'?"),
        rule(
            "limit: { source_ip: 203.0.113.1, packets: 1/s }",
            "3:16: unknown setting 'source_ip'. Did you mean 'from'?"),
        rule("deny: { proto: udp }", "3:15: unknown setting 'proto'. Did you mean 'protocol'?"),
        rule(
            "deny: { from: 203.0.113.256 }",
            "3:21: from: '203.0.113.256' (expected: an address or"
                + " a block such as 203.0.113.0/24)"),
        rule(
            "deny: { to-port: 80-70 }",
            "3:24: to-port: '80-70' (expected: the smaller port first)"),
        rule(
            "deny: { to-port: 80000 }",
            "3:24: to-port: 80000 (expected: a port 1-65535, or a range"
                + " such as \"8000-8100\")"),
        rule(
            "deny: { to-port: 80, protocol: icmp }",
            "3:24: to-port: with icmp (expected: tcp or" + " udp: icmp has no ports)"),
        rule(
            "deny: { protocol: ip }",
            "3:25: protocol: 'ip' (expected: tcp, udp, icmp, sctp, gre, esp or igmp)"),
        rule(
            "deny: { tcp-flags: syn }",
            "3:26: tcp-flags: without protocol: tcp (expected: protocol: tcp)"),
        rule(
            "deny: { protocol: tcp, tcp-flags: [ syn, no-syn ] }",
            "3:41: tcp-flags: a flag both set and unset (expected: one of them)"),
        rule("deny: { vlan: 4095 }", "3:21: vlan: 4095 (expected: 1-4094)"),
        rule(
            "deny: { protocol: icmp, icmp-type: pong }",
            "3:42: icmp-type: pong (expected: a name such as echo-request, 0-255 or v6/0-255)"),
        rule(
            "deny: { from-set: bots }",
            "3:25: from-set: 'bots' (expected: a set under kernel.sets)"),
        rule(
            "deny: { from: 203.0.113.9/24 }",
            "3:21: from: '203.0.113.9/24' (expected: no bits behind the prefix: 203.0.113.0/24)"),
        rule(
            "deny: { from: 1.2.3 }",
            "3:21: from: '1.2.3' (expected: an address or a block such as 203.0.113.0/24)"),
        rule("limit: { packets: 5 }", "3:25: rate: 5 (expected: a rate such as 20000/s)"),
        rule(
            "limit: { packets: 0/s }",
            "3:25: limit.packets (per second): 0 (expected:" + " 1-100000000)"),
        rule(
            "limit: { to-port: 80 }",
            "3:14: limit: no rate (expected: packets or connections: a rate such as 20000/s)"),
        rule(
            "limit: { packets: 5/s, connections: 5/s }",
            "3:14: limit: two rates (expected: packets or connections: a rate such as 20000/s)"),
        rule(
            "limit: { connections: 5/s, protocol: udp }",
            "3:44: limit.protocol: without tcp (expected: tcp: only it has connections)"),
        rule(
            "limit: { packets: 5/s, per: /33 }",
            "3:35: per: /33 (expected: source, or a block of IPv4 sources /8-/31)"),
        rule(
            "deny: { from: 203.0.113.1 }\n      allow: { from: 203.0.113.2 }",
            "4:7: 'allow' beside 'deny' (expected: one per list item). Start it with '- ', or"
                + " indent it further if it is a setting"),
        upstream("targets: []", "2:5: upstream.targets (count): 0 (expected: 1-10000)", "3:14"),
        upstream(
            "targets: 9001",
            "3:14: address: '9001' (expected: host:port, such as 127.0.0.1:8080 or [::1]:8080)",
            ""),
        upstream(
            "targets: [ \"h:1\", { address: \"h:2\", weight: 0 } ]",
            "3:49: target.weight: 0" + " (expected: 1-1000)",
            ""),
        upstream(
            "targets: \"h:1\"\n    retry: { methods: post }",
            "4:23: retry.methods: post (expected: capital letters, such as POST)",
            ""),
        upstream(
            "targets: [ unix:run/app.sock ]",
            "3:16: address: 'unix:run/app.sock' (expected: unix: and the whole path of a socket:"
                + " unix:/run/app.sock)",
            ""),
        upstream(
            "targets: \"unix:/" + "r".repeat(107) + "\"",
            "3:14: address: 'unix:/"
                + "r".repeat(107)
                + "', whose path has 108 bytes (expected: at most 107: the kernel takes no longer"
                + " ones; a shorter path or a link)",
            ""),
        upstream(
            "targets: unix:/run/a\n    health: { kind: tcp, port: 81 }",
            "4:32: health.port: 81 (expected: none: a target is a Unix socket, without ports)",
            ""),
        upstream(
            "targets: unix:/run/a\n    tls: {}",
            "4:10: tls.server-name: none (expected: a name: a target is a Unix socket, and has no"
                + " host)",
            ""),
        upstream(
            "targets: [ unix:/run/a, unix:/run/a ]",
            "3:29: targets: 'unix:/run/a' is given twice",
            ""),
        upstream("targets: [ \"h:1\", \"h:1\" ]", "3:23: targets: 'h:1' is given twice", ""),
        upstream(
            "targets: \"h:1\"\n    balance: fastest",
            "4:14: balance: 'fastest' (expected: round-robin, random, least-requests,"
                + " least-latency, kernel-aware, ring-hash, maglev or source-hash)",
            ""),
        upstream(
            "targets: \"h:1\"\n    health: { every: 5s }",
            "4:13: path: nothing (expected: what an http check asks for)",
            ""),
        upstream(
            "targets: \"h:1\"\n    health: { path: health }",
            "4:21: health.path: health" + " (expected: a path that starts with '/')",
            ""),
        upstream(
            "targets: \"h:1\"\n    timeouts: { connect: 0ms }",
            "4:26:" + " upstream.timeouts.connect: 0s (expected: 1ms-10m)",
            ""),
        upstream(
            "targets: \"h:1\"\n    spread: { hash: header }",
            "4:21: spread.hash.name: nothing (expected: a name)",
            ""),
        upstream(
            "targets: \"h:1\"\n    spread: { sticky: { secret: short } }",
            "4:33: spread.sticky.secret (characters): 5 (expected: 16-1024)",
            ""),
        with(
            "openapi: petstre.yaml",
            "6:14: openapi: 'petstre.yaml' cannot be used, it has 1" + " fault"),
        with("openapi: 3", "6:14: openapi: 3 (expected: a text). Put it in quotes: \"3\""),
        with(
            "policies: [ rate-limt ]",
            "6:17: unknown policy 'rate-limt'. Did you mean" + " 'rate-limit'?"),
        with(
            "policies: [ waf ]",
            "6:17: unknown policy 'waf' (expected: cors, ip, key-auth,"
                + " rate-limit or validate)"),
        with(
            "policies: key-auth",
            "6:15: policies: 'key-auth' (expected: a list, with '- ' before each policy)"),
        with(
            "policies: [ rate-limit: { requets: 5, per: 1m } ]",
            "6:31: unknown setting" + " 'requets'. Did you mean 'requests'?"),
        with(
            "policies: [ rate-limit: { requests: 0, per: 1m } ]",
            "6:41: rate-limit.requests: 0" + " (expected: 1-1000000)"),
        with(
            "policies: [ rate-limit: { requests: 1.5, per: 1m } ]",
            "6:41: requests: 1.5" + " (expected: a whole number of at most 2147483647)"),
        with(
            "policies: [ rate-limit: { requests: 1, per: 1 min } ]",
            "6:49: per: '1 min'" + " (expected: a duration such as 500ms, 30s, 5m, 1h or 1d)"),
        with(
            "policies: [ rate-limit: { requests: 1, per: 1m, by: user } ]",
            "6:57: by: 'user'" + " (expected: address or consumer)"),
        with(
            "policies: [ rate-limit ]",
            "6:17: missing 'requests' (expected: a whole number of at" + " most 2147483647)"),
        with(
            "routes: [ { methods: GET } ]",
            "6:15: route: neither (expected: either path or" + " operation)"),
        with(
            "routes: [ { path: /x, methods: get } ]",
            "6:36: methods: get (expected: capital" + " letters, such as GET)"),
        with("routes: [ { path: x } ]", "6:23: path: x (expected: a path that starts with '/')"),
        with(
            "routes: [ { path: /x }, { path: /x } ]",
            "6:29: id: '* /x' is given twice in this api. Where none is written it is made of"
                + " methods and path: give one of the two an 'id' of its own"),
        with(
            "routes: [ { path: \"/{a}\" }, { path: \"/{b}\" } ]",
            "4:11: path: every method on /a/{b} is"
                + " answered by api 'a' already, route '* /{a}'"),
        with(
            "routes: [ { operation: listPets } ]",
            "6:28: operation: 'listPets' (expected: path," + " for this api has no openapi)"),
        with(
            "openapi: petstore.yaml\n    routes: [ { operation: lstPets } ]",
            "7:28: unknown" + " operation 'lstPets'. Did you mean 'listPets'? in petstore.yaml"),
        bad(
            "- a\n",
            "1:1: document: a list (expected: an object of listeners, apis, upstreams,"
                + " kernel, services, limits, timeouts, trusted-proxies,"
                + " errors, access-log, telemetry, outbound, policies-folder)"));
  }

  @ParameterizedTest
  @MethodSource("inputs")
  void isReportedAtItsPlace(String text, String expected) {
    var read = read(text);

    assertThat(read).as(text).isInstanceOf(ConfigRead.Refused.class);
    assertThat(lines(((ConfigRead.Refused) read).faults())).contains("ostiary.yaml:" + expected);
  }

  @Test
  void everyFaultIsReportedAtOnce() {
    var text =
        """
        listeners:
          - address: 0.0.0.0:99999
        apis:
          - name: pets
            path: pets
            upstream: petstor
            policies:
              - rate-limt: { requests: 100 }
              - rate-limit: { requests: x }
          - name: pets
            path: /b
            upstream: petstore
            openapi: broken.yaml
            port: 1
        upstreams:
          - name: petstore
            targets: [ "a:1", "b" ]
        kernel:
          rules:
            - deny: { from: nowhere }
        kernel: {}
        """;

    assertThat(lines(((ConfigRead.Refused) read(text)).faults()))
        .containsExactly(
            "broken.yaml:1:1: one fault",
            "broken.yaml:1:1: two faults",
            "ostiary.yaml:2:14: address: port 99999 in '0.0.0.0:99999' (expected: 1-65535)",
            "ostiary.yaml:6:15: unknown upstream 'petstor'. Did you mean 'petstore'?",
            "ostiary.yaml:8:9: unknown policy 'rate-limt'. Did you mean 'rate-limit'?",
            "ostiary.yaml:9:21: missing 'per' (expected: a duration such as 500ms, 30s, 5m, 1h or"
                + " 1d)",
            "ostiary.yaml:9:33: requests: 'x' (expected: a whole number of at most 2147483647)",
            "ostiary.yaml:10:11: name: 'pets' is given twice, first at line 4",
            "ostiary.yaml:13:14: openapi: 'broken.yaml' cannot be used, it has 2 faults",
            "ostiary.yaml:14:5: unknown setting 'port' (expected: name, openapi, hosts, path,"
                + " upstream, split, strip-path, policies, limits, routes, upgrade,"
                + " encoded-slashes or errors)",
            "ostiary.yaml:17:23: address: 'b' (expected: host:port, such as 127.0.0.1:8080 or"
                + " [::1]:8080)",
            "ostiary.yaml:20:21: from: 'nowhere' (expected: an address or a block such as"
                + " 203.0.113.0/24)",
            "ostiary.yaml:21:1: 'kernel' is given twice in the same object");
  }

  @Test
  void tellsTheRuleWhoseSetIsUnknownBehindOneThatIsRefused() {
    var read =
        read(
            """
            kernel:
              rules:
                - deny: { to-port: 80, vlan: 0 }
                - deny: { from-set: bots }
            """);
    assertThat(lines(((ConfigRead.Refused) read).faults()))
        .containsExactly(
            "ostiary.yaml:3:34: vlan: 0 (expected: 1-4094)",
            "ostiary.yaml:4:25: from-set: 'bots' (expected: a set under kernel.sets)");
  }

  /// Those that are refused are not missing as well.
  @Test
  void saysNothingOfTheNumberOfTargetsThatAreRefused() {
    var read = read("upstreams:\n  - name: u\n    targets: [ { address: \"h:1\", weight: 0 } ]\n");
    assertThat(lines(((ConfigRead.Refused) read).faults()))
        .containsExactly("ostiary.yaml:3:42: target.weight: 0 (expected: 1-1000)");
  }

  @Test
  void aFileOfTargetsIsMissedWhereItIsNamed() {
    var read = read("upstreams:\n  - name: u\n    discovery: { file: none.yaml }\n");
    assertThat(lines(((ConfigRead.Refused) read).faults()))
        .anyMatch(line ->
            line.startsWith("ostiary.yaml:3:24: file: 'none.yaml' (expected: a file that can be"));
  }

  @Test
  void aFolderOfPoliciesThatIsNotThereIsTold() {
    var read = read("policies-folder: nowhere\n");
    assertThat(lines(((ConfigRead.Refused) read).faults()))
        .singleElement()
        .asString()
        .startsWith("ostiary.yaml:1:18: policies-folder: 'nowhere' (expected: a folder that is");
  }

  private static Arguments bad(String text, String fault) {
    return Arguments.of(text, fault);
  }

  private static Arguments rule(String rule, String fault) {
    return Arguments.of("kernel:\n  rules:\n    - " + rule + "\n", fault);
  }

  private static String elsewhere(String setting, String place) {
    return ("unknown setting '%s' (expected: name, targets, discovery, balance, spread, outliers,"
            + " retry, overload, health, timeouts, connections, protocol, tls or proxy-protocol)."
            + " There is '%s'")
        .formatted(setting, place);
  }

  private static Arguments upstream(String more, String fault, String place) {
    var expected = place.isEmpty() ? fault : place + fault.substring(fault.indexOf(": "));
    return Arguments.of("upstreams:\n  - name: u\n    " + more + "\n", expected);
  }

  private static Arguments with(String more, String fault) {
    return Arguments.of(api(more), fault);
  }
}
