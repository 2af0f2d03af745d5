package io.ostiary.server.e2e;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Three hosts with an order service on one, Ostiary on another, and curl on the third.
final class Stage implements AutoCloseable {
  private static final int UPSTREAM_PORT = 9081;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  final Hosts hosts;
  final Path folder;
  final Path config;
  private final Process service;
  Ostiary ostiary;

  private Stage(Hosts hosts, Path folder, Path config, Process service, Ostiary ostiary) {
    this.hosts = hosts;
    this.folder = folder;
    this.config = config;
    this.service = service;
    this.ostiary = ostiary;
  }

  /// Skips the test, with a sentence, where namespaces cannot be made.
  static Stage open(String name, Path folder) throws IOException {
    return open(name, folder, List.of());
  }

  static Stage open(String name, Path folder, List<String> before) throws IOException {
    copy("orders.yaml", folder.resolve("orders.yaml"));
    return open(name, folder, configuration(""), OrderServiceProcess.class, before);
  }

  /// @param upstream a test class with a main method that takes an address and a port
  static Stage open(
      String name, Path folder, String configuration, Class<?> upstream, List<String> before)
      throws IOException {
    assumeTrue(
        new Host("").run("ip", "netns", "add", "ost-e2e-probe").exit() == 0,
        "network namespaces cannot be made here: run the tests as root");
    new Host("").run("ip", "netns", "del", "ost-e2e-probe");
    var hosts = new Hosts(name);
    try {
      var config = folder.resolve("ostiary.yaml");
      Files.writeString(config, configuration);
      var service =
          hosts.upstream.start(
              folder.resolve("service.log"), program(upstream, Hosts.UPSTREAM, "" + UPSTREAM_PORT));
      var ostiary = Ostiary.start(hosts.gateway, folder, before, "--config", config.toString());
      return new Stage(hosts, folder, config, service, ostiary);
    } catch (RuntimeException e) {
      hosts.close();
      throw e;
    }
  }

  /// Knocks at the gateway's listener from `source` for some time.
  static List<String> knocker(String source, int millis) {
    return program(Knocker.class, source, Hosts.GATEWAY, "8080", "" + millis);
  }

  /// A test class of ours as a program of its own.
  static List<String> program(Class<?> main, String... arguments) {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                Path.of("target/test-classes").toAbsolutePath() + ":" + Ostiary.LIB + "/*",
                main.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  private static void copy(String name, Path to) throws IOException {
    try (var in = Stage.class.getResourceAsStream("/io/ostiary/server/demo/" + name)) {
      Files.copy(in, to);
    }
  }

  /// @param rules lines below `kernel.rules`, indented by four
  static String configuration(String rules) {
    return """
    listeners:
      - address: "[::]:8080"
    apis:
      - name: demo
        openapi: orders.yaml
        path: /demo
        upstream: orders
        policies:
          - validate: { request: enforce }
        routes:
          - operation: cancelOrder
            policies: [ key-auth ]
          - operation: listProducts
            policies:
              - rate-limit: { requests: 3, per: 1m, by: address }
          - operation: readInvoice
            policies:
              - ip: { deny: [ 203.0.113.2/32 ] }
    upstreams:
      - name: orders
        targets: [ "198.18.2.2:9081" ]
    kernel:
      interfaces: auto
      rules: [%s]
    """
        .formatted(rules);
  }

  /// Puts a new configuration in place, as an editor does: whole, by renaming.
  void configure(String text) {
    try {
      var next = folder.resolve(".ostiary.yaml.next");
      Files.writeString(next, text);
      Files.move(next, config, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// One call by curl on the client's host.
  Answer call(String path, String... options) {
    var command = new ArrayList<>(List.of("curl", "-si", "-m", "5"));
    command.addAll(List.of(options));
    command.add("http://" + Hosts.GATEWAY + ":8080" + path);
    var output = hosts.client.run(command);
    return new Answer(output.exit(), output.text());
  }

  /// What curl printed with `-i`.
  record Answer(int exit, String text) {
    int status() {
      var head = text.lastIndexOf("HTTP/1.1 ");
      return head < 0 ? 0 : Integer.parseInt(text.substring(head + 9, head + 12));
    }

    String header(String name) {
      return text.lines()
          .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
          .map(line -> line.substring(name.length() + 1).strip())
          .findFirst()
          .orElse("");
    }

    String body() {
      int start = text.lastIndexOf("\r\n\r\n");
      return start < 0 ? "" : text.substring(start + 4);
    }

    JsonNode json() {
      return JSON.readTree(body());
    }

    String call() {
      return header("Ostiary-Call");
    }
  }

  /// The record of a call, once the ledger has it.
  JsonNode recorded(Answer answer) {
    var found = new JsonNode[1];
    ostiary.await(
        "to record call " + answer.call(),
        () -> {
          var output =
              ostiary.host.run(
                  "curl",
                  "-sf",
                  "-H",
                  ostiary.bearer(),
                  "http://127.0.0.1:9080/api/v1/calls/" + answer.call());
          if (output.exit() == 0) {
            found[0] = JSON.readTree(output.text());
          }
          return output.exit() == 0;
        });
    return found[0];
  }

  @Override
  public void close() {
    try {
      ostiary.close();
    } finally {
      service.destroyForcibly();
      hosts.close();
    }
  }
}
