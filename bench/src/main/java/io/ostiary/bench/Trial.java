package io.ostiary.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Ostiary with a configuration of its own, started as a user starts it, for the trials that are no
/// races: overload and failing targets.
final class Trial implements AutoCloseable {
  static final int PORT = 18_301;
  private static final int CONTROL = 18_302;

  private final Running running;
  private final Path folder;

  Trial(Path folder, String upstream) throws IOException, InterruptedException {
    this.folder = folder;
    var config = folder.resolve("ostiary.yaml");
    Files.writeString(
        config,
        """
        listeners: [ { address: "127.0.0.1:%d" } ]
        kernel: { interfaces: off }
        apis:
          - name: bench
            path: /
            upstream: up
            routes: [ { id: vip, path: /vip/* }, { id: all, path: /* } ]
        upstreams:
        %s
        """
            .formatted(PORT, upstream.indent(2)));
    var home = Path.of(System.getProperty("ostiary.home", ".")).toAbsolutePath();
    var log = folder.resolve("ostiary.log");
    running =
        Running.start(
            "ostiary",
            List.of(
                home.resolve("ostiary").toString(),
                "run",
                "--config",
                config.toString(),
                "--data",
                folder.resolve("data").toString(),
                "--control",
                "127.0.0.1:" + CONTROL),
            0,
            log);
    try {
      running.awaitPort(PORT, log);
      running.awaitPort(CONTROL, log);
    } catch (IOException | InterruptedException e) {
      running.close();
      throw e;
    }
  }

  /// What the admin API says of upstreams, without spaces.
  String upstreams() throws IOException, InterruptedException {
    var token = Files.readString(folder.resolve("data/admin.token")).strip();
    var request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + CONTROL + "/api/v1/upstreams"))
            .header("Authorization", "Bearer " + token)
            .build();
    try (var client = HttpClient.newHttpClient()) {
      return client.send(request, HttpResponse.BodyHandlers.ofString()).body().replace(" ", "");
    }
  }

  @Override
  public void close() {
    running.close();
  }
}
