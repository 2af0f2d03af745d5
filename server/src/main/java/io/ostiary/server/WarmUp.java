package io.ostiary.server;

import io.ostiary.server.command.ControlAddress;
import io.ostiary.server.demo.DemoFiles;
import io.ostiary.server.demo.OrderService;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;

/// A short life of the whole of Ostiary, so that the start-up cache learns what a start and the
/// first calls need: on loopback and free ports only, in a temporary folder, with the kernel side
/// off.
public final class WarmUp {
  private static final int CALLS = 300;
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private static final String ORDER =
      "{\"customer\":\"ada@example.org\",\"items\":[{\"product\":\"tea-green\",\"quantity\":1}]}";

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Path folder;
  private final int port;

  private WarmUp(Path folder, int port) {
    this.folder = folder;
    this.port = port;
  }

  /// @param out where its own Ostiary reports
  public static void run(PrintWriter out) throws IOException, InterruptedException {
    var folder = Files.createTempDirectory("ostiary-warm-up");
    try {
      new WarmUp(folder, freePort()).live(out);
    } finally {
      delete(folder);
    }
  }

  private void live(PrintWriter out) throws IOException, InterruptedException {
    var loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (var orders = new OrderService(loopback)) {
      orders.start();
      var settings =
          new RunSettings(
              configuration(orders.port()),
              folder.resolve("data"),
              new ControlAddress("127.0.0.1", 0),
              Runtime.getRuntime().availableProcessors(),
              false);
      try (var _ = Ostiary.start(settings, new Progress(out))) {
        use();
      }
    } finally {
      client.shutdownNow();
    }
  }

  /// The demo's, with other ports and without the kernel side.
  private Path configuration(int upstream) throws IOException {
    var file = DemoFiles.lay(folder.resolve("demo"));
    Files.writeString(
        file,
        Files.readString(file)
            .replace("0.0.0.0:8080", "127.0.0.1:" + port)
            .replace("127.0.0.1:9081", "127.0.0.1:" + upstream)
            .replace("interfaces: auto", "interfaces: off"));
    return file;
  }

  private void use() throws IOException, InterruptedException {
    String call = "";
    for (int i = 0; i < CALLS; i++) {
      call =
          send(gateway("/demo/orders/" + (1 + i % 5))).headers().firstValue("Ostiary-Call").get();
    }
    send(gateway("/demo/orders?limit=many"));
    send(gateway("/demo/nowhere"));
    send(HttpRequest.newBuilder(gateway("/demo/orders/1").uri()).DELETE().build());
    var order = HttpRequest.BodyPublishers.ofString(ORDER);
    send(
        HttpRequest.newBuilder(gateway("/demo/orders").uri())
            .header("Content-Type", "application/json")
            .POST(order)
            .build());
    var address = Files.readString(folder.resolve("data/control.address")).strip();
    var token = Files.readString(folder.resolve("data/admin.token")).strip();
    for (var path : List.of("/", "/healthz", "/readyz", "/metrics", "/api/openapi.json")) {
      send(HttpRequest.newBuilder(URI.create(address + path)).build());
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
      send(
          HttpRequest.newBuilder(URI.create(address + "/api/v1" + path))
              .header("Authorization", "Bearer " + token)
              .build());
    }
  }

  private HttpRequest gateway(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build();
  }

  private HttpResponse<byte[]> send(HttpRequest request) throws IOException, InterruptedException {
    var limited = HttpRequest.newBuilder(request, (name, value) -> true).timeout(ANSWER).build();
    return client.send(limited, HttpResponse.BodyHandlers.ofByteArray());
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void delete(Path folder) throws IOException {
    try (var paths = Files.walk(folder)) {
      paths
          .sorted(Comparator.reverseOrder())
          .forEach(path -> {
            try {
              Files.deleteIfExists(path);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }
}
