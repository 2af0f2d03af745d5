package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.ClientCertificate;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Consumer;
import io.ostiary.model.Credential;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A certificate made by openssl.
class MtlsTest {
  @TempDir static Path folder;
  private static ClientCertificate certificate;

  @BeforeAll
  static void make() throws Exception {
    var file = folder.resolve("c.pem");
    var process =
        new ProcessBuilder(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                folder.resolve("k.pem").toString(),
                "-out",
                file.toString(),
                "-subj",
                "/O=Example/CN=billing",
                "-addext",
                "subjectAltName=DNS:billing.example.com,URI:spiffe://example/billing")
            .redirectErrorStream(true)
            .start();
    process.getInputStream().readAllBytes();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    try (var in = Files.newInputStream(file)) {
      certificate =
          ClientCertificate.of(
              (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
  }

  private static Mtls.Settings settings(
      List<String> subjects, List<String> names, List<String> fingerprints, boolean consumer) {
    return new Mtls.Settings(
        subjects, names, fingerprints, List.of(), consumer, Map.of("X-Client", "dns"));
  }

  private static FakeSite site(String... credentials) {
    var consumers = new java.util.ArrayList<Consumer>();
    for (var id : credentials) {
      consumers.add(
          new Consumer(
              "c-" + consumers.size(),
              id.substring(0, id.indexOf(':')),
              Set.of(),
              Set.of(),
              List.of(new Credential(Credential.Kind.CERTIFICATE, id, ""))));
    }
    return Sites.site(
        Sites.snapshot(Sites.api(List.of(Sites.route("all", "/*"))), consumers, List.of()));
  }

  private static FakeExchange with(FakeSite site) {
    return site.exchange("GET", "/x").with("x_client", "forged").holding(certificate);
  }

  private static Verdict asked(Mtls.Settings settings, FakeSite site, FakeExchange exchange) {
    return new Mtls().compile(settings, site).request(exchange);
  }

  @Test
  void tellsOfTheCertificateAndLetsEverybodyInUnlessNamed() {
    var site = site();
    var exchange = with(site);
    assertThat(asked(settings(List.of(), List.of(), List.of(), false), site, exchange))
        .isEqualTo(Verdict.CONTINUE);
    assertThat(exchange.identity().subject()).isEqualTo("CN=billing,O=Example");
    assertThat(exchange.requestHeaders().all("X-Client")).containsExactly("billing.example.com");
    assertThat(exchange.requestHeaders().toString()).doesNotContain("forged");
    var without = site.exchange("GET", "/x");
    var problem =
        Sites.problem(asked(settings(List.of(), List.of(), List.of(), false), site, without));
    assertThat(problem.status()).isEqualTo(403);
    assertThat(problem.code()).isEqualTo("mtls");
  }

  @Test
  void letsInBySubjectNameOrFingerprint() {
    var site = site();
    for (var allowed :
        List.of(
            settings(List.of("CN=billing,O=Example"), List.of(), List.of(), false),
            settings(List.of(), List.of("dns:billing.example.com"), List.of(), false),
            settings(List.of(), List.of("uri:spiffe://example/billing"), List.of(), false),
            settings(List.of(), List.of(), List.of(certificate.fingerprint()), false))) {
      assertThat(asked(allowed, site, with(site))).isEqualTo(Verdict.CONTINUE);
    }
    for (var other :
        List.of(
            settings(List.of("CN=billing"), List.of(), List.of(), false),
            settings(List.of(), List.of("dns:example.com"), List.of(), false),
            settings(List.of(), List.of(), List.of("0".repeat(64)), false),
            settings(List.of(), List.of(), List.of(), true))) {
      assertThat(Sites.problem(asked(other, site, with(site))).status()).isEqualTo(403);
    }
  }

  @Test
  void theMostExactCredentialCounts() {
    var exact = "sha256:" + certificate.fingerprint();
    var site = site("subject:CN=billing,O=Example", "san:dns:billing.example.com", exact);
    var exchange = with(site);
    asked(settings(List.of(), List.of(), List.of(), true), site, exchange);
    assertThat(exchange.consumer().name()).isEqualTo("sha256");
    var fewer = site("subject:CN=billing,O=Example");
    var bySubject = with(fewer);
    asked(settings(List.of(), List.of(), List.of(), true), fewer, bySubject);
    assertThat(bySubject.consumer().name()).isEqualTo("subject");
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> settings(List.of(), List.of("billing"), List.of(), false))
        .hasMessageStartingWith("mtls.names: billing");
    assertThatThrownBy(() -> settings(List.of(), List.of(), List.of("AB"), false))
        .hasMessageStartingWith("mtls.fingerprints: AB");
    assertThatThrownBy(() ->
            new Mtls.Settings(
                List.of(), List.of(), List.of(), List.of(), false, Map.of("X-Name", "name")))
        .hasMessageStartingWith("mtls.headers: name (expected: one of subject, issuer");
  }
}
