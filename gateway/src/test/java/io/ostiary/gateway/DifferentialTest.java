package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Target;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Good requests reach the upstream as nginx and HAProxy pass them on, up to the fields that
/// `docs/forwarding.md` lists: same method, same target, same fields with the same values, same
/// content.
@TestInstance(Lifecycle.PER_CLASS)
class DifferentialTest {
  /// What a proxy says for itself or for its hop.
  private static final Set<String> OWN =
      Set.of(
          "via",
          "ostiary-call",
          "traceparent",
          "x-forwarded-for",
          "x-forwarded-proto",
          "x-forwarded-host",
          "connection",
          "keep-alive",
          "te",
          "content-length",
          "transfer-encoding",
          "expect");

  @TempDir private static Path folder;
  private final List<Process> others = new ArrayList<>();
  private final LinkedBlockingQueue<StrictReader.Request> received = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<String> heads = new LinkedBlockingQueue<>();
  private ServerSocket upstream;
  private Kit kit;
  private int nginx;
  private int haproxy;

  @BeforeAll
  void open() throws Exception {
    upstream = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
    kit = new Kit(List.of(new Target("127.0.0.1", upstream.getLocalPort(), 1)));
    kit.publish();
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/sbin/nginx")), "nginx is missing");
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/sbin/haproxy")), "haproxy is missing");
    nginx = Kit.freePort();
    haproxy = Kit.freePort();
    startNginx();
    startHaproxy();
    for (int port : new int[] {nginx, haproxy}) {
      awaitPort(port);
    }
  }

  private void startNginx() throws IOException {
    var config = folder.resolve("nginx.conf");
    Files.writeString(
        config,
        """
        daemon off; master_process off; pid %1$s/nginx.pid; error_log %1$s/nginx.log;
        events {}
        http {
          access_log off; client_body_temp_path %1$s/b; proxy_temp_path %1$s/p;
          fastcgi_temp_path %1$s/f; uwsgi_temp_path %1$s/u; scgi_temp_path %1$s/s;
          underscores_in_headers on;
          server {
            listen 127.0.0.1:%2$d;
            location / {
              proxy_pass http://127.0.0.1:%3$d;
              proxy_http_version 1.1;
              proxy_set_header Connection ""; proxy_set_header Host $http_host;
            }
          }
        }
        """
            .formatted(folder, nginx, upstream.getLocalPort()));
    others.add(run("/usr/sbin/nginx", "-c", config.toString(), "-p", folder.toString()));
  }

  private void startHaproxy() throws IOException {
    var config = folder.resolve("haproxy.cfg");
    Files.writeString(
        config,
        """
        defaults
          mode http
          timeout connect 2s
          timeout client 5s
          timeout server 5s
        frontend f
          bind 127.0.0.1:%d
          default_backend b
        backend b
          server s 127.0.0.1:%d
        """
            .formatted(haproxy, upstream.getLocalPort()));
    others.add(run("/usr/sbin/haproxy", "-db", "-f", config.toString()));
  }

  private static Process run(String... command) throws IOException {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static void awaitPort(int port) throws InterruptedException {
    for (int i = 0; i < 200; i++) {
      try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        assertThat(socket.isConnected()).isTrue();
        return;
      } catch (IOException e) {
        Thread.sleep(25);
      }
    }
    throw new IllegalStateException("nobody listens on " + port);
  }

  @AfterAll
  void close() throws IOException {
    others.forEach(Process::destroy);
    kit.close();
    upstream.close();
  }

  private void accept() {
    try {
      while (true) {
        var socket = upstream.accept();
        Thread.ofVirtual().start(() -> serve(socket));
      }
    } catch (IOException e) {
      // It is over.
    }
  }

  private void serve(Socket socket) {
    var all = new ByteArrayOutputStream();
    try (socket) {
      var in = socket.getInputStream();
      var buffer = new byte[8192];
      for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
        all.write(buffer, 0, n);
        var bytes = all.toByteArray();
        var requests = StrictReader.strict(bytes);
        if (requests != null && !requests.isEmpty()) {
          var text = new String(bytes, StandardCharsets.ISO_8859_1);
          heads.add(text.substring(0, text.indexOf("\r\n\r\n")));
          received.add(requests.getFirst());
          socket
              .getOutputStream()
              .write(
                  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".getBytes());
          return;
        }
      }
    } catch (IOException e) {
      // A proxy has looked whether somebody is here.
    }
  }

