package io.ostiary.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.control.records.Database;
import io.ostiary.control.records.QuotaCounts;
import io.ostiary.model.Tallies;
import io.ostiary.model.Tally;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Quotas in the database and in the admin API.
class QuotasTest {
  private static final long PERIOD = 1_767_225_600L;

  @TempDir Path data;

  @Test
  void countsSurviveTheProcess() {
    var file = data.resolve("records.db");
    try (var database = Database.open(file)) {
      var tallies = new Tallies();
      tallies.open(new QuotaCounts(database));
      var tally = tallies.tally("orders/month");
      tally.take("ann", PERIOD, 10);
      tally.take("ann", PERIOD, 10);
      tally.take("bob", PERIOD, 10);
      tallies.save();
      tally.take("ann", PERIOD, 10);
      tallies.save();
      tallies.save();
    }
    try (var database = Database.open(file)) {
      var tallies = new Tallies();
      tallies.open(new QuotaCounts(database));
      var tally = tallies.tally("orders/month");
      assertThat(tally.all())
          .containsExactlyInAnyOrder(
              new Tally.Kept("orders/month", "ann", PERIOD, 3),
              new Tally.Kept("orders/month", "bob", PERIOD, 1));
      assertThat(tally.take("ann", PERIOD, 4)).isZero();
      assertThat(tally.take("ann", PERIOD, 4)).isEqualTo(-1);
      assertThat(tally.take("ann", PERIOD + 1, 4)).as("a new period").isEqualTo(3);
      assertThat(tally.take("ann", PERIOD, 4)).as("clocks that step back").isEqualTo(2);
      assertThat(tallies.tally("orders/day").all()).isEmpty();
    }
  }

  @Test
  void whatCannotBeKeptIsTriedAgain() {
    var saved = new java.util.ArrayList<Tally.Kept>();
    var broken = new boolean[] {true};
    var tallies = new Tallies();
    tallies.open(
        new Tallies.Store() {
          @Override
          public List<Tally.Kept> load(String quota) {
            return List.of();
          }

          @Override
          public void save(List<Tally.Kept> changed) {
            if (broken[0]) {
              throw new IllegalStateException("on purpose");
            }
            saved.addAll(changed);
          }
        });
    tallies.tally("q").take("ann", 1, 5);
    org.assertj.core.api.Assertions.assertThatThrownBy(tallies::save).hasMessage("on purpose");
    broken[0] = false;
    tallies.save();
    assertThat(saved).containsExactly(new Tally.Kept("q", "ann", 1, 1));
  }

  @Test
  void operatorsSeeThemAndGiveThemBack() throws Exception {
    try (var fixture = new Fixture(data)) {
      var consumer = fixture.consumer("acme");
      var tally = fixture.tallies.tally("orders/month");
      tally.terms(new Tally.Terms(10, PERIOD + 100));
      tally.take(consumer, PERIOD, 10);
      var item = Fixture.tree(fixture.get("/api/v1/quotas")).get("items").get(0);
      assertThat(item.get("quota").asString()).isEqualTo("orders/month");
      assertThat(item.get("name").asString()).isEqualTo("acme");
      assertThat(item.get("used").asInt()).isEqualTo(1);
      assertThat(item.get("requests").asInt()).isEqualTo(10);
      assertThat(item.get("to").asString()).isEqualTo("2026-01-01T00:01:40Z");

      var body = "{\"quota\":\"orders/month\",\"who\":\"" + consumer + "\"}";
      assertThat(fixture.post("/api/v1/quotas/reset", body).statusCode()).isEqualTo(204);
      assertThat(tally.all().getFirst().used()).isZero();
      var audit = Fixture.tree(fixture.get("/api/v1/audit")).get("items").get(0);
      assertThat(audit.get("action").asString()).isEqualTo("quota-reset");
      var unknown = fixture.post("/api/v1/quotas/reset", "{\"quota\":\"no\",\"who\":\"x\"}");
      assertThat(unknown.statusCode()).isEqualTo(404);
    }
  }
}
