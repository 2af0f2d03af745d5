package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ostiary.gateway.spi.ClientCertificate;
import io.ostiary.gateway.spi.ClientCertificate.NameKind;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Cidr;
import io.ostiary.model.Listener.ProxyProtocol;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Tls;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// TLS towards clients, against openssl, curl, h2spec and h2load.
class TlsTest {
  @TempDir static Path folder;
  private static Pki pki;
  private static Tls.Certificate api;
  private static Tls.Certificate wild;

  @BeforeAll
  static void authority() throws Exception {
    pki = new Pki(folder);
    api = pki.issue("api", "api.example.com", "localhost");
    wild = pki.issue("wild", "*.example.org");
    pki.issue("billing", "billing.internal");
  }

  private static String curl(Kit kit, String... options) throws Exception {
    var command = new ArrayList<>(List.of("curl", "-si", "-m", "5", "--cacert", "ca.pem"));
    command.addAll(List.of(options));
    command.addAll(List.of("--resolve", "api.example.com:" + kit.port + ":127.0.0.1"));
    command.add("https://api.example.com:" + kit.port + "/a");
    return pki.run(command.toArray(String[]::new));
  }

  private static String client(Kit kit, String options) throws Exception {
    return pki.openssl("s_client -connect 127.0.0.1:" + kit.port + " -CAfile ca.pem " + options);
  }

  private static Kit kit(FakeUpstream upstream, Tls tls, Policy<?>... policies) {
    var kit = new Kit(upstream, policies);
    kit.tls = tls;
    return kit;
  }

  @Test
  void passesAllOfH2spec() throws Exception {
    assumeTrue(H2Spec.runsHere(), "skipped: the binary of h2spec is for x86-64");
    var unpacked = Files.createDirectory(folder.resolve("h2spec-folder"));
    try (var upstream = H2Spec.upstream();
        var kit = kit(upstream, pki.tls(api)).publish()) {
      var report = H2Spec.unpackInto(unpacked).run(kit.port, "-t", "-k");
      assertThat(report).endsWith("145 tests, 145 passed, 0 skipped, 0 failed\n");
    }
  }

