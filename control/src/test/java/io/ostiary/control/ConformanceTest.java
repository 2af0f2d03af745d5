package io.ostiary.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.ostiary.insight.History;
import io.ostiary.insight.Latency;
import io.ostiary.insight.LiveTick;
import io.ostiary.insight.Point;
import io.ostiary.insight.testing.EntryBuilder;
import io.ostiary.insight.testing.FakeInsight;
import io.ostiary.model.Blame;
import io.ostiary.model.CallId;
import io.ostiary.model.Cidr;
import io.ostiary.model.FloodReport;
import io.ostiary.model.KernelStage;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.PacketView;
import io.ostiary.model.capture.PacketCaptures;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Every answer is what our own OpenAPI document says: nothing missing, nothing of another type,
/// and nothing beside it.
final class ConformanceTest {
  private static final InetAddress SOURCE = InetAddress.ofLiteral("198.18.0.7");

  @TempDir Path data;
  private Fixture fixture;
  private ObjectNode document;
  private final TreeSet<String> checked = new TreeSet<>();

  @BeforeEach
  void start() throws Exception {
    fixture = new Fixture(data, new Packets());
    document = (ObjectNode) Fixture.tree(fixture.get("/api/openapi.json"));
    close(document.get("components").get("schemas"));
    fixture.insight.tick(tick());
    fixture.insight.add(entry());
    fixture.insight.rows(
        List.of(
            new History.Row(
                List.of("orders"), new History.Sums(3, 1, 0, LATENCY, 100, 900, 20, 18, 1))));
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  @Test
  void everyAnswerIsAsDocumented() throws Exception {
    var consumer = fixture.consumer("acme");
    check("/api/v1/consumers", fixture.post("/api/v1/consumers", "{\"name\":\"globex\"}"), "post");
    var keys = "/api/v1/consumers/" + consumer + "/keys";
    check("/api/v1/consumers/{consumer}/keys", fixture.post(keys, "{}"), "post");
    check("/api/v1/consumers/{consumer}/keys", fixture.get(keys), "get");
    var one = "/api/v1/consumers/{consumer}";
    var acme = "/api/v1/consumers/" + consumer;
    check(one, fixture.patch(acme, "{\"groups\":[\"gold\"]}"), "patch");
    var credential = "{\"kind\":\"signature\",\"id\":\"acme-1\"}";
    check(one + "/credentials", fixture.post(acme + "/credentials", credential), "post");
    check(one + "/credentials", fixture.get(acme + "/credentials"), "get");
    check(one, fixture.get(acme), "get");
    check(
        "/api/v1/consumers/import",
        fixture.post("/api/v1/consumers/import", "{\"consumers\":[{\"name\":\"initech\"}]}"),
        "post");
    var ban = "{\"source\":\"203.0.113.7\",\"reason\":\"floods\",\"calls\":[\"" + call() + "\"]}";
    var banned = fixture.post("/api/v1/bans", ban);
    check("/api/v1/bans", banned, "post");
    var id = Fixture.tree(banned).get("id").asString();
    var stands = fixture.get("/api/v1/bans/" + id);
    check("/api/v1/bans/{ban}", stands, "get");
    assertThat(Fixture.tree(stands).path("droppedPackets").asInt()).isEqualTo(24);
    check("/api/v1/bans/{ban}", fixture.patch("/api/v1/bans/" + id, "{\"seconds\":7200}"), "patch");
    check("/api/v1/calls/{call}", fixture.get("/api/v1/calls/" + call()), "get");
    check("/api/v1/apis/{api}", fixture.get("/api/v1/apis/orders"), "get");
    check(
        "/api/v1/apis/{api}/openapi.json", fixture.get("/api/v1/apis/orders/openapi.json"), "get");
    check("/api/v1/upstreams/{upstream}", fixture.get("/api/v1/upstreams/orders"), "get");
    check("/api/v1/captures", fixture.post("/api/v1/captures", "{}"), "post");
    check("/api/v1/captures/{capture}", fixture.get("/api/v1/captures/c1"), "get");
    var taken = "/api/v1/captures/{capture}/packets";
    check(taken, fixture.get("/api/v1/captures/c1/packets"), "get");
    check(taken + "/{packet}", fixture.get("/api/v1/captures/c1/packets/1"), "get");
    check(taken + "/{packet}", fixture.get("/api/v1/captures/c1/packets/2"), "get");
    check("/api/v1/captures/{capture}/file", fixture.get("/api/v1/captures/c1/file"), "get");
    check("/api/v1/captures/{capture}/stop", fixture.post("/api/v1/captures/c1/stop", ""), "post");
    check("/api/v1/session/codes", fixture.post("/api/v1/session/codes", "{}"), "post");
    var question = "{\"url\":\"/a\",\"headers\":[{\"name\":\"X-A\",\"value\":\"1\"}]}";
    var route = fixture.post("/api/v1/route", question);
    check("/api/v1/route", route, "post");
    assertThat(Fixture.tree(route).get("sentence").asString())
        .isEqualTo("GET [Header[name=X-A, value=1]]");
    var stage = "/api/v1/kernel/stages/dscp/on";
    check("/api/v1/kernel/stages/{stage}/on", fixture.post(stage, "{}"), "post");
    for (var path : document.get("paths").propertyNames()) {
      if (path.equals("/api/v1/events") || path.equals("/api/v1/try") || path.contains("{")) {
        continue;
      }
      if (document.get("paths").get(path).has("get")) {
        check(path, fixture.get(path), "get");
      }
    }
    assertThat(checked).hasSizeGreaterThanOrEqualTo(29);
  }

  @Test
  void everyProblemIsAsDocumented() throws Exception {
    var off = "/api/v1/kernel/stages/{stage}/off";
    check(off, fixture.post("/api/v1/kernel/stages/dscp/off", "{}"), "post");
    check(off, fixture.post("/api/v1/kernel/stages/none/off", "{}"), "post");
    check("/api/v1/bans", fixture.post("/api/v1/bans", "{}"), "post");
    check("/api/v1/bans/{ban}", fixture.get("/api/v1/bans/none"), "get");
    check("/api/v1/bans/{ban}", fixture.delete("/api/v1/bans/none"), "delete");
    check("/api/v1/calls/{call}", fixture.get("/api/v1/calls/0000000000000"), "get");
    check("/api/v1/calls/{call}", fixture.get("/api/v1/calls/x"), "get");
    check("/api/v1/calls", fixture.get("/api/v1/calls?status=9"), "get");
    check("/api/v1/calls", fixture.get("/api/v1/calls?cursor=nonsense"), "get");
    check("/api/v1/calls", fixture.send(fixture.anonymous("/api/v1/calls")), "get");
    fixture.insight.unavailable("the store is not open");
    check("/api/v1/calls", fixture.get("/api/v1/calls"), "get");
    check("/api/v1/usage", fixture.get("/api/v1/usage"), "get");
  }

  @Test
  void everyEventIsAsDocumented() throws Exception {
    var request = fixture.request("/api/v1/events?topics=tick,calls,change");
    var answer = fixture.client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    try (var body = answer.body();
        var lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
      assertThat(lines.readLine()).isEqualTo(": connected");
      fixture.insight.tick(tick());
      assertThat(faults("#/components/schemas/Tick", event(lines, "tick"))).isEmpty();
      fixture.insight.add(entry());
      assertThat(faults("#/components/schemas/CallSample", event(lines, "calls"))).isEmpty();
      fixture.consumer("acme");
      assertThat(faults("#/components/schemas/Change", event(lines, "change"))).isEmpty();
    }
  }

  private static JsonNode event(BufferedReader lines, String name) throws IOException {
    for (var line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.equals("event: " + name)) {
        return Fixture.JSON.readTree(lines.readLine().substring("data: ".length()));
      }
    }
    throw new AssertionError("the stream ended before " + name);
  }