  private record Seen(
      String method, String target, TreeMap<String, String> fields, String content) {}

  private Seen through(int port, String request) throws Exception {
    received.clear();
    heads.clear();
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(5000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      var got = received.poll(5, TimeUnit.SECONDS);
      assertThat(got).as("port %d, %s", port, request).isNotNull();
      var fields = new TreeMap<String, String>();
      for (var line : heads.take().split("\r\n")) {
        int colon = line.indexOf(':');
        if (colon > 0 && line.charAt(0) != ' ' && !line.startsWith(got.method() + " ")) {
          var name = line.substring(0, colon).toLowerCase(Locale.ROOT);
          if (!OWN.contains(name)) {
            fields.merge(name, line.substring(colon + 1).strip(), (one, two) -> one + " | " + two);
          }
        }
      }
      return new Seen(got.method(), got.target(), fields, got.content());
    }
  }

  static List<String> good() {
    var end = "Connection: close\r\n\r\n";
    var host = " HTTP/1.1\r\nHost: t.example\r\n";
    var all = new ArrayList<String>();
    for (var target :
        List.of(
            "/",
            "/a/b/c",
            "/a?b=c&d=e%20f",
            "/a?",
            "/?x=/../y",
            "/~user/%E2%82%AC",
            "/a;p=1/b;q=2",
            "/a:b@c!$&'()*+,=",
            "/long/" + "x".repeat(2000))) {
      all.add("GET " + target + host + end);
    }
    for (var method : List.of("HEAD", "DELETE", "OPTIONS", "PATCH", "PROPFIND")) {
      all.add(method + " /m" + host + end);
    }
    all.add("POST /b" + host + "Content-Type: text/plain\r\nContent-Length: 5\r\n" + end + "hello");
    all.add("PUT /b" + host + "Content-Length: 0\r\n" + end);
    all.add(
        "POST /c"
            + host
            + "Transfer-Encoding: chunked\r\n"
            + end
            + "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n");
    all.add("POST /big" + host + "Content-Length: 20000\r\n" + end + "z".repeat(20000));
    all.add(
        "GET /f"
            + host
            + "Accept: text/html, */*;q=0.1\r\nAccept-Encoding: gzip\r\nCookie: a=b; c=\"d\"\r\n"
            + "Authorization: Basic eDp5\r\nIf-None-Match: \"e\"\r\nRange: bytes=0-1\r\n"
            + "X-Empty:\r\nX-Space:   a  b  \r\nx-UPPER: V\r\nReferer: http://r.example/?q\r\n"
            + "User-Agent: t/1.0 (x; y)\r\nCache-Control: no-cache\r\nbaggage: a=b\r\n"
            + end);
    all.add("GET /t" + host + "X-Two: 1\r\nX-Two: 2\r\n" + end);
    all.add("GET /latin" + host + "X-Latin: caf\u00e9\r\n" + end);
    all.add("GET /port HTTP/1.1\r\nHost: t.example:8080\r\n" + end);
    all.add("GET /six HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n" + end);
    all.add("GET /state" + host + "Via: 1.1 before\r\nX-Request-Id: 7\r\nOrigin: null\r\n" + end);
    return all;
  }

  @ParameterizedTest
  @MethodSource("good")
  void reachesTheUpstreamAsThroughNginxAndHaproxy(String request) throws Exception {
    var ours = through(kit.port, request);

    assertThat(ours).as("as through nginx").isEqualTo(through(nginx, request));
    assertThat(ours).as("as through HAProxy").isEqualTo(through(haproxy, request));
  }

  /// The rows of `docs/forwarding.md` about targets: what differs is what it says.
  @ParameterizedTest
  @CsvSource({
    "/a/../b, /b, /a/../b, /a/../b",
    "/a/./b, /a/b, /a/./b, /a/./b",
    "/%7Euser, /~user, /%7Euser, /%7Euser",
    "http://t.example/abs, /abs, /abs, http://t.example/abs"
  })
  void targetsDifferAsThePageSays(String sent, String ours, String byNginx, String byHaproxy)
      throws Exception {
    var request = "GET " + sent + " HTTP/1.1\r\nHost: t.example\r\nConnection: close\r\n\r\n";

    assertThat(through(kit.port, request).target()).isEqualTo(ours);
    assertThat(through(nginx, request).target()).isEqualTo(byNginx);
    assertThat(through(haproxy, request).target()).isEqualTo(byHaproxy);
  }
}