  @Test
  void theVersionOfHttpIsAgreedUpon() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, pki.tls(api)).publish()) {
      assertThat(curl(kit)).startsWith("HTTP/2 200").endsWith("/a");
      assertThat(curl(kit, "--http1.1")).startsWith("HTTP/1.1 200").endsWith("/a");
      assertThat(client(kit, "-brief")).doesNotContain("ALPN");
      assertThat(upstream.heads().getFirst()).contains("X-Forwarded-Proto: https\r\n");
      assertThat(kit.gateway.gauges().handshakes()).isEqualTo(3);
    }
  }

  @Test
  void theCertificateIsChosenByName() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, pki.tls(api, wild)).publish()) {
      assertThat(client(kit, "-servername api.example.com")).contains("subject=CN = api\n");
      assertThat(client(kit, "-servername a.EXAMPLE.org")).contains("subject=CN = wild\n");
      assertThat(client(kit, "-servername a.b.example.org")).contains("subject=CN = api\n");
      assertThat(client(kit, "-noservername")).contains("subject=CN = api\n");
    }
  }

  /// As nginx and HAProxy do it: of two for one name everybody gets one that they can check.
  @Test
  void theCertificateIsChosenByWhatTheClientCanCheck() throws Exception {
    var rsa = pki.issue(Tls.Key.RSA, "both-rsa", "both.example.com");
    var curve = pki.issue(Tls.Key.P_384, "both-curve", "both.example.com");
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, pki.tls(rsa, curve, api)).publish()) {
      var asked = "-servername both.example.com ";
      for (var version : List.of("-tls1_2", "-tls1_3")) {
        var both = asked + version;
        assertThat(client(kit, both)).contains("subject=CN = both-curve\n");
        assertThat(client(kit, both + " -sigalgs RSA-PSS+SHA256:ECDSA+SHA384"))
            .contains("subject=CN = both-curve\n");
        assertThat(client(kit, both + " -sigalgs RSA-PSS+SHA256:RSA+SHA256"))
            .contains("subject=CN = both-rsa\n");
      }
      // A signature of TLS 1.3 says its curve, one of 1.2 does not.
      var other = asked + "-sigalgs ECDSA+SHA256:RSA-PSS+SHA256 ";
      assertThat(client(kit, other)).contains("subject=CN = both-rsa\n");
      assertThat(client(kit, other + "-tls1_2")).contains("subject=CN = both-curve\n");
      assertThat(client(kit, asked + "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256"))
          .contains("subject=CN = both-rsa\n");
      assertThat(client(kit, "-servername unknown.example -tls1_3"))
          .contains("subject=CN = both-curve\n");
      assertThat(client(kit, "-noservername -sigalgs RSA-PSS+SHA256"))
          .contains("subject=CN = both-rsa\n");
      assertThat(client(kit, "-servername api.example.com -sigalgs RSA-PSS+SHA256"))
          .contains("Cipher is (NONE)");
    }
  }

  @Test
  void oldVersionsAreRefused() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, pki.tls(api)).publish()) {
      var old = client(kit, "-tls1_1 -cipher DEFAULT@SECLEVEL=0");
      assertThat(old).contains("Cipher is (NONE)");
      assertThat(client(kit, "-tls1_2")).contains("ECDHE-ECDSA-AES128-GCM-SHA256");
      assertThat(client(kit, "-tls1_2 -cipher AES128-SHA")).contains("Cipher is (NONE)");
      assertThat(client(kit, "-tls1_3")).contains("TLS_AES_");
      kit.tls = pki.tls(Tls.Clients.OFF, Tls.Version.TLS_1_3, api);
      kit.publish();
      assertThat(client(kit, "-tls1_2")).contains("Cipher is (NONE)");
    }
  }

  @Test
  void sessionsAreResumed() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, pki.tls(api)).publish()) {
      assertThat(client(kit, "-tls1_2 -sess_out session")).contains("New, TLSv1.2");
      assertThat(client(kit, "-tls1_2 -sess_in session")).contains("Reused, TLSv1.2");
      // With other certificates a ticket is worth nothing.
      kit.tls = pki.tls(api, wild);
      kit.publish();
      assertThat(client(kit, "-tls1_2 -sess_in session")).contains("New, TLSv1.2");
    }
  }

  @Test
  void whatTheAuthoritySaysIsStapled() throws Exception {
    var stapled = pki.certificate("api", pki.goodWordFor("api"), "api.example.com");
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, pki.tls(stapled, wild)).publish()) {
      assertThat(client(kit, "-status -servername api.example.com"))
          .contains("OCSP Response Status: successful")
          .contains("Cert Status: good");
      assertThat(client(kit, "-status -servername a.example.org"))
          .contains("OCSP response: no response sent");
    }
  }

  @Test
  void theAuthorityIsAsked() throws Exception {
    int port = Kit.freePort();
    var askable = pki.issueAskable("askable", port);
    var responder = pki.responder("askable", port);
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, pki.tls(askable)).publish()) {
      var said = client(kit, "-status");
      for (int i = 0; i < 50 && !said.contains("Cert Status: good"); i++) {
        Thread.sleep(100);
        said = client(kit, "-status");
      }
      assertThat(said).contains("OCSP Response Status: successful").contains("Cert Status: good");
    } finally {
      responder.destroy();
    }
  }

  /// Remembers whom it saw.
  private record Witness(List<Optional<ClientCertificate>> seen) implements PlainPolicy {
    @Override
    public String name() {
      return "witness";
    }

    @Override
    public Verdict request(Exchange exchange) {
      seen.add(Optional.ofNullable(exchange.clientCertificate()));
      return Verdict.CONTINUE;
    }
  }

  @Test
  void clientsProveWhoTheyAre() throws Exception {
    var witness = new Witness(new CopyOnWriteArrayList<>());
    var stranger = Files.createDirectory(folder.resolve("stranger"));
    new Pki(stranger).issue("eve");
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, pki.tls(Tls.Clients.REQUIRED, Tls.Version.TLS_1_2, api), witness)) {
      kit.uses = List.of(new PolicyUse("witness", new PlainPolicy.None()));
      kit.publish();
      assertThat(curl(kit)).doesNotContain("200");
      assertThat(curl(kit, "--cert", "stranger/eve.pem", "--key", "stranger/eve.key"))
          .doesNotContain("200");
      assertThat(curl(kit, "--cert", "billing.pem", "--key", "billing.key"))
          .startsWith("HTTP/2 200");
      assertThat(witness.seen).hasSize(1);
      var proven = witness.seen.getFirst().orElseThrow();
      assertThat(proven.subject()).isEqualTo("CN=billing");
      assertThat(proven.issuer()).isEqualTo("CN=ca");
      assertThat(proven.names(NameKind.DNS)).containsExactly("billing.internal");
      var printed = pki.openssl("x509 -noout -fingerprint -sha256 -in billing.pem");
      assertThat(printed.strip().replace(":", "").toLowerCase(java.util.Locale.ROOT))
          .endsWith(proven.fingerprint());

      kit.tls = pki.tls(Tls.Clients.OPTIONAL, Tls.Version.TLS_1_2, api);
      kit.publish();
      assertThat(curl(kit)).startsWith("HTTP/2 200");
      assertThat(witness.seen.getLast()).isEmpty();
      assertThat(curl(kit, "--cert", "stranger/eve.pem", "--key", "stranger/eve.key"))
          .doesNotContain("200");
    }
  }

  @Test
  void clientsAreToldWhatIsWrongWithTheirCertificates() throws Exception {
    var strangers = new Pki(Files.createDirectory(folder.resolve("strangers")));
    strangers.issue("eve");
    pki.issueFor("serverAuth", "server-only");
    pki.issueFor("clientAuth", "client-only");
    try (var upstream = FakeUpstream.echo();
        var kit =
            kit(upstream, pki.tls(Tls.Clients.REQUIRED, Tls.Version.TLS_1_2, api)).publish()) {
      assertThat(client(kit, "-tls1_2 -cert strangers/eve.pem -key strangers/eve.key"))
          .contains("alert unknown ca");
      assertThat(client(kit, "-tls1_2 -cert server-only.pem -key server-only.key"))
          .contains("alert unsupported certificate");
      assertThat(client(kit, "-tls1_2 -cert client-only.pem -key client-only.key"))
          .contains("New, TLSv1.2, Cipher is ECDHE")
          .doesNotContain("alert");
    }
  }

  @Test
  void aProxysHeaderComesBeforeTheHandshake() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, pki.tls(api, wild))) {
      var some = Kit.settings(1024);
      kit.settings = some.withTrustedProxies(List.of(Cidr.parse("127.0.0.1")));
      kit.proxy = ProxyProtocol.REQUIRED;
      kit.publish();
      assertThat(curl(kit, "--haproxy-protocol")).startsWith("HTTP/2 200");
    }
  }

  @Test
  void whatIsNoTlsIsTurnedAway() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, pki.tls(api)).publish()) {
      assertThat(kit.get("/")).doesNotContain("HTTP/");
      assertThat(kit.gateway.gauges().handshakesFailed()).isEqualTo(1);
      try (var client = kit.client()) {
        // Silence is not waited for any longer than for a head.
        assertThat(client.readAll()).isEmpty();
      }
    }
  }

  @Test
  void certificatesAreReplacedUnderLoadAndABadOneIsNot() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, pki.tls(api)).publish()) {
      var url = "https://127.0.0.1:" + kit.port + "/";
      var load =
          CompletableFuture.supplyAsync(() -> {
            try {
              return pki.run("h2load", "-n", "3000", "-c", "4", "-m", "4", url);
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          });
      var fresh = Files.createDirectory(folder.resolve("fresh"));
      var others = new Pki(fresh);
      for (int i = 0; i < 5; i++) {
        kit.tls = others.tls(others.issue("renewed", "api.example.com"));
        kit.publish();
        assertThat(client(kit, "-brief")).contains("CN = renewed");
        kit.tls = pki.tls(api);
        kit.publish();
        assertThat(client(kit, "-brief")).contains("CN = api");
      }
      assertThat(load.join()).contains("3000 succeeded, 0 failed, 0 errored, 0 timeout");

      var missing =
          new Tls.Certificate(
              folder.resolve("none.pem"),
              wild.key(),
              null,
              List.of(),
              Tls.Key.P_256,
              api.notAfter(),
              "missing");
      kit.tls = pki.tls(missing);
      var refused = kit.gateway.publish(kit.snapshot());
      assertThat(refused.toString()).contains("Refused").contains("none.pem");
      assertThat(client(kit, "-brief")).contains("CN = api");
      assertThat(kit.gateway.drain(Duration.ofSeconds(3))).isTrue();
    }
  }
}