  @Test
  void theCheckItselfNoticesWhatIsWrong() {
    var call =
        "#/paths/"
            + escaped("/api/v1/calls/{call}")
            + "/get/responses/200/content/application~1json/schema";
    assertThat(faults(call, Fixture.JSON.readTree("{}"))).hasSizeGreaterThan(10);
    var stray = "{\"status\":\"up\",\"colour\":\"red\"}";
    assertThat(faults("#/components/schemas/Health", Fixture.JSON.readTree(stray))).hasSize(1);
  }

  private JsonNode schema(String name) {
    return document.get("components").get("schemas").get(name);
  }

  @Test
  void everyExampleOfTheDocumentIsValid() {
    for (var name : document.get("components").get("schemas").propertyNames()) {
      var example = schema(name).get("example");
      if (example != null) {
        assertThat(faults("#/components/schemas/" + name, example)).as(name).isEmpty();
      }
    }
  }

  private void check(String path, HttpResponse<String> answer, String method) {
    var place = method + " " + path + " " + answer.statusCode();
    var status = Integer.toString(answer.statusCode());
    var responses = document.get("paths").get(path).get(method).get("responses");
    assertThat(responses.has(status)).as(place + " " + answer.body()).isTrue();
    var response = responses.get(status);
    var pointer =
        response.has("$ref")
            ? response.get("$ref").asString()
            : "#/paths/" + escaped(path) + "/" + method + "/responses/" + status;
    var media = response.has("$ref") ? "application/problem+json" : first(response.get("content"));
    var type = answer.headers().firstValue("Content-Type").orElse("");
    assertThat(type).as(place).startsWith(media);
    checked.add(method + " " + path);
    if (media.endsWith("json")) {
      var schema = pointer + "/content/" + escaped(media) + "/schema";
      assertThat(faults(schema, Fixture.tree(answer))).as(place + " " + answer.body()).isEmpty();
    }
  }

