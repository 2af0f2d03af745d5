package io.ostiary.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.gateway.DataPlane;
import io.ostiary.gateway.Gateway;
import io.ostiary.gateway.Published;
import io.ostiary.gateway.loop.Transport;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.BanSink;
import io.ostiary.model.ConnectionLens;
import io.ostiary.server.PolicyList;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The policy oidc against a certified provider that is not ours: npm's `oidc-provider`. It takes a
/// second use of a refresh token for theft and ends the whole grant, so each step here would show.
final class OidcIT {
  private static final Path WEB = Path.of("../web").toAbsolutePath().normalize();
  private static final Duration LIMIT = Duration.ofSeconds(10);

  @TempDir Path folder;
  private final int gate = freePort();
  private final String base = "http://127.0.0.1:" + gate;

  private static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private Process provider(int port) throws IOException {
    var process =
        new ProcessBuilder(
                "node",
                WEB.resolve("e2e/provider.mjs").toString(),
                "" + port,
                "ostiary",
                "a-secret-of-ours",
                base + "/oidc/callback",
                base + "/bye")
            .redirectError(folder.resolve("provider.log").toFile())
            .start();
    var said = process.inputReader();
    for (var line = said.readLine(); line != null; line = said.readLine()) {
      if (line.equals("ready")) {
        return process;
      }
    }
    throw new IOException(Files.readString(folder.resolve("provider.log")));
  }

  private Gateway gateway(int upstream, int provider) throws IOException {
    var file = folder.resolve("ostiary.yaml");
    Files.writeString(
        file,
        """
        listeners: [ "127.0.0.1:%d" ]
        outbound: { allow: [ 127.0.0.0/8 ] }
        upstreams: [ { name: pages, targets: "127.0.0.1:%d" } ]
        apis:
          - name: pages
            path: /
            upstream: pages
            policies:
              - oidc:
                  issuer: http://127.0.0.1:%d
                  client-id: ostiary
                  client-secret: a-secret-of-ours
                  cookie-secret: at-least-thirty-two-characters-long
                  scopes: [ email, offline_access ]
                  base-url: %s
                  after-logout: %s/bye
                  headers: { X-Email: email }
        """
            .formatted(gate, upstream, provider, base, base));
    var policies = PolicyList.load();
    var read = ConfigReader.read(file, policies.settings(), new OpenApiReader());
    if (!(read instanceof ConfigRead.Understood(var configuration, _))) {
      throw new IllegalStateException(read.toString());
    }
    var gateway =
        new Gateway(
            new DataPlane(
                1,
                Transport.Kind.EPOLL,
                1024,
                ConnectionLens.NONE,
                policies.all(),
                InstantSource.system(),
                BanSink.NONE));
    var snapshot = configuration.snapshot(1, Instant.now(), List.of(), List.of(), List.of());
    assertThat(gateway.publish(snapshot)).isInstanceOf(Published.InForce.class);
    return gateway;
  }

  @Test
  void signsInRenewsAndSignsOut() throws Exception {
    assumeTrue(
        Files.isDirectory(WEB.resolve("node_modules/oidc-provider")),
        "web was left out of the build (-Dweb.skip): there is no provider to ask");
    int port = freePort();
    var provider = provider(port);
    try (var upstream = FakeUpstream.echo();
        var gateway = gateway(upstream.port(), port);
        var browser = new PlainBrowser()) {
      assertThat(gateway.addresses()).hasSize(1);
      signsIn(browser, upstream);
      tabsSignInAtOnce();
      renews(browser, upstream);
      tabsAtOnce(browser);
      signsOut(browser, port);
    } finally {
      provider.destroy();
    }
  }

  private void signsIn(PlainBrowser browser, FakeUpstream upstream) throws Exception {
    var page = browser.visit(URI.create(base + "/page?a=1"), "ann");
    assertThat(page.statusCode()).as(page.body()).isEqualTo(200);
    assertThat(page.uri().toString()).isEqualTo(base + "/page?a=1");
    assertThat(browser.forms()).containsExactly("login", "consent");
    assertThat(upstream.heads()).hasSize(1);
    assertThat(upstream.heads().getFirst())
        .contains("X-Email: ann@example.com")
        .doesNotContain("__Host-ostiary");
  }

  private void tabsSignInAtOnce() throws Exception {
    try (var browser = new PlainBrowser()) {
      var led = new ArrayList<URI>();
      for (var tab : List.of("/one", "/two")) {
        var answer = browser.ask(URI.create(base + tab));
        led.add(URI.create(answer.headers().firstValue("location").orElseThrow()));
      }
      assertThat(browser.visit(led.get(0), "ann").uri().getPath()).isEqualTo("/one");
      assertThat(browser.visit(led.get(1), "ann").uri().getPath()).isEqualTo("/two");
    }
  }

  /// Twice, since the second time needs the token that the first one gave.
  private void renews(PlainBrowser browser, FakeUpstream upstream) throws Exception {
    for (int turn = 0; turn < 2; turn++) {
      untilRenewed(browser);
    }
    assertThat(upstream.heads())
        .allSatisfy(head -> assertThat(head).contains("X-Email: ann@example.com"));
  }

  private void untilRenewed(PlainBrowser browser) throws Exception {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      var answer = browser.ask(URI.create(base + "/page"));
      assertThat(answer.statusCode()).isEqualTo(200);
      if (answer.headers().firstValue("set-cookie").isPresent()) {
        return;
      }
      assertThat(System.nanoTime()).as("waited for a renewed session").isLessThan(end);
      Thread.sleep(50);
    }
  }

  /// Eight calls come with one cookie whose time is over.
  private void tabsAtOnce(PlainBrowser browser) throws Exception {
    untilRenewed(browser);
    Thread.sleep(2_100);
    var asked = Stream.generate(() -> browser.begin(URI.create(base + "/page"))).limit(8).toList();
    for (var one : asked) {
      HttpResponse<String> answer = one.join();
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("set-cookie")).isPresent();
    }
    browser.kept(asked.getLast().join());
    untilRenewed(browser);
  }

  /// Whoever kept a copy of the cookie is not let in by it once its time is over.
  private void signsOut(PlainBrowser browser, int port) throws Exception {
    var copy = browser.copy();
    var answer = browser.ask(URI.create(base + "/oidc/logout"));
    assertThat(answer.statusCode()).isEqualTo(302);
    assertThat(answer.headers().firstValue("location").orElseThrow())
        .startsWith("http://127.0.0.1:" + port + "/session/end?client_id=ostiary&post_logout");
    assertThat(browser.ask(URI.create(base + "/page")).statusCode()).isEqualTo(302);
    long end = System.nanoTime() + LIMIT.toNanos();
    while (copy.ask(URI.create(base + "/page")).statusCode() == 200) {
      assertThat(System.nanoTime()).as("waited for the session to be over").isLessThan(end);
      Thread.sleep(50);
    }
  }
}
