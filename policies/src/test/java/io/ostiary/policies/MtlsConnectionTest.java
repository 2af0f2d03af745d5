package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Consumer;
import io.ostiary.model.Credential;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Tls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Certificates of an authority made by openssl, shown by curl over TLS and HTTP/2 to a gateway
/// that runs.
class MtlsConnectionTest {
  private static final String EC = " -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
  private static final Mtls.Settings SETTINGS =
      new Mtls.Settings(
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          true,
          Map.of("X-Client", "dns", "X-Subject", "subject", "X-Spiffe", "uri"));
  @TempDir static Path folder;

  @BeforeAll
  static void issue() throws Exception {
    Files.writeString(folder.resolve("index.txt"), "");
    Files.writeString(folder.resolve("serial"), "64\n");
    Files.writeString(
        folder.resolve("ca.cnf"),
        """
        [ca]
        default_ca = here
        [here]
        database = %1$s/index.txt
        serial = %1$s/serial
        new_certs_dir = %1$s
        default_md = sha256
        policy = any
        default_crl_days = 30
        copy_extensions = copy
        unique_subject = no
        [any]
        organizationName = optional
        commonName = supplied
        """
            .formatted(folder));
    for (var authority : List.of("ca", "other")) {
      openssl(
          "req -x509" + EC + " -days 30 -subj /CN=" + authority + " -keyout %s.key -out %s.pem",
          authority,
          authority);
    }
    sign("ca", "gate", "IP:127.0.0.1", "");
    sign("ca", "billing", "DNS:billing.example.com,URI:spiffe://example/billing", "");
    sign("ca", "unknown", "DNS:unknown.example.com", "");
    sign(
        "ca",
        "late",
        "DNS:billing.example.com",
        " -startdate 20200101000000Z -enddate 20210101000000Z");
    sign("other", "stranger", "DNS:billing.example.com", "");
  }

  private static void sign(String authority, String name, String names, String dates)
      throws IOException, InterruptedException {
    openssl(
        "req"
            + EC
            + " -subj /O=Example/CN=%s -keyout %s.key -out %s.csr -addext subjectAltName="
            + names,
        name,
        name,
        name);
    openssl(
        "ca -batch -notext -config ca.cnf -cert %s.pem -keyfile %s.key -days 30 -in %s.csr -out %s.pem"
            + dates,
        authority,
        authority,
        name,
        name);
  }

  private static void openssl(String options, Object... names)
      throws IOException, InterruptedException {
    var words = new ArrayList<>(List.of("openssl"));
    for (var word : options.formatted(names).split(" ")) {
      words.add(word.matches("[a-z]+\\.[a-z]+") ? folder.resolve(word).toString() : word);
    }
    Commands.run(words.toArray(String[]::new));
  }

  private static PolicyKit kit(FakeUpstream upstream, Tls.Clients clients) {
    return kit(upstream, clients, null);
  }

  private static PolicyKit kit(
      FakeUpstream upstream, Tls.Clients clients, @Nullable Path revocations) {
    var kit = new PolicyKit(upstream, List.of(new Mtls()));
    var gate =
        new Tls.Certificate(
            folder.resolve("gate.pem"),
            folder.resolve("gate.key"),
            null,
            List.of(),
            Tls.Key.P_256,
            Instant.now().plusSeconds(86_400),
            "gate");
    kit.tls =
        new Tls(
            List.of(gate),
            Tls.Version.TLS_1_2,
            clients,
            folder.resolve("ca.pem"),
            revocations,
            false,
            "digest " + clients + revocations);
    kit.consumers =
        List.of(
            new Consumer(
                "c-1",
                "billing",
                Set.of("internal"),
                Set.of(),
                List.of(
                    new Credential(
                        Credential.Kind.CERTIFICATE, "san:dns:billing.example.com", ""))));
    return kit.publish(new PolicyUse("mtls", SETTINGS));
  }

