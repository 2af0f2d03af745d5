package io.ostiary.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.control.records.KeyText;
import io.ostiary.model.ApiKey;
import io.ostiary.model.Ban;
import io.ostiary.model.Cidr;
import io.ostiary.model.Consumer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Consumers, keys, bans and the audit, and how they reach the snapshot.
final class RecordsTest {
  @TempDir Path data;
  private Fixture fixture;

  @BeforeEach
  void start() throws Exception {
    fixture = new Fixture(data);
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  @Test
  void keyIsShownOnceAndKeptNowhere() throws Exception {
    var consumer = fixture.consumer("acme");
    var made = fixture.post("/api/v1/consumers/" + consumer + "/keys", "{\"name\":\"laptop\"}");
    assertThat(made.statusCode()).isEqualTo(201);
    var key = Fixture.tree(made).get("key").asString();
    assertThat(KeyText.wellFormed(KeyText.KEY, key)).isTrue();
    var listed = fixture.get("/api/v1/consumers/" + consumer + "/keys");
    assertThat(listed.body()).doesNotContain(key).contains(KeyText.lastFour(key));
    assertThat(fixture.get("/api/v1/audit").body()).doesNotContain(key).contains("key-created");
    assertThat(fixture.newest().keys()).containsExactly(new ApiKey(KeyText.hash(key), consumer));
    try (var files = Files.walk(data)) {
      for (var file : files.filter(Files::isRegularFile).toList()) {
        var text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        assertThat(text.contains(key)).as(file.toString()).isFalse();
      }
    }
  }

  @Test
  void filesAreReadableByTheirOwnerAlone() throws Exception {
    for (var name : List.of("admin.token", "ostiary.db", "ostiary.db-wal", "ostiary.db-shm")) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve(name))))
          .as(name)
          .isEqualTo("rw-------");
    }
  }

  @Test
  void keysEndByRevocationExpiryAndWithTheirConsumer() throws Exception {
    var consumer = fixture.consumer("acme");
    var path = "/api/v1/consumers/" + consumer + "/keys";
    var until = Fixture.START.plus(Duration.ofMinutes(5));
    fixture.post(path, "{\"expiresAt\":\"" + until + "\"}");
    var second = Fixture.tree(fixture.post(path, "{}")).get("id").asString();
    assertThat(fixture.newest().keys()).hasSize(2);
    fixture.clock.advance(Duration.ofMinutes(6));
    assertThat(fixture.delete(path + "/" + second).statusCode()).isEqualTo(204);
    awaitKeys(0);
    assertThat(fixture.get(path).body()).contains("revoked").contains("expired");
    assertThat(fixture.delete(path + "/" + second).statusCode()).isEqualTo(404);
    fixture.post(path, "{}");
    assertThat(fixture.newest().keys()).hasSize(1);
    assertThat(fixture.delete("/api/v1/consumers/" + consumer).statusCode()).isEqualTo(204);
    assertThat(fixture.newest().keys()).isEmpty();
    assertThat(fixture.newest().consumers()).isEmpty();
  }

  private void awaitKeys(int count) throws InterruptedException {
    for (int i = 0; i < 100 && fixture.newest().keys().size() != count; i++) {
      Thread.sleep(20);
    }
    assertThat(fixture.newest().keys()).hasSize(count);
  }

  @Test
  void banIsInForceAtOnceIsLiftedAndEndsByItself() throws Exception {
    var body = "{\"source\":\"203.0.113.7\",\"reason\":\"floods\",\"seconds\":60}";
    var made = fixture.post("/api/v1/bans", body);
    assertThat(made.statusCode()).isEqualTo(201);
    assertThat(fixture.newest().bans())
        .extracting(Ban::source)
        .containsExactly(Cidr.parse("203.0.113.7"));
    assertThat(fixture.post("/api/v1/bans", body).statusCode()).isEqualTo(409);
    var id = Fixture.tree(made).get("id").asString();
    assertThat(fixture.delete("/api/v1/bans/" + id).statusCode()).isEqualTo(204);
    assertThat(fixture.newest().bans()).isEmpty();
    assertThat(fixture.delete("/api/v1/bans/" + id).statusCode()).isEqualTo(409);
    assertThat(fixture.post("/api/v1/bans", body).statusCode()).isEqualTo(201);
    fixture.clock.advance(Duration.ofSeconds(61));
    fixture.consumer("wakes the thread");
    for (int i = 0; i < 100 && !fixture.newest().bans().isEmpty(); i++) {
      Thread.sleep(20);
    }
    assertThat(fixture.newest().bans()).isEmpty();
    var all = Fixture.tree(fixture.get("/api/v1/bans?state=all")).get("items");
    assertThat(all.get(0).get("state").asString()).isEqualTo("expired");
    assertThat(all.get(1).get("state").asString()).isEqualTo("lifted");
    assertThat(all.get(1).get("liftedBy").asString()).isEqualTo("admin");
  }

  @Test
  void banIsExtendedAndNeverShortened() throws Exception {
    var body = "{\"source\":\"203.0.113.7\",\"reason\":\"floods\",\"seconds\":60}";
    var path =
        "/api/v1/bans/" + Fixture.tree(fixture.post("/api/v1/bans", body)).get("id").asString();
    var longer = fixture.patch(path, "{\"seconds\":3600}");
    assertThat(longer.statusCode()).isEqualTo(200);
    var until = fixture.newest().bans().getFirst().until();
    assertThat(until).isEqualTo(fixture.clock.instant().plusSeconds(3600));
    assertThat(fixture.patch(path, "{\"seconds\":60}").statusCode()).isEqualTo(409);
    assertThat(fixture.patch(path, "{}").statusCode()).isEqualTo(400);
    assertThat(fixture.patch(path, "{\"seconds\":0}").statusCode()).isEqualTo(400);
    assertThat(fixture.patch("/api/v1/bans/none", "{\"seconds\":60}").statusCode()).isEqualTo(404);
    fixture.delete(path);
    assertThat(fixture.patch(path, "{\"seconds\":7200}").statusCode()).isEqualTo(409);
    assertThat(Fixture.tree(fixture.get("/api/v1/audit")).toString()).contains("ban-extended");
  }

  @Test
  void aLimitSaysItsRates() throws Exception {
    var body =
        "{\"source\":\"203.0.113.7\",\"reason\":\"shared\","
            + "\"action\":\"limit\",\"callsPerSecond\":7}";
    var made = Fixture.tree(fixture.post("/api/v1/bans", body));
    assertThat(made.get("action").asString()).isEqualTo("limit");
    assertThat(made.get("callsPerSecond").asInt()).isEqualTo(7);
    assertThat(fixture.newest().bans().getFirst().action()).isEqualTo(new Ban.Action.Limit(500, 7));
    var again = Fixture.tree(fixture.get("/api/v1/bans/" + made.get("id").asString()));
    assertThat(again).isEqualTo(made);
    var wrong = "{\"source\":\"203.0.113.8\",\"reason\":\"x\",\"action\":\"stop\"}";
    assertThat(fixture.post("/api/v1/bans", wrong).statusCode()).isEqualTo(400);
    var odd = "{\"source\":\"203.0.113.8\",\"reason\":\"x\",\"callsPerSecond\":7}";
    assertThat(fixture.post("/api/v1/bans", odd).statusCode()).isEqualTo(400);
  }

  @Test
  void bansOfPoliciesAreRecordedTogetherWithTheirAudit() throws Exception {
    var records = fixture.control.bans();
    var now = fixture.clock.instant();
    var bans =
        List.of("203.0.113.7", "203.0.113.8", "203.0.113.8").stream()
            .map(source ->
                new Ban(
                    records.nextId(now),
                    Cidr.parse(source),
                    "unauthorized",
                    List.of("0000000000001"),
                    now,
                    now.plusSeconds(60),
                    "ban",
                    new Ban.Action.Deny(),
                    Ban.Place.GATEWAY))
            .toList();
    int before = fixture.published.size();
    records.keep(bans);
    assertThat(fixture.published).hasSize(before + 1);
    assertThat(fixture.newest().bans()).containsExactly(bans.get(0), bans.get(1));
    assertThat(records.since("ban", now.minusSeconds(1), 10)).hasSize(2);
    assertThat(records.since("ban", now, 10)).isEmpty();
    records.spared(Cidr.parse("198.18.0.5"), "ban", "unauthorized", "it is a proxy", List.of(1L));
    var audit = Fixture.tree(fixture.get("/api/v1/audit")).get("items");
    assertThat(audit.get(0).get("action").asString()).isEqualTo("ban-spared");
    assertThat(audit.get(0).get("detail").asString())
        .isEqualTo("it is a proxy. Otherwise: unauthorized. Calls: 0000000000001");
    assertThat(audit.get(1).get("who").asString()).isEqualTo("policy ban");
    assertThat(audit.get(1).get("detail").asString())
        .isEqualTo("203.0.113.8/32 for 60 s in the gateway: unauthorized");
  }

  @Test
  void refusesToBanWhoMustNotBeLockedOut() throws Exception {
    record Try(String source, int status) {}
    for (var each :
        List.of(
            new Try("127.0.0.1", 409),
            new Try("::1", 409),
            new Try("198.18.0.5", 409),
            new Try("198.18.0.0/15", 409),
            new Try("0.0.0.0/0", 400),
            new Try("nonsense", 400),
            new Try("203.0.113.1/24", 400))) {
      var body = "{\"source\":\"" + each.source() + "\",\"reason\":\"x\"}";
      assertThat(fixture.post("/api/v1/bans", body).statusCode())
          .as(each.source())
          .isEqualTo(each.status());
    }
    assertThat(fixture.newest().bans()).isEmpty();
  }

  @Test
  void namesEveryFaultOfABody() throws Exception {
    var answer =
        fixture.post(
            "/api/v1/bans",
            "{\"source\":\"x\",\"seconds\":0,\"calls\":[\"bad\"],\"colour\":\"red\"}");
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(Fixture.tree(answer).get("faults"))
        .extracting(fault -> fault.get("pointer").asString())
        .containsExactlyInAnyOrder("/colour", "/reason", "/seconds", "/calls/0", "/source");
  }

  @Test
  void changeThatIsRefusedIsUndone() throws Exception {
    fixture.refusal.set(List.of(Publication.Problem.of("the kernel says no")));
    var answer = fixture.post("/api/v1/consumers", "{\"name\":\"acme\"}");
    assertThat(answer.statusCode()).isEqualTo(409);
    assertThat(answer.body()).contains("the kernel says no");
    fixture.refusal.set(List.of());
    assertThat(Fixture.tree(fixture.get("/api/v1/consumers")).get("items")).isEmpty();
    fixture.consumer("other");
    assertThat(fixture.newest().consumers()).extracting(Consumer::name).containsExactly("other");
  }

  @Test
  void pagesThroughAListWithoutGapsOrRepeats() throws Exception {
    for (int i = 0; i < 25; i++) {
      fixture.consumer("consumer-" + i);
    }
    for (var list : List.of("/api/v1/consumers?limit=10", "/api/v1/audit?limit=10")) {
      var seen = new ArrayList<String>();
      String next = "";
      while (next != null) {
        var page = Fixture.tree(fixture.get(list + (next.isEmpty() ? "" : "&cursor=" + next)));
        page.get("items").forEach(item -> seen.add(item.get("id").asString()));
        next = page.get("next").isNull() ? null : page.get("next").asString();
      }
      assertThat(seen).as(list).doesNotHaveDuplicates().hasSizeGreaterThanOrEqualTo(25);
    }
    assertThat(fixture.get("/api/v1/audit?cursor=!").statusCode()).isEqualTo(400);
    assertThat(fixture.get("/api/v1/consumers?limit=501").statusCode()).isEqualTo(400);
    assertThat(fixture.get("/api/v1/consumers?colour=red").statusCode()).isEqualTo(400);
  }

  @Test
  void tenThousandConsumersAreImportedAndPublishedQuickly() throws Exception {
    var body = new StringBuilder("{\"consumers\":[");
    for (int i = 0; i < 10_000; i++) {
      body.append(i == 0 ? "" : ",").append("{\"name\":\"bench-").append(i).append("\"}");
    }
    var answer = fixture.post("/api/v1/consumers/import", body.append("]}").toString());
    assertThat(answer.statusCode()).isEqualTo(201);
    assertThat(fixture.newest().keys()).hasSize(10_000);
    var keys = Fixture.tree(answer).get("items").get(9_999).get("keys");
    assertThat(KeyText.wellFormed(KeyText.KEY, keys.get(0).asString())).isTrue();
    int before = fixture.published.size();
    long start = System.nanoTime();
    fixture.consumer("one more");
    // A gross fault only; the benchmark measures.
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
    assertThat(fixture.published).hasSize(before + 1);
    var again =
        fixture.post("/api/v1/consumers/import", "{\"consumers\":[{\"name\":\"bench-1\"}]}");
    assertThat(again.statusCode()).isEqualTo(409);
  }

  @Test
  void importedHashWorksOnceAndNeverAgainAfterItsRevocation() throws Exception {
    var hash = KeyText.hash("a key of another gateway");
    var body = "{\"consumers\":[{\"name\":\"%s\",\"newKeys\":0,\"hashes\":[\"" + hash + "\"]}]}";
    var made = fixture.post("/api/v1/consumers/import", body.formatted("first"));
    assertThat(made.statusCode()).isEqualTo(201);
    var consumer = Fixture.tree(made).get("items").get(0).get("id").asString();
    assertThat(fixture.newest().keys()).containsExactly(new ApiKey(hash, consumer));
    var keys = "/api/v1/consumers/" + consumer + "/keys";
    var id = Fixture.tree(fixture.get(keys)).get("items").get(0).get("id").asString();
    assertThat(fixture.delete(keys + "/" + id).statusCode()).isEqualTo(204);
    var again = fixture.post("/api/v1/consumers/import", body.formatted("second"));
    assertThat(again.statusCode()).isEqualTo(409);
    assertThat(fixture.newest().keys()).isEmpty();
    assertThat(fixture.newest().consumers()).hasSize(1);
  }

  @Test
  void recordsAndVersionsOutliveTheProcess() throws Exception {
    fixture.consumer("acme");
    fixture.post("/api/v1/bans", "{\"source\":\"203.0.113.7\",\"reason\":\"floods\"}");
    long version = fixture.newest().version();
    fixture.close();
    fixture = new Fixture(data);
    assertThat(fixture.newest().consumers()).extracting(Consumer::name).containsExactly("acme");
    assertThat(fixture.newest().bans()).hasSize(1);
    assertThat(fixture.newest().version()).isGreaterThan(version);
  }
}
