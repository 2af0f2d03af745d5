package io.ostiary.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.server.jar.PolicyFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Jars with policies of a user's own: the example of the documentation in a real process, one that
/// blocks, and those that are not taken.
final class OwnPolicyTest {
  private static final Path EXAMPLE = Tree.ROOT.resolve("examples/policy-greeting/src");
  private static final String SERVICE = "META-INF/services/" + Policy.class.getName();

  private static final String BLOCKING =
      """
      package org.example;
      import io.ostiary.gateway.spi.*;
      public final class Sleepy implements Policy<Sleepy.Settings>, Filter {
        public record Settings() {}
        public String name() { return "%s"; }
        public Class<Settings> settings() { return Settings.class; }
        public Filter compile(Settings settings, Site site) { return this; }
        public java.util.Set<Moment> moments() { return java.util.Set.of(Moment.REQUEST); }
        public Verdict request(Exchange exchange) {
          %s
          return Verdict.CONTINUE;
        }
      }
      """;

  @TempDir Path folder;
  private final HttpClient client = HttpClient.newHttpClient();

  private Path jar(String name, String service, Path... sources) throws IOException {
    var classes = Files.createDirectories(folder.resolve("classes-" + name));
    var arguments =
        new ArrayList<>(List.of("-d", classes.toString(), "-proc:none", "-nowarn", "-cp"));
    arguments.add(System.getProperty("java.class.path"));
    List.of(sources).forEach(source -> arguments.add(source.toString()));
    var said = new ByteArrayOutputStream();
    int exit =
        ToolProvider.getSystemJavaCompiler()
            .run(null, said, said, arguments.toArray(String[]::new));
    assertThat(exit).as(said.toString(StandardCharsets.UTF_8)).isZero();
    var file = folder.resolve(name + ".jar");
    try (var out = new JarOutputStream(Files.newOutputStream(file));
        var walked = Files.walk(classes)) {
      for (var one : walked.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new JarEntry(classes.relativize(one).toString()));
        out.write(Files.readAllBytes(one));
      }
      out.putNextEntry(new JarEntry(SERVICE));
      out.write(service.getBytes(StandardCharsets.UTF_8));
    }
    return file;
  }

  private Path sleepy(String jar, String name, String body) throws IOException {
    var source = Files.createDirectories(folder.resolve("src-" + jar)).resolve("Sleepy.java");
    Files.writeString(source, BLOCKING.formatted(name, body));
    return jar(jar, "org.example.Sleepy", source);
  }

  private static Path example() {
    return EXAMPLE.resolve("org/example/Greeting.java");
  }

  @Test
  void theExampleAndOneThatBlocksRunInARealProcess() throws Exception {
    var upstream = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    upstream.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(204, -1);
          exchange.close();
        });
    upstream.start();
    int port = freePort();
    int control = freePort();
    var config = folder.resolve("ostiary.yaml");
    var yaml =
        """
        listeners: [ "127.0.0.1:%d" ]
        kernel: { interfaces: off }
        policies-folder: jars
        upstreams: [ { name: up, targets: "127.0.0.1:%d" } ]
        apis: [ { name: a, path: /, upstream: up, policies: [ greeting: { word: Hello } ] } ]
        """
            .formatted(port, upstream.getAddress().getPort());
    Files.writeString(config, yaml);
    var jars = Files.createDirectories(folder.resolve("jars"));
    Files.move(
        jar("greeting", Files.readString(EXAMPLE.resolve(SERVICE)), example()),
        jars.resolve("greeting.jar"));
    Files.writeString(jars.resolve("broken.jar"), "no jar at all");
    var log = folder.resolve("log");
    var process = start(config, control, log);
    try {
      await(log, () -> greeting(port).equals("Hello, stranger"));
      assertThat(Files.readString(log)).contains("broken.jar is not taken: nothing in it");

      Files.move(
          sleepy("sleepy", "sleepy", "try { Thread.sleep(400); } catch (Exception e) {}"),
          jars.resolve("sleepy.jar"));
      await(log, () -> read(log).contains("policies of your own: greeting, sleepy"));
      Files.writeString(config, yaml.replace("greeting: {", "sleepy, greeting: {"));
      await(log, () -> read(log).contains("is in force"));
      await(log, () -> slow(port) && read(log).contains("policy sleepy holds event loop"));
      assertThat(read(log)).contains("org.example.Sleepy.request(Sleepy.java:");
      var metrics = get("http://127.0.0.1:" + control + "/metrics").body();
      assertThat(metrics).contains("ostiary_policy_stalls_total{policy=\"sleepy\"}");

      Files.delete(jars.resolve("greeting.jar"));
      await(log, () -> read(log).contains("do not fit"));
      assertThat(greeting(port)).isEqualTo("Hello, stranger");
    } finally {
      process.destroy();
      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
      upstream.stop(0);
    }
  }

  private Process start(Path config, int control, Path log) throws IOException {
    var command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx256m",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path"),
            "io.ostiary.server.Main",
            "run",
            "--config",
            config.toString(),
            "--data",
            folder.resolve("data").toString(),
            "--control",
            "127.0.0.1:" + control);
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private HttpResponse<String> get(String url) throws IOException, InterruptedException {
    var request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(5)).build();
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  private String greeting(int port) {
    try {
      return get("http://127.0.0.1:" + port + "/x").headers().firstValue("X-Greeting").orElse("");
    } catch (IOException | InterruptedException e) {
      return "" + e;
    }
  }

  private boolean slow(int port) {
    long before = System.nanoTime();
    greeting(port);
    return System.nanoTime() - before > TimeUnit.MILLISECONDS.toNanos(350);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }

  private static void await(Path log, BooleanSupplier condition) {
    try {
      Until.holds("the process", Duration.ofSeconds(40), condition);
    } catch (AssertionError e) {
      throw new AssertionError(read(log), e);
    }
  }

  @Test
  void aPolicySeesOnlyWhatIsShared() throws Exception {
    var look =
        "for (String name : new String[] {\"io.netty.buffer.ByteBuf\","
            + " \"io.ostiary.gateway.Gateway\", \"org.sqlite.JDBC\", \"org.slf4j.Logger\"}) {"
            + " try { Class.forName(name); throw new IllegalStateException(name); }"
            + " catch (ClassNotFoundException e) {} }"
            + " io.ostiary.model.Require.name(\"x\", \"y\");"
            + " java.net.http.HttpClient.newHttpClient();";
    sleepy("looking", "looking", look);
    var read = PolicyFolder.read(folder, List.of());
    assertThat(read.refusals()).isEmpty();
    var policy = read.policies().getFirst();
    assertThat(policy.getClass().getClassLoader().getName()).isEqualTo("policy looking.jar");
    var site = io.ostiary.gateway.testing.FakeSite.anywhere();
    assertThat(filter(policy, site).request(site.exchange("GET", "/orders")))
        .isEqualTo(io.ostiary.gateway.spi.Verdict.CONTINUE);
  }

  private static <S extends Record> io.ostiary.gateway.spi.Filter filter(
      Policy<S> policy, io.ostiary.gateway.spi.Site site) throws ReflectiveOperationException {
    var settings = policy.settings().getDeclaredConstructor();
    return policy.compile(settings.newInstance(), site);
  }

  @Test
  void whatCannotBeTakenIsSaidAndKeepsNobodyOut() throws Exception {
    sleepy("good", "good", "");
    sleepy("same", "good", "");
    sleepy("shouting", "LOUD", "");
    sleepy("standard", "key-auth", "");
    jar("nobody", "org.example.Nobody", example());
    Files.writeString(folder.resolve("text.jar"), "text");
    Files.write(folder.resolve("empty.jar"), new byte[0]);
    var read = PolicyFolder.read(folder, PolicyList.load().all());
    assertThat(read.policies()).extracting(Policy::name).containsExactly("good");
    assertThat(read.refusals()).hasSize(6);
    assertThat(String.join("\n", read.refusals()))
        .contains("same.jar is not taken: policy: 'good' (expected: a name of its own")
        .contains("shouting.jar is not taken: policy: 'LOUD'")
        .contains("standard.jar is not taken: policy: 'key-auth'", "a policy of Ostiary")
        .contains("nobody.jar is not taken: ", "text.jar is not taken", "empty.jar is not taken");
    assertThat(PolicyFolder.read(folder.resolve("none"), List.of()).refusals()).isEmpty();
  }
}
