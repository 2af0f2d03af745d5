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
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Ostiary itself, started as a user starts it.
///
/// @param protocols what else than plain HTTP/1.1 it speaks: TLS on the next port; null: nothing
record Ostiary(
    boolean featured,
    Kernel kernel,
    int port,
    int controlPort,
    int loops,
    @Nullable Protocols protocols)
    implements Candidate {
  private static final int CIDRS = 10_000;
  private static final int STATE_TRIES = 150;
  private static final long SETTLE_MILLIS = 1500;

  /// How much of the kernel side runs.
  enum Kernel {
    OFF(", kernel off"),
    /// Packets are counted, and every call is joined with its connection; nothing else.
    JOIN(" and kernel join"),
    /// And a long deny list, limits, the last seconds of packets kept, a stage of one's own.
    EVERYTHING(" and everything of the kernel side");

    private final String words;

    Kernel(String words) {
      this.words = words;
    }
  }

  Ostiary(boolean featured, Kernel kernel, int port, int controlPort) {
    this(featured, kernel, port, controlPort, 1, null);
  }

  @Override
  public String name() {
    return "ostiary, "
        + (featured ? "same features" : "bare")
        + kernel.words
        + (loops == 1 ? "" : ", " + loops + " loops");
  }

  @Override
  public List<String> prepare(Path folder, Workload workload, int upstreamPort) throws IOException {
    var config = folder.resolve("ostiary.yaml");
    Files.writeString(config, configuration(folder, workload, upstreamPort));
    Files.writeString(folder.resolve("upstream-port"), "" + upstreamPort);
    var home = Path.of(System.getProperty("ostiary.home", ".")).toAbsolutePath();
    return List.of(
        home.resolve("ostiary").toString(),
        "run",
        "--config",
        config.toString(),
        "--data",
        folder.resolve("data").toString(),
        "--loops",
        "" + loops,
        "--control",
        "127.0.0.1:" + controlPort);
  }

  private String configuration(Path folder, Workload workload, int upstreamPort)
      throws IOException {
    var text = new StringBuilder();
    text.append("listeners:\n  - address: 127.0.0.1:").append(port).append('\n');
    var more = protocols;
    if (more != null) {
      text.append(more.listener(port));
    }
    text.append("limits: { connections: 8192 }\ntimeouts: { idle: 300s }\n");
    text.append("upstreams:\n  - name: up\n    targets: [ \"127.0.0.1:").append(upstreamPort);
    text.append("\" ]\n");
    if (more != null) {
      text.append(more.upstream());
    }
    text.append(kernelPart(folder));
    text.append("apis:\n  - name: bench\n    path: /\n    upstream: up\n");
    if (featured) {
      text.append("    policies:\n      - key-auth: {}\n      - rate-limit: { requests: ");
      text.append(workload.requestsPerSecond()).append(", per: 1s, by: consumer }\n");
      text.append("    routes:\n");
      for (int i = 0; i < workload.routes(); i++) {
        text.append("      - path: /route-").append(i).append("/*\n");
      }
    }
    if (more != null) {
      text.append(more.api(workload));
    }
    return text.toString();
  }

  private String kernelPart(Path folder) throws IOException {
    return switch (kernel) {
      case OFF -> "kernel: { interfaces: off }\n";
      case JOIN -> "kernel: { interfaces: auto, capture: { pre-trigger: 0s } }\n";
      case EVERYTHING -> everything(folder);
    };
  }

  /// No rule holds what the bench sends, but each packet is tried against all.
  private static String everything(Path folder) throws IOException {
    var stages = Files.createDirectories(folder.resolve("stages"));
    var example = Path.of(System.getProperty("ostiary.stages", "none"), "dscp.bpf.o");
    if (!Files.exists(example)) {
      throw new IOException(example + " (expected: the example stage, which bench/run compiles)");
    }
    Files.copy(example, stages.resolve("dscp.bpf.o"), StandardCopyOption.REPLACE_EXISTING);
    var text = new StringBuilder("kernel:\n  interfaces: auto\n  capture: { pre-trigger: 5s }\n");
    text.append("  stages: { folder: stages, numbers: [ { table: dscp_by_api, api: bench,");
    text.append(" number: 46 } ] }\n  rules:\n    - deny: { from: [ ");
    for (int i = 0; i < CIDRS; i++) {
      text.append(i == 0 ? "" : ", ").append("198.18.%d.%d".formatted(i >> 8, i & 255));
    }
    text.append(" ] }\n    - limit: { packets: 10000000/s, per: source }\n");
    text.append("    - limit: { connections: 1000000/s, per: source }\n");
    return text.toString();
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

  /// Writes the configuration of this state, as a user would, and waits until it is in force.
  @Override
  public void before(Path folder, Workload workload) throws IOException, InterruptedException {
    var config = folder.resolve("ostiary.yaml");
    int upstreamPort = Integer.parseInt(Files.readString(folder.resolve("upstream-port")));
    var text = configuration(folder, workload, upstreamPort);
    if (text.equals(Files.readString(config))) {
      return;
    }
    var next = folder.resolve("next.yaml");
    Files.writeString(next, text);
    Files.move(next, config, StandardCopyOption.ATOMIC_MOVE);
    try (var client = HttpClient.newHttpClient()) {
      for (int i = 0; i < STATE_TRIES; i++) {
        boolean running = ask(client, folder, "kernel").contains("\"running\":true");
        boolean staged = ask(client, folder, "kernel/stages").contains("\"state\":\"running\"");
        if (running == (kernel != Kernel.OFF) && staged == (kernel == Kernel.EVERYTHING)) {
          Thread.sleep(SETTLE_MILLIS);
          return;
        }
        Thread.sleep(100);
      }
      throw new IOException(
          name()
              + ": not in force: "
              + ask(client, folder, "snapshot")
              + ask(client, folder, "kernel"));
    }
  }

  private String ask(HttpClient client, Path folder, String what)
      throws IOException, InterruptedException {
    var token = Files.readString(folder.resolve("data/admin.token")).strip();
    var request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + controlPort + "/api/v1/" + what))
            .header("Authorization", "Bearer " + token)
            .build();
    return client.send(request, HttpResponse.BodyHandlers.ofString()).body().replace(" ", "");
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
