package io.ostiary.control;

import io.ostiary.contract.config.ApiDocuments;
import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.config.Configuration;
import io.ostiary.insight.testing.FakeInsight;
import io.ostiary.model.Conditions;
import io.ostiary.model.Document;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.PacketView;
import io.ostiary.model.PathPattern;
import io.ostiary.model.Purge;
import io.ostiary.model.Route;
import io.ostiary.model.RouteAnswer;
import io.ostiary.model.RouteQuestion;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Tallies;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A running control plane on a free port, with fakes around it.
final class Fixture implements AutoCloseable {
  static final Instant START = Instant.parse("2026-11-24T00:00:00Z");
  static final JsonMapper JSON = JsonMapper.builder().build();

  private static final String YAML =
      """
      listeners:
        - address: 0.0.0.0:8080
      apis:
        - name: orders
          openapi: orders.yaml
          path: /demo
          upstream: orders
          policies:
            - pace: { per-second: 5, time-out: 90s }
      upstreams:
        - name: orders
          targets: [ "127.0.0.1:9001" ]
          health: { path: /health, every: 5s }
      kernel:
        interfaces: auto
        management: [ 198.18.0.0/24 ]
        rules:
          - deny: { from: [ 203.0.113.0/24 ] }
          - limit: { to-port: 8080, packets: 20000/s }
      """;

  final Path data;
  final FakeInsight insight = new FakeInsight();
  final List<Snapshot> published = new CopyOnWriteArrayList<>();
  final AtomicReference<List<Publication.Problem>> refusal = new AtomicReference<>(List.of());
  final List<Purge> purged = new CopyOnWriteArrayList<>();
  final ManualClock clock = new ManualClock();
  final HttpClient client = HttpClient.newHttpClient();
  final Control control;
  final Tallies tallies;
  final String token;

  /// The settings of a policy of the tests.
  public record Pace(int perSecond, Duration timeOut) {}

  Fixture(Path data) throws IOException {
    this(data, PacketView.none(kernel(false)));
  }

  Fixture(Path data, PacketView packets) throws IOException {
    this(data, packets, YAML);
  }

  /// @param kernel instead of that part of the file
  Fixture(Path data, String kernel) throws IOException {
    this(data, PacketView.none(kernel(false)), YAML.substring(0, YAML.indexOf("kernel:")) + kernel);
  }

  final FakeUpstreams upstreams = new FakeUpstreams();

  private Fixture(Path data, PacketView packets, String yaml) throws IOException {
    this.data = data;
    insight.tick(FakeInsight.emptyTick(START));
    tallies = new Tallies();
    control =
        new Control(
            new ControlSettings("127.0.0.1", 0, data, "/test-web", List.of()),
            insight,
            packets,
            new Publishing(),
            upstreams,
            tallies,
            clock);
    control.publish("ostiary.yaml", configuration(yaml));
    control.start();
    token = Files.readString(data.resolve("admin.token")).strip();
  }

  static KernelStatus kernel(boolean running) {
    return new KernelStatus(
        running,
        running ? "Watching veth0 (xdp-native)." : "Not running: no privileges.",
        "6.18.0",
        null,
        false,
        1,
        List.of(
            new KernelStatus.Interface(
                "veth0",
                7,
                "veth",
                "xdp-native",
                "",
                new KernelStatus.Counters(
                    10, 1000, List.of(new KernelStatus.Drop("deny-rule", 2, 120))))),
        List.of(
            new KernelStatus.Program(
                "shield",
                "xdp",
                true,
                "",
                812,
                4096,
                List.of(new KernelStatus.KernelMap("rules", "array_of_maps", 1, 4096)))));
  }

  static Configuration listeningOn(int port) {
    return configuration(YAML.replace("0.0.0.0:8080", "127.0.0.1:" + port));
  }

  static Configuration configuration(String yaml) {
    var read =
        ConfigReader.parse(yaml, Path.of("ostiary.yaml"), Map.of("pace", Pace.class), documents());
    return switch (read) {
      case ConfigRead.Understood(var configuration, var warnings) -> configuration;
      case ConfigRead.Refused(var faults) -> throw new AssertionError(faults);
    };
  }

