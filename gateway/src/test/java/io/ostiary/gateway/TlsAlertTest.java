package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Target;
import io.ostiary.model.UpstreamLink;
import io.ostiary.model.UpstreamLink.Protocol;
import io.ostiary.model.UpstreamLink.ProxyHeader;
import io.ostiary.model.UpstreamTls;
import io.ostiary.model.UpstreamTls.Version;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What an upstream hears of us that we do not trust: its operator reads that, not our log.
class TlsAlertTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "api, api.example, ca, none",
    "api, api.example, stranger, unknown_ca",
    "api, other.example, ca, bad_certificate",
    "client-only, api.example, ca, unsupported_certificate",
  })
  void theAlertSaysWhatIsWrong(String certificate, String name, String authority, String alert)
      throws Exception {
    var pki = new Pki(folder);
    pki.issue("api", "api.example");
    pki.issueFor("clientAuth", "client-only");
    pki.openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=s"
            + " -keyout stranger.key -out stranger.pem");
    pki.openssl(
        "pkcs12 -export -passout pass:changeit -inkey %1$s.key -in %1$s.pem -out %1$s.p12"
            .formatted(certificate));
    var context = TlsResumptionTest.context(pki.file(certificate + ".p12"));
    try (var listening =
            (SSLServerSocket)
                context
                    .getServerSocketFactory()
                    .createServerSocket(0, 1, InetAddress.getLoopbackAddress());
        var kit = new Kit(List.of(new Target("127.0.0.1", listening.getLocalPort(), 1)))) {
      listening.setSoTimeout(10_000);
      var heard = CompletableFuture.supplyAsync(() -> heard(listening));
      kit.link =
          new UpstreamLink(
              Protocol.HTTP1,
              new UpstreamTls(name, true, pki.file(authority + ".pem"), null, null, Version.V1_2),
              ProxyHeader.OFF);
      kit.publish();
      kit.get("/");
      assertThat(heard.get(10, TimeUnit.SECONDS)).contains(alert);
    }
  }

  private static String heard(SSLServerSocket listening) {
    try (var socket = (SSLSocket) listening.accept()) {
      socket.setSoTimeout(10_000);
      socket.startHandshake();
      return socket.getInputStream().read() < 0 ? "end" : "none";
    } catch (java.io.IOException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
