package io.ostiary.contract.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.contract.tree.Fault;
import io.ostiary.model.Tls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TlsFilesTest {
  @TempDir static Path folder;

  @BeforeAll
  static void certificates() {
    TestCertificate.make(folder, "api", 90);
    TestCertificate.make(folder, "soon", 5);
    TestCertificate.make(folder, "old", -3);
  }

  private static ConfigRead read(String tls) throws IOException {
    var file = folder.resolve("ostiary.yaml");
    Files.writeString(
        file,
        """
        listeners:
          - address: 0.0.0.0:8443
            tls: %s
        apis: [ { name: a, path: /a, upstream: u } ]
        upstreams: [ { name: u, targets: "h:1" } ]
        """
            .formatted(tls));
    return ConfigReader.parse(Files.readString(file), file, Policies.ALL, new FakeDocuments());
  }

  private static Tls understood(String tls) throws IOException {
    var read = read(tls);
    if (read instanceof ConfigRead.Refused(var faults)) {
      throw new AssertionError(ConfigReaderTest.lines(faults).toString());
    }
    return ((ConfigRead.Understood) read).configuration().listeners().getFirst().tls();
  }

  private static List<String> faults(String tls) throws IOException {
    return read(tls) instanceof ConfigRead.Refused(var faults)
        ? ConfigReaderTest.lines(faults)
        : List.of();
  }

  @Test
  void aCertificateIsReadWithItsNamesAndItsEnd() throws IOException {
    var tls = understood("{ certificates: { chain: api.pem, key: api.key } }");
    var certificate = tls.certificates().getFirst();
    assertThat(certificate.names()).containsExactly("api.example.com", "*.example.org");
    assertThat(certificate.notAfter()).isAfter(Instant.now().plusSeconds(80 * 86_400));
    assertThat(certificate.chain()).isEqualTo(folder.resolve("api.pem"));
    assertThat(certificate.signs()).isEqualTo(Tls.Key.P_256);
    assertThat(certificate.fingerprint()).hasSize(64);
    assertThat(tls.minimum()).isEqualTo(Tls.Version.TLS_1_2);
    assertThat(tls.clients()).isEqualTo(Tls.Clients.OFF);
  }

  @Test
  void anotherContentIsAnotherValue() throws IOException {
    var one = understood("{ certificates: { chain: api.pem, key: api.key } }");
    assertThat(understood("{ certificates: { chain: api.pem, key: api.key } }")).isEqualTo(one);
    Files.writeString(
        folder.resolve("api2.pem"), Files.readString(folder.resolve("api.pem")) + "\n");
    assertThat(understood("{ certificates: { chain: api2.pem, key: api.key } }").digest())
        .isNotEqualTo(one.digest());
  }

  @Test
  void whatDoesNotFitIsToldAtItsPlace() throws IOException {
    assertThat(faults("{ certificates: { chain: api.pem, key: soon.key } }"))
        .singleElement()
        .asString()
        .contains("ostiary.yaml:3:")
        .contains("soon.key")
        .contains("expected: the key of the first certificate in");
    assertThat(faults("{ certificates: { chain: none.pem, key: soon.key } }"))
        .singleElement()
        .asString()
        .contains("chain: ")
        .contains("none.pem' (expected: a file that can be read: it does not exist)");
    assertThat(faults("{ certificates: { chain: api.key, key: api.key } }"))
        .singleElement()
        .asString()
        .contains("certificates in PEM");
    assertThat(faults("{ certificates: { chain: api.pem, key: api.pem } }"))
        .singleElement()
        .asString()
        .contains("openssl pkcs8 -topk8");
    assertThat(
            faults(
                "{ certificates: { chain: api.pem, key: api.key }, client-certificates: required"
                    + " }"))
        .singleElement()
        .asString()
        .contains("client-authorities");
    assertThat(
            faults(
                "{ certificates: { chain: api.pem, key: api.key }, client-certificates: required,"
                    + " client-authorities: api.pem, client-revocations: api.pem }"))
        .singleElement()
        .asString()
        .contains("client-revocations: ")
        .contains("lists of revoked certificates");
    assertThat(
            faults(
                "{ certificates: { chain: api.pem, key: api.key }, client-revocations: api.crl }"))
        .singleElement()
        .asString()
        .contains("client-revocations")
        .contains("client-certificates beside it");
    assertThat(faults("{ certificates: [] }")).singleElement().asString().contains("certificates");
  }

  private static void openssl(String options) throws Exception {
    var process =
        new ProcessBuilder(("openssl " + options).split(" "))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("openssl.log").toFile())
            .start();
    assertThat(process.waitFor()).as(Files.readString(folder.resolve("openssl.log"))).isZero();
  }

  /// Makes `odd.pem` and `odd.key`.
  private static void odd(String key) throws Exception {
    openssl(
        "req -x509 -newkey %s -nodes -days 30 -subj /CN=a -keyout odd.raw -out odd.pem"
            .formatted(key));
    openssl("pkcs8 -topk8 -nocrypt -in odd.raw -out odd.key");
  }

  @ParameterizedTest
  @CsvSource({
    "P-256, P_256",
    "P-384, P_384",
    "P-521, P_521",
  })
  void theCurveOfAKeyIsKnown(String curve, Tls.Key key) throws Exception {
    odd("ec -pkeyopt ec_paramgen_curve:" + curve);
    var tls = understood("{ certificates: { chain: odd.pem, key: odd.key } }");
    assertThat(tls.certificates().getFirst().signs()).isEqualTo(key);
  }

  /// Those are all keys that OpenSSL makes and browsers do not know.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "ec -pkeyopt ec_paramgen_curve:secp256k1",
        "ec -pkeyopt ec_paramgen_curve:secp224r1",
        "ec -pkeyopt ec_paramgen_curve:brainpoolP256r1",
        "ec -pkeyopt ec_paramgen_curve:brainpoolP384r1",
        "ed25519",
        "ed448",
      })
  void aKeyThatClientsDoNotKnowIsRefused(String key) throws Exception {
    odd(key);
    assertThat(faults("{ certificates: { chain: odd.pem, key: odd.key } }"))
        .singleElement()
        .asString()
        .contains("ostiary.yaml:3:")
        .contains("odd.pem with a key " + (key.startsWith("ec ") ? "on another curve" : "EdDSA"))
        .endsWith("(expected: RSA, or EC on P-256, P-384 or P-521)");
  }

  @Test
  void aShortKeyIsWarnedOf() throws Exception {
    odd("rsa:1024");
    var read = read("{ certificates: { chain: odd.pem, key: odd.key } }");
    assertThat(ConfigReaderTest.lines(((ConfigRead.Understood) read).warnings()))
        .singleElement()
        .asString()
        .contains("odd.pem has an RSA key of 1024 bits (expected: at least 2048)");
  }

  @Test
  void aListThatIsOutOfDateIsWarnedOf() throws Exception {
    Files.writeString(folder.resolve("index.txt"), "");
    Files.writeString(
        folder.resolve("ca.cnf"),
        "[ca]\ndefault_ca=a\n[a]\ndatabase=%s/index.txt\ndefault_md=sha256\n".formatted(folder));
    var command =
        "openssl ca -config ca.cnf -gencrl -cert api.pem -keyfile api.key -out past.crl"
            + " -crl_lastupdate 20200101000000Z -crl_nextupdate 20210101000000Z";
    var openssl =
        new ProcessBuilder(command.split(" ")).directory(folder.toFile()).inheritIO().start();
    assertThat(openssl.waitFor()).isZero();
    for (var name : List.of("api", "past")) {
      var read =
          read(
              "{ certificates: { chain: api.pem, key: api.key }, client-certificates: required,"
                  + " client-authorities: api.pem, client-revocations: %s.crl }".formatted(name));
      assertThat(read).isInstanceOf(ConfigRead.Understood.class);
      assertThat(((ConfigRead.Understood) read).warnings())
          .extracting(Fault::message)
          .filteredOn(message -> message.contains("no client gets in"))
          .hasSize(name.equals("past") ? 1 : 0);
    }
  }

  @Test
  void anEndThatIsNearIsWarnedOf() throws IOException {
    for (var name : List.of("soon", "old")) {
      var read = read("{ certificates: { chain: %s.pem, key: %s.key } }".formatted(name, name));
      assertThat(read).isInstanceOf(ConfigRead.Understood.class);
      assertThat(((ConfigRead.Understood) read).warnings())
          .extracting(Fault::message)
          .singleElement()
          .asString()
          .contains(name.equals("soon") ? "soon.pem expires at" : "old.pem expired at");
    }
  }
}