  private static String first(JsonNode content) {
    return content.propertyNames().iterator().next();
  }

  private static String escaped(String text) {
    return text.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D");
  }

  private List<String> faults(String pointer, JsonNode value) {
    var root = document.deepCopy();
    root.put("$schema", "https://json-schema.org/draft/2020-12/schema").put("$ref", pointer);
    return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
        .getSchema(root)
        .validate(value)
        .stream()
        .map(Object::toString)
        .toList();
  }

  /// Allows no field that the document does not name.
  private static void close(JsonNode schemas) {
    for (var name : schemas.propertyNames()) {
      // Others extend these.
      if (!name.equals("Key") && !name.equals("CreatedKey")) {
        closeOne(schemas.get(name));
      }
    }
  }

  private static void closeOne(JsonNode schema) {
    if (schema instanceof ObjectNode object
        && object.has("properties")
        && !object.has("additionalProperties")) {
      object.put("additionalProperties", false);
    }
    schema.forEach(ConformanceTest::closeOne);
  }

  private static final Latency LATENCY = new Latency(900, 4100, 9800, 12_000);

  private static String call() {
    return CallId.text(CallId.of(Fixture.START.toEpochMilli(), 5));
  }

  private static io.ostiary.model.LedgerEntry entry() {
    return new EntryBuilder()
        .at(Fixture.START, 5)
        .filter("key-auth", 120)
        .ended(200, 200, Blame.NONE, "answered")
        .build();
  }

  private static LiveTick tick() {
    var groups =
        List.of(new LiveTick.Group("orders", 120, 3, 2.0, LATENCY, 30_000, 210_000, 900, 800, 2));
    var drops = List.of(new Point.Drop("deny-rule", 12, 720));
    var outcomes = new ArrayList<Point.Outcome>();
    outcomes.add(new Point.Outcome("2xx", "none", 117));
    outcomes.add(new Point.Outcome("5xx", "upstream", 3));
    return new LiveTick(
        Fixture.START.plusSeconds(1),
        new Point(
            Fixture.START,
            1,
            120,
            3,
            outcomes,
            LATENCY,
            1,
            2,
            3,
            30_000,
            210_000,
            980,
            99_000,
            drops),
        60,
        groups,
        groups,
        groups,
        groups,
        List.of(new LiveTick.Answered("orders", 120)),
        groups,
        List.of(new LiveTick.Client(SOURCE, 100, 0)),
        List.of(new LiveTick.SourceRate(SOURCE, 900, 90_000, 12, 0.9, 2000, 24)),
        List.of(new LiveTick.InterfaceRate("veth0", "xdp-native", 980, 99_000, drops)),
        FakeInsight.emptyTick(Fixture.START).status());
  }

  private static final class Packets implements PacketView {
    private final FakeCaptures captures = new FakeCaptures();

    @Override
    public PacketCaptures captures() {
      return captures;
    }

    @Override
    public List<KernelStage> stages() {
      var reasons = List.of(new KernelStage.Reason("too-long", 2));
      var entries = List.of(new KernelStage.Entry("1", "46"));
      return List.of(
          new KernelStage(
              "dscp",
              "rewrites DSCP by API",
              KernelStage.State.RUNNING,
              "after",
              5,
              "",
              List.of("xdp", "tcx"),
              96,
              8192,
              new KernelStage.Counts(10, 8, 2, 3, 0, 0, reasons),
              List.of(new KernelStage.StageMap("dscp_by_api", "array", 1024, 8192, entries))));
    }

    @Override
    public BanHits banned(Cidr source) {
      return new BanHits(24, 1296);
    }

    @Override
    public String turnStage(String name, boolean on) {
      return on ? "" : "dscp.bpf.o.off: EROFS (expected: a folder that can be written)";
    }

    @Override
    public KernelStatus status() {
      return Fixture.kernel(true);
    }

    @Override
    public List<Source> sources(int limit) {
      return List.of(new Source(SOURCE, 2000, 200_000, 24, System.nanoTime()));
    }

    @Override
    public FloodReport flood() {
      var share = new FloodReport.Share(new Cidr(SOURCE, 32), 0.4, 0.01, 800, 790, 0.5, false);
      var cookies = new FloodReport.Cookies(FloodReport.State.ANSWERING, "A flood.", 1, 9, 8, 7);
      return new FloodReport(1, 2000, 1900, 500, 0.02, 4, cookies, List.of(share));
    }

    @Override
    public List<Flow> flows(int limit) {
      long now = System.nanoTime();
      return List.of(
          new Flow(SOURCE, 51_234, SOURCE, 8080, 6, 0, false, 7, 14, 2210, now, now, 0x1b));
    }
  }
}
