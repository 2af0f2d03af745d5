package io.ostiary.gateway;

import io.ostiary.model.Tls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// An authority in a folder, made by openssl, and the certificates that it signs.
final class Pki {
  private final Path folder;
  private int issued;

  Pki(Path folder) throws IOException, InterruptedException {
    this.folder = folder;
    Files.writeString(folder.resolve("index.txt"), "");
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=ca"
            + " -keyout ca.key -out ca.pem");
  }

  Path authority() {
    return folder.resolve("ca.pem");
  }

  Path file(String name) {
    return folder.resolve(name);
  }

  /// Signs a certificate for these names; its files are `name.pem` and `name.key`.
  Tls.Certificate issue(String name, String... hosts) throws IOException, InterruptedException {
    return issue(Tls.Key.P_256, name, hosts);
  }

  /// The same with a key of this kind.
  Tls.Certificate issue(Tls.Key key, String name, String... hosts)
      throws IOException, InterruptedException {
    var names = Stream.of(hosts).map(host -> "DNS:" + host).collect(Collectors.joining(","));
    openssl(
        "req -newkey %s -nodes -subj /CN=%s -keyout %s.key -out %s.csr%s"
            .formatted(
                key == Tls.Key.RSA
                    ? "rsa:2048"
                    : "ec -pkeyopt ec_paramgen_curve:" + key.name().replace('_', '-'),
                name,
                name,
                name,
                hosts.length == 0 ? "" : " -addext subjectAltName=" + names));
    sign(name);
    return certificate(key, name, null, hosts);
  }

  /// The same, without names, and for one use alone.
  Tls.Certificate issueFor(String use, String name) throws IOException, InterruptedException {
    openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=%s -keyout %s.key -out %s.csr -addext extendedKeyUsage=%s"
            .formatted(name, name, name, use));
    sign(name);
    return certificate(name, null);
  }

  /// The same, with the address of who answers for it, and the authority in its chain.
  Tls.Certificate issueAskable(String name, int port) throws IOException, InterruptedException {
    openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=%s -keyout %s.key -out %s.csr -addext authorityInfoAccess=OCSP;URI:http://127.0.0.1:%d/"
            .formatted(name, name, name, port));
    sign(name);
    Files.writeString(
        file(name + ".pem"), Files.readString(file(name + ".pem")) + Files.readString(authority()));
    return certificate(name, null);
  }

  /// The same, which ends at this time; with `name.p12` for clients of the JDK.
  void issueUntil(Instant end, String name) throws IOException, InterruptedException {
    Files.writeString(folder.resolve("issued.txt"), "");
    Files.writeString(
        folder.resolve("ca.cnf"),
        """
        [ca]
        default_ca=it
        [it]
        database=issued.txt
        new_certs_dir=.
        rand_serial=yes
        default_md=sha256
        policy=any
        [any]
        commonName=supplied
        """);
    openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=%s -keyout %s.key -out %s.csr"
            .formatted(name, name, name));
    var until = DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
    openssl(
        "ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -startdate 20200101000000Z -enddate %s -in %s.csr -out %s.pem"
            .formatted(until.format(end), name, name));
    openssl(
        "pkcs12 -export -passout pass:changeit -inkey %s.key -in %s.pem -out %s.p12"
            .formatted(name, name, name));
  }

  private void sign(String name) throws IOException, InterruptedException {
    openssl(
        "x509 -req -in %s.csr -CA ca.pem -CAkey ca.key -set_serial %d -copy_extensions copy -days 30 -out %s.pem"
            .formatted(name, 100 + ++issued, name));
  }

  Tls.Certificate certificate(String name, @Nullable Path ocsp, String... hosts) {
    return certificate(Tls.Key.P_256, name, ocsp, hosts);
  }

  private Tls.Certificate certificate(
      Tls.Key key, String name, @Nullable Path ocsp, String... hosts) {
    return new Tls.Certificate(
        file(name + ".pem"),
        file(name + ".key"),
        ocsp,
        List.of(hosts),
        key,
        Instant.now().plusSeconds(86_400),
        name + issued);
  }

  /// Begins to answer on this port, and returns when it does.
  Process responder(String name, int port) throws IOException, InterruptedException {
    index(name);
    var process =
        new ProcessBuilder(
                ("openssl ocsp -index index.txt -CA ca.pem -rsigner ca.pem -rkey ca.key -ndays 5"
                        + " -port "
                        + port)
                    .split(" "))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    // It must not be tried whether it listens: a connection without a question stops it.
    var said = process.inputReader();
    for (var line = said.readLine(); line != null; line = said.readLine()) {
      if (line.contains("waiting for OCSP client connections")) {
        return process;
      }
    }
    throw new IOException("openssl ocsp does not listen");
  }

  /// The authority's word that a certificate stands.
  Path goodWordFor(String name) throws IOException, InterruptedException {
    index(name);
    openssl("ocsp -issuer ca.pem -cert " + name + ".pem -reqout req.der -no_nonce");
    openssl(
        "ocsp -index index.txt -CA ca.pem -rsigner ca.pem -rkey ca.key -reqin req.der -ndays 5"
            + " -respout good.der");
    return folder.resolve("good.der");
  }

  private void index(String name) throws IOException, InterruptedException {
    var serial = openssl("x509 -noout -serial -in " + name + ".pem").strip().substring(7);
    Files.writeString(
        folder.resolve("index.txt"),
        "V\t401231235959Z\t\t" + serial + "\tunknown\t/CN=" + name + "\n");
  }

  Tls tls(Tls.Certificate... certificates) {
    return tls(Tls.Clients.OFF, Tls.Version.TLS_1_2, certificates);
  }

  Tls tls(Tls.Clients clients, Tls.Version minimum, Tls.Certificate... certificates) {
    return new Tls(
        List.of(certificates),
        minimum,
        clients,
        clients == Tls.Clients.OFF ? null : authority(),
        null,
        true,
        "digest " + issued);
  }

  String openssl(String options) throws IOException, InterruptedException {
    return run(("openssl " + options).split(" "));
  }

  /// Runs a program in the folder, without input.
  String run(String... command) throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(new ArrayList<>(List.of(command)))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .start();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("still runs: " + List.of(command));
    }
    return text;
  }
}
