package io.ostiary.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Ostiary itself, started as a user starts it.
///
/// @param kernel whether the kernel programs run and every call is joined with its connection
record Ostiary(boolean featured, boolean kernel, int port, int controlPort) implements Candidate {
  @Override
  public String name() {
    var features = featured ? "same features" : "bare";
    return "ostiary, " + features + (kernel ? " and kernel join" : ", kernel off");
  }

  @Override
  public List<String> prepare(Path folder, Workload workload, int upstreamPort) throws IOException {
    var config = folder.resolve("ostiary.yaml");
    var text = new StringBuilder();
    text.append("listeners:\n  - address: 127.0.0.1:").append(port).append('\n');
    text.append("limits: { connections: 8192 }\ntimeouts: { idle: 300s }\n");
    text.append("upstreams:\n  - name: up\n    targets: [ \"127.0.0.1:").append(upstreamPort);
    text.append("\" ]\nkernel: { interfaces: ").append(kernel ? "auto" : "off").append(" }\n");
    text.append("apis:\n  - name: bench\n    path: /\n    upstream: up\n");
    if (featured) {
      text.append("    policies:\n      - key-auth: {}\n      - rate-limit: { requests: ");
      text.append(workload.requestsPerSecond()).append(", per: 1s, by: consumer }\n");
      text.append("    routes:\n");
      for (int i = 0; i < workload.routes(); i++) {
        text.append("      - path: /route-").append(i).append("/*\n");
      }
    }
    Files.writeString(config, text);
    var home = Path.of(System.getProperty("ostiary.home", ".")).toAbsolutePath();
    return List.of(
        home.resolve("ostiary").toString(),
        "run",
        "--config",
        config.toString(),
        "--data",
        folder.resolve("data").toString(),
        "--loops",
        "1",
        "--control",
        "127.0.0.1:" + controlPort);
  }

  @Override
  public void ready(Path folder, Workload workload) throws IOException, InterruptedException {
    if (!featured) {
      return;
    }
    var consumers = new ArrayList<String>();
    for (int i = 0; i < workload.keys().size(); i++) {
      consumers.add(
          "{\"name\":\"consumer-%d\",\"newKeys\":0,\"hashes\":[\"%s\"]}"
              .formatted(i, Workload.sha256(workload.keys().get(i))));
    }
    var token = Files.readString(folder.resolve("data/admin.token")).strip();
    var request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + controlPort + "/api/v1/consumers/import"))
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"consumers\":[" + String.join(",", consumers) + "]}"))
            .build();
    awaitAdmin();
    try (var client = HttpClient.newHttpClient()) {
      var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() / 100 != 2) {
        throw new IOException("import of consumers: " + answer.statusCode() + " " + answer.body());
      }
    }
  }

  /// The data plane serves first; the admin API follows.
  private void awaitAdmin() throws IOException, InterruptedException {
    for (int i = 0; i < 600; i++) {
      try (var socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), controlPort), 100);
        return;
      } catch (IOException e) {
        Thread.sleep(50);
      }
    }
    throw new IOException(name() + ": no admin API on port " + controlPort + " after 30 s");
  }
}
