package io.ostiary.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.insight.testing.EntryBuilder;
import io.ostiary.model.CallId;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.PacketView;
import io.ostiary.model.capture.CaptureRequest.Verdicts;
import io.ostiary.model.capture.PacketCaptures;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CapturesTest {
  @TempDir Path data;
  private final FakeCaptures captures = new FakeCaptures();
  private Fixture fixture;

  @BeforeEach
  void start() throws Exception {
    fixture = new Fixture(data, new Packets());
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  private final class Packets implements PacketView {
    @Override
    public KernelStatus status() {
      return Fixture.kernel(true);
    }

    @Override
    public List<Source> sources(int limit) {
      return List.of();
    }

    @Override
    public List<Flow> flows(int limit) {
      return List.of();
    }

    @Override
    public PacketCaptures captures() {
      return captures;
    }
  }

  private String error(String body) throws Exception {
    var answer = fixture.post("/api/v1/captures", body);
    return answer.statusCode() + " " + Fixture.tree(answer).get("detail").asString();
  }

  @Test
  void startsWhatIsAskedForAndAuditsWhoDid() throws Exception {
    var body =
        """
        {"source":"198.18.0.0/16","ports":["80","443"],"rule":2,"reasons":["deny-rule"],
         "verdicts":"dropped","snap":96,"oneOf":3,"seconds":7,"packets":9,"lastSeconds":false}
        """;
    assertThat(fixture.post("/api/v1/captures", body).statusCode()).isEqualTo(201);
    var request = captures.requests.getFirst();
    assertThat(request.source()).hasToString("198.18.0.0/16");
    assertThat(request.ports()).containsExactly(80, 443);
    assertThat(request.rule()).isEqualTo(2);
    assertThat(request.reasons()).containsExactly("deny-rule");
    assertThat(request.verdicts()).isEqualTo(Verdicts.DROPPED);
    assertThat(List.of(request.snap(), request.oneOf())).containsExactly(96, 3);
    assertThat(request.duration()).isEqualTo(Duration.ofSeconds(7));
    assertThat(request.packetsMax()).isEqualTo(9);
    assertThat(request.lastSeconds()).isFalse();

    fixture.get("/api/v1/captures/c1/packets");
    assertThat(fixture.get("/api/v1/captures/c1/file").body()).isEqualTo("packets");
    assertThat(fixture.post("/api/v1/captures/c1/stop", "{}").statusCode()).isEqualTo(200);
    assertThat(fixture.delete("/api/v1/captures/c1").statusCode()).isEqualTo(204);
    assertThat(fixture.delete("/api/v1/captures/c1").statusCode()).isEqualTo(404);
    var audit = Fixture.tree(fixture.get("/api/v1/audit")).get("items");
    assertThat(audit.valueStream().map(row -> row.get("action").asString()))
        .startsWith(
            "capture-deleted",
            "capture-stopped",
            "capture-read",
            "capture-read",
            "capture-started");
    assertThat(audit.get(4).get("who").asString()).isNotEmpty();
  }

  @Test
  void turnsACallIntoItsConnectionAndAnApiIntoPorts() throws Exception {
    var call = CallId.of(Fixture.START.toEpochMilli(), 5);
    var entry = new EntryBuilder().at(Fixture.START, 5).build();
    fixture.insight.add(entry);
    var body = "{\"call\":\"" + CallId.text(call) + "\"}";
    assertThat(fixture.post("/api/v1/captures", body).statusCode()).isEqualTo(201);
    var request = captures.requests.getFirst();
    assertThat(request.source()).hasToString(entry.peer().getHostAddress() + "/32");
    assertThat(request.peerPort()).isEqualTo(entry.peerPort());

    assertThat(fixture.post("/api/v1/captures", "{\"api\":\"orders\"}").statusCode())
        .isEqualTo(201);
    assertThat(captures.requests.getLast().ports()).containsExactly(8080);
    assertThat(captures.requests.getLast().api()).isEqualTo("orders");
  }

  @Test
  void saysWhatIsWrong() throws Exception {
    assertThat(error("{\"source\":\"x\",\"verdicts\":\"some\",\"ports\":[\"70000\"]}"))
        .isEqualTo(
            "400 source: cidr: x (expected: an address or a block such as 203.0.113.0/24)"
                + " (and 2 more)");
    assertThat(error("{\"api\":\"none\"}"))
        .isEqualTo("400 api: none (expected: an API of the configuration in force)");
    assertThat(error("{\"call\":\"0000000000000\"}"))
        .isEqualTo("400 call: 0000000000000 (expected: a call in the ledger)");
    assertThat(error("{\"rule\":9}")).isEqualTo("400 rule: 9 (expected: 1-2)");
    assertThat(error("{\"snap\":5}")).isEqualTo("400 snap: 5 (expected: 64-65535)");
    assertThat(error("{\"packets\":13}"))
        .isEqualTo("409 captures: the disk is full (expected: room)");
    assertThat(fixture.get("/api/v1/captures/c9/packets").statusCode()).isEqualTo(404);
  }

  @Test
  void namesTheCallOfAPacket() throws Exception {
    fixture.insight.add(new EntryBuilder().at(Fixture.START, 5).build());
    fixture.post("/api/v1/captures", "{}");
    var lines = Fixture.tree(fixture.get("/api/v1/captures/c1/packets")).get("items");
    var call = CallId.text(CallId.of(Fixture.START.toEpochMilli(), 5));
    var named = lines.get(0).get("call");
    assertThat(named.isNull() ? "none" : named.asString()).isIn(call, "none");
  }

  @Test
  void saysInOneSentenceWhereTheKernelSideDoesNotRun() throws Exception {
    fixture.close();
    fixture = new Fixture(data.resolve("other"));
    assertThat(error("{}"))
        .isEqualTo("409 captures: no packets to take. Not running: no privileges.");
    var list = Fixture.tree(fixture.get("/api/v1/captures"));
    assertThat(list.get("possible").asBoolean()).isFalse();
    assertThat(list.get("sentence").asString()).isEqualTo("Not running: no privileges.");
  }
}