  private static String curl(PolicyKit kit, String certificate, String... more) {
    var arguments =
        new ArrayList<>(
            List.of(
                "--http2",
                "--cacert",
                folder.resolve("ca.pem").toString(),
                "-w",
                " %{http_code} %{http_version}"));
    if (!certificate.isEmpty()) {
      arguments.add("--cert");
      arguments.add(folder.resolve(certificate + ".pem").toString());
      arguments.add("--key");
      arguments.add(folder.resolve(certificate + ".key").toString());
    }
    arguments.addAll(List.of(more));
    arguments.add("/orders");
    return kit.curl(arguments.toArray(String[]::new));
  }

  @Test
  void knowsWhoHoldsACertificateAndNobodyElseSaysSo() {
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, Tls.Clients.REQUIRED)) {
      var forged = new ArrayList<String>();
      for (var name :
          List.of(
              "x-client",
              "x_client",
              "x.client",
              "X~CLIENT",
              "x-spiffe",
              "ostiary-consumer",
              "ostiary_consumer",
              "Ostiary!Consumer-Name",
              "ostiary-groups")) {
        forged.add("-H");
        forged.add(name + ": forged");
      }
      assertThat(curl(kit, "billing", forged.toArray(String[]::new))).endsWith(" 200 2");
      assertThat(upstream.heads()).hasSize(1);
      assertThat(upstream.heads().getFirst() + "\r\n")
          .doesNotContain("forged")
          .containsOnlyOnce("X-Client: billing.example.com\r\n")
          .containsOnlyOnce("X-Subject: CN=billing,O=Example\r\n")
          .containsOnlyOnce("X-Spiffe: spiffe")
          .containsOnlyOnce("Ostiary-Consumer: c-1\r\n")
          .containsOnlyOnce("Ostiary-Consumer-Name: billing\r\n")
          .containsOnlyOnce("Ostiary-Groups: internal\r\n");
    }
  }

  @Test
  void turnsAwayWhatItsAuthorityTookBack() throws Exception {
    openssl("ca -config ca.cnf -cert ca.pem -keyfile ca.key -gencrl -out none.crl");
    sign("ca", "lost", "DNS:billing.example.com", "");
    openssl("ca -config ca.cnf -cert ca.pem -keyfile ca.key -revoke lost.pem");
    openssl("ca -config ca.cnf -cert ca.pem -keyfile ca.key -gencrl -out lost.crl");
    openssl(
        "ca -config ca.cnf -cert ca.pem -keyfile ca.key -gencrl -crl_lastupdate 20200101000000Z"
            + " -crl_nextupdate 20210101000000Z -out old.crl");
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, Tls.Clients.REQUIRED, folder.resolve("none.crl"))) {
      assertThat(curl(kit, "lost")).endsWith(" 200 2");
    }
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, Tls.Clients.REQUIRED, folder.resolve("lost.crl"))) {
      assertThat(curl(kit, "lost")).contains(" 000");
      assertThat(curl(kit, "billing")).endsWith(" 200 2");
      assertThat(upstream.heads()).hasSize(1);
    }
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, Tls.Clients.REQUIRED, folder.resolve("old.crl"))) {
      assertThat(curl(kit, "billing")).contains(" 000");
    }
  }

  @Test
  void turnsAwayWhatNoAuthorityOfOursVouchesForToday() {
    for (var clients : List.of(Tls.Clients.REQUIRED, Tls.Clients.OPTIONAL)) {
      try (var upstream = FakeUpstream.echo();
          var kit = kit(upstream, clients)) {
        assertThat(curl(kit, "late")).doesNotContain(" 200").contains(" 000");
        assertThat(curl(kit, "stranger")).doesNotContain(" 200").contains(" 000");
        assertThat(curl(kit, "")).contains(clients == Tls.Clients.OPTIONAL ? " 403 2" : " 000");
        assertThat(curl(kit, "unknown")).contains("urn:ostiary:problem:mtls").endsWith(" 403 2");
        assertThat(upstream.heads()).isEmpty();
      }
    }
  }
}
