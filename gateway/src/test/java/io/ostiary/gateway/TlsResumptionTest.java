package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Tls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Sessions of clients that have shown a certificate.
class TlsResumptionTest {
  private static final int LIMIT_MILLIS = 10_000;

  @TempDir static Path folder;

  /// @param begun when the session began, which it keeps when it is resumed
  private record Asked(long begun, String answer) {}

  /// In a resumed session nobody shows a certificate, and nothing in TLS looks at the old one.
  @Test
  void nobodyResumesASessionWhenTheCertificateHasEnded() throws Exception {
    var pki = new Pki(folder);
    var api = pki.issue("api", "api.example");
    var end = Instant.now().plusSeconds(6).truncatedTo(ChronoUnit.SECONDS);
    pki.issueUntil(end, "billing");
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      kit.tls = pki.tls(Tls.Clients.REQUIRED, Tls.Version.TLS_1_3, api);
      kit.publish();
      var client = context(pki.file("billing.p12"));
      var first = ask(client, kit.port);
      assertThat(first.answer).startsWith("HTTP/1.1 200 ");
      var second = ask(client, kit.port);
      assertThat(second.answer).startsWith("HTTP/1.1 200 ");
      assertThat(second.begun).as("resumed").isEqualTo(first.begun);
      Thread.sleep(Duration.between(Instant.now(), end.plusSeconds(1)));
      var late = ask(client, kit.port);
      assertThat(late.begun).as("resumed").isEqualTo(first.begun);
      assertThat(late.answer).isEmpty();
      assertThat(upstream.heads()).hasSize(2);
    }
  }

  /// Of the JDK, with a key of its own, which trusts everybody.
  static SSLContext context(Path store) throws Exception {
    var keys = KeyStore.getInstance("PKCS12");
    try (var in = Files.newInputStream(store)) {
      keys.load(in, "changeit".toCharArray());
    }
    var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, "changeit".toCharArray());
    var context = SSLContext.getInstance("TLSv1.3");
    context.init(
        managers.getKeyManagers(), InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
    return context;
  }

  private static Asked ask(SSLContext context, int port) throws IOException {
    try (var socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
      socket.setSoTimeout(LIMIT_MILLIS);
      socket.startHandshake();
      var begun = socket.getSession().getCreationTime();
      var request = "GET / HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new Asked(
          begun, new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
    }
  }
}
