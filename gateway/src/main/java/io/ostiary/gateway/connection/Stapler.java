package io.ostiary.gateway.connection;

import io.ostiary.model.LateLogger;
import io.ostiary.model.Tls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Asks the authority of a certificate, again and again, whether it stands, so that handshakes can
/// send the answer along. One virtual thread for each certificate; no handshake waits for it: until
/// there is an answer, or when the last one is out of date, none is sent.
final class Stapler implements AutoCloseable {
  private static final Duration AGAIN = Duration.ofHours(1);
  private static final Duration SOONER = Duration.ofMinutes(5);
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final int ANSWER_BYTES_MAX = 64 * 1024;
  private static final System.Logger LOG = new LateLogger("io.ostiary.gateway");

  private final Ocsp ocsp;
  private final Credentials.Credential of;
  private final Thread thread;
  private boolean told;

  private Stapler(Ocsp ocsp, Credentials.Credential of) {
    this.ocsp = ocsp;
    this.of = of;
    thread = Thread.ofVirtual().name("ocsp").unstarted(this::run);
  }

  /// Null: the certificate names nobody to ask.
  static @Nullable Stapler start(Credentials.Credential of) throws IOException {
    var ocsp = Ocsp.of(chain(of.certificate));
    if (ocsp == null) {
      return null;
    }
    var stapler = new Stapler(ocsp, of);
    stapler.thread.start();
    return stapler;
  }

  private static List<X509Certificate> chain(Tls.Certificate of) throws IOException {
    var chain = new ArrayList<X509Certificate>();
    try (var in = new ByteArrayInputStream(Files.readAllBytes(of.chain()))) {
      for (var one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        chain.add((X509Certificate) one);
      }
      return chain;
    } catch (GeneralSecurityException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private void run() {
    // Responders are simple servers; an offer of HTTP/2 is more than some of them read.
    var builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1);
    try (var client = builder.connectTimeout(CONNECT).build()) {
      while (true) {
        Thread.sleep(ask(client) ? AGAIN : SOONER);
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  private boolean ask(HttpClient client) throws InterruptedException {
    var why = "";
    try {
      var request =
          HttpRequest.newBuilder(ocsp.responder())
              .timeout(ANSWER)
              .header("Content-Type", "application/ocsp-request")
              .POST(BodyPublishers.ofByteArray(ocsp.question()))
              .build();
      var response = client.send(request, BodyHandlers.ofInputStream());
      try (var in = response.body()) {
        var answer = in.readNBytes(ANSWER_BYTES_MAX);
        if (response.statusCode() == 200 && ocsp.confirms(answer)) {
          of.staple = answer;
          told = false;
          return true;
        }
      }
      why =
          "its answer (" + response.statusCode() + ") is no valid word that the certificate stands";
    } catch (IOException | GeneralSecurityException e) {
      why = e.toString();
    }
    var old = of.staple;
    if (old != null && !ocsp.confirms(old)) {
      of.staple = null;
    }
    if (!told) {
      told = true;
      LOG.log(
          System.Logger.Level.WARNING,
          "stapling: {0}: {1} was asked: {2}. Handshakes go on without; asked again every 5"
              + " minutes.",
          of.certificate.chain(),
          ocsp.responder(),
          why);
    }
    return false;
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
