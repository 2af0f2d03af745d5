package io.ostiary.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// What candidates speak beside plain HTTP/1.1, in the words of each one's configuration.
///
/// @param certificate PEM files that all of them show
/// @param echoPort where the server listens that sends WebSocket frames back
record Protocols(Path certificate, Path key, int echoPort) {
  /// Makes a certificate of the kind most sites have.
  static Protocols make(Path folder, int echoPort) throws IOException, InterruptedException {
    var certificate = folder.resolve("certificate.pem");
    var key = folder.resolve("key.pem");
    var openssl =
        new ProcessBuilder(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-subj",
                "/CN=bench.test",
                "-addext",
                "subjectAltName=DNS:bench.test,IP:127.0.0.1",
                "-days",
                "30",
                "-keyout",
                key.toString(),
                "-out",
                certificate.toString())
            .redirectErrorStream(true)
            .start();
    var output = new String(openssl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!openssl.waitFor(30, TimeUnit.SECONDS) || openssl.exitValue() != 0) {
      throw new IOException("openssl could not make a certificate: " + output);
    }
    return new Protocols(certificate, key, echoPort);
  }

  static int tlsPort(int port) {
    return port + 1;
  }

  /// nginx has one port for each; Ostiary tells HTTP/2 from HTTP/1.1 by its first bytes.
  static int http2Port(Candidate candidate) {
    return candidate instanceof Nginx ? candidate.port() + 2 : candidate.port();
  }

  /// Lines of nginx's server.
  String nginx(int port) {
    return """
        listen 127.0.0.1:%d reuseport backlog=4096 ssl;
        listen 127.0.0.1:%d reuseport backlog=4096 http2;
        http2_max_concurrent_streams 100;
        ssl_certificate %s;
        ssl_certificate_key %s;
        ssl_protocols TLSv1.2 TLSv1.3;
        location /ws {
          proxy_pass http://127.0.0.1:%d;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection "upgrade";
        }
    """
        .formatted(tlsPort(port), port + 2, certificate, key, echoPort);
  }

  String listener(int port) {
    return "  - { address: \"127.0.0.1:%d\", tls: { certificates: { chain: %s, key: %s } } }%n"
        .formatted(tlsPort(port), certificate, key);
  }

  String upstream() {
    return "  - { name: echo, targets: \"127.0.0.1:%d\" }%n".formatted(echoPort);
  }

  String api(Workload workload) {
    return """
      - name: echo
        path: /ws
        upstream: echo
        policies:
          - key-auth: {}
          - rate-limit: { requests: %d, per: 1s, by: consumer }
    """
        .formatted(workload.requestsPerSecond());
  }
}