  private static ApiDocuments documents() {
    var route =
        new Route(
            "getOrder",
            Set.of("GET"),
            new PathPattern("/orders/{id}"),
            Conditions.NONE,
            null,
            "getOrder",
            List.of());
    return (file, name) ->
        new ApiDocuments.Loaded.Understood(
            new OrdersDocument(), List.of(route), List.of(), Map.of());
  }

  private record OrdersDocument() implements Document {
    @Override
    public String file() {
      return "orders.yaml";
    }

    @Override
    public String title() {
      return "Orders";
    }

    @Override
    public String version() {
      return "1.0.0";
    }

    @Override
    public byte[] json() {
      return """
      {"openapi":"3.1.0","servers":[{"url":"http://old.example"}],
       "paths":{"/orders/{id}":{"servers":[{"url":"http://old.example"}],
         "get":{"operationId":"getOrder"}}}}
      """
          .getBytes(StandardCharsets.UTF_8);
    }
  }

  URI uri(String path) {
    return URI.create(control.address() + path);
  }

  /// A request with the token.
  HttpRequest.Builder request(String path) {
    return anonymous(path).header("Authorization", "Bearer " + token);
  }

  HttpRequest.Builder anonymous(String path) {
    return HttpRequest.newBuilder(uri(path)).timeout(Duration.ofSeconds(10));
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(request(path).GET());
  }

  HttpResponse<String> delete(String path) throws IOException, InterruptedException {
    return send(request(path).DELETE());
  }

  HttpResponse<String> post(String path, String json) throws IOException, InterruptedException {
    return send(json(request(path), json));
  }

  HttpResponse<String> patch(String path, String json) throws IOException, InterruptedException {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .method("PATCH", HttpRequest.BodyPublishers.ofString(json)));
  }

  static HttpRequest.Builder json(HttpRequest.Builder request, String json) {
    return request
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(json));
  }

  static JsonNode tree(HttpResponse<String> response) {
    return JSON.readTree(response.body());
  }

  /// Adds a consumer and gives its id.
  String consumer(String name) throws IOException, InterruptedException {
    var made = post("/api/v1/consumers", "{\"name\":\"" + name + "\"}");
    return tree(made).get("id").asString();
  }

  /// The cookie of a fresh session, as `name=value`.
  String signIn() throws IOException, InterruptedException {
    var answer = send(json(anonymous("/api/v1/session"), "{\"token\":\"" + token + "\"}"));
    var cookie = answer.headers().firstValue("Set-Cookie").orElseThrow();
    return cookie.substring(0, cookie.indexOf(';'));
  }

  Snapshot newest() {
    return published.get(published.size() - 1);
  }

  @Override
  public void close() {
    client.close();
    control.close();
  }

  /// A clock that stands still until it is moved.
  static final class ManualClock extends Clock {
    private volatile Instant now = START;

    void advance(Duration by) {
      now = now.plus(by);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  /// Keeps what is published, and knows one route.
  private final class Publishing implements Publication {
    @Override
    public List<Problem> publish(Snapshot snapshot) {
      if (refusal.get().isEmpty()) {
        published.add(snapshot);
      }
      return refusal.get();
    }

    @Override
    public int purge(String api, Purge purge) {
      purged.add(purge);
      return 1;
    }

    @Override
    public RouteAnswer route(RouteQuestion question) {
      var asked = new RouteAnswer.Asked("header X-A is '1'", true);
      return new RouteAnswer(
          200,
          question.method() + " " + question.headers(),
          "localhost",
          question.url(),
          new RouteAnswer.Chosen(
              "orders",
              "get-order",
              "/orders/17",
              Map.of("id", "17"),
              "orders",
              List.of(new RouteAnswer.Share("orders-v2", 2.5, false)),
              List.of("key-auth")),
          List.of(
              new RouteAnswer.Candidate(
                  "orders",
                  "get-order",
                  "",
                  "/demo/orders/{id}",
                  List.of("GET"),
                  List.of(asked),
                  RouteAnswer.Verdict.CHOSEN,
                  "")));
    }
  }
}
