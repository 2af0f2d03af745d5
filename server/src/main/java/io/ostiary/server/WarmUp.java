package io.ostiary.server;

import io.ostiary.server.command.RunOptions;
import io.ostiary.server.demo.DemoFiles;
import io.ostiary.server.demo.OrderService;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/// A short life of the whole of Ostiary, so that the start-up cache learns what a start and the
/// first calls need: on loopback and free ports only. The kernel side takes part where the launcher
/// has given the process a network of its own.
public final class WarmUp {
  private static final int CALLS = 300;
  private static final int ANSWER_MILLIS = 10_000;

  private static final String ORDER =
      "{\"customer\":\"ada@example.org\",\"items\":[{\"product\":\"tea-green\",\"quantity\":1}]}";

  private final Path folder;
  private final int port;
  private final boolean kernel;

  private WarmUp(Path folder, int port, boolean kernel) {
    this.folder = folder;
    this.port = port;
    this.kernel = kernel;
  }

  /// @param folder where its records are. Run it twice: the second start finds a database, as all
  ///   but the first do, and the cache does without what makes one
  /// @param kernel whether the kernel side may see the packets of this network
  /// @param out where its own Ostiary reports
  public static void run(Path folder, boolean kernel, PrintWriter out)
      throws IOException, InterruptedException {
    new WarmUp(Files.createDirectories(folder), freePort(), kernel).live(out);
    CompilerThreads.comeForward();
    new SpareMemory(() -> 0, () -> Duration.ZERO).giveBack();
  }

  private void live(PrintWriter out) throws IOException, InterruptedException {
    var loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (var orders = new OrderService(loopback)) {
      orders.start();
      var options =
          RunOptions.parse(
              "run",
              "--config",
              configuration(orders.port()).toString(),
              "--data",
              folder.resolve("data").toString(),
              "--control",
              "127.0.0.1:0");
      var settings = Objects.requireNonNull(options).settings();
      try (var _ = Ostiary.start(settings, new Progress(out))) {
        use();
      }
    }
  }

  /// The demo's, with other ports and perhaps without the kernel side.
  private Path configuration(int upstream) throws IOException {
    var file = DemoFiles.lay(Files.createTempDirectory(folder, "demo"));
    Files.writeString(
        file,
        Files.readString(file)
            .replace("0.0.0.0:8080", "127.0.0.1:" + port)
            .replace("127.0.0.1:9081", "127.0.0.1:" + upstream)
            .replace("interfaces: auto", kernel ? "interfaces: auto" : "interfaces: off"));
    return file;
  }

  private void use() throws IOException {
    var call = "";
    for (int i = 0; i < CALLS; i++) {
      call = field(ask(port, "GET /demo/orders/" + (1 + i % 5), "", ""), "Ostiary-Call");
    }
    ask(port, "GET /demo/orders?limit=many", "", "");
    ask(port, "GET /demo/nowhere", "", "");
    ask(port, "DELETE /demo/orders/1", "", "");
    ask(port, "POST /demo/orders", "Content-Type: application/json\r\n", ORDER);
    var address = URI.create(Files.readString(folder.resolve("data/control.address")).strip());
    var token = Files.readString(folder.resolve("data/admin.token")).strip();
    for (var path : List.of("/", "/healthz", "/readyz", "/metrics", "/api/openapi.json")) {
      ask(address.getPort(), "GET " + path, "", "");
    }
    for (var path :
        List.of(
            "/snapshot",
            "/now?window=60",
            "/calls/" + call,
            "/calls",
            "/apis",
            "/apis/demo",
            "/upstreams",
            "/kernel",
            "/sources",
            "/bans",
            "/consumers")) {
      var key = "Authorization: Bearer " + token + "\r\n";
      ask(address.getPort(), "GET /api/v1" + path, key, "");
    }
  }

  /// One request over a connection of its own, and all that came back. Nothing of a client library
  /// is used: its classes would be in the start-up cache, and in the memory of everybody.
  private static String ask(int port, String what, String fields, String body) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(ANSWER_MILLIS);
      var text =
          "%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n%s"
              .formatted(what, port, fields, body.length(), body);
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  private static String field(String answer, String name) throws IOException {
    int at = answer.indexOf("\r\n" + name + ": ");
    if (at < 0) {
      throw new IOException("no field " + name + " in: " + answer.lines().findFirst().orElse(""));
    }
    int start = at + name.length() + 4;
    return answer.substring(start, answer.indexOf('\r', start));
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
