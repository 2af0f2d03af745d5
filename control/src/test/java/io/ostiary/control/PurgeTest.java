package io.ostiary.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Purge;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What operators throw away of an API's cache.
class PurgeTest {
  private static final String PATH = "/api/v1/apis/orders/purge";

  @TempDir private Path data;

  @Test
  void asksForOneAddressThoseBelowATagOrAll() throws Exception {
    try (var fixture = new Fixture(data)) {
      for (var body :
          new String[] {
            "{}",
            "{\"url\":\"http://Api.example/a?b=1\"}",
            "{\"prefix\":\"https://api.example/a/\"}",
            "{\"tag\":\"order-17\"}"
          }) {
        assertThat(fixture.post(PATH, body).statusCode()).as(body).isEqualTo(204);
      }
      assertThat(fixture.purged)
          .containsExactly(
              new Purge.Everything(),
              new Purge.Address("api.example/a?b=1"),
              new Purge.Below("api.example/a/"),
              new Purge.Tagged("order-17"));
      var audit = Fixture.tree(fixture.get("/api/v1/audit")).get("items").get(0);
      assertThat(audit.get("action").asString()).isEqualTo("cache-purge");
      assertThat(audit.get("detail").asString()).isEqualTo("tag order-17");
    }
  }

  @Test
  void refusesWhatSaysTwoThings() throws Exception {
    try (var fixture = new Fixture(data)) {
      for (var body :
          new String[] {
            "{\"url\":\"http://a/b\",\"tag\":\"c\"}",
            "{\"prefix\":\"/a\"}",
            "{\"tag\":\"" + "x".repeat(129) + "\"}"
          }) {
        assertThat(fixture.post(PATH, body).statusCode()).as(body).isEqualTo(400);
      }
      assertThat(fixture.purged).isEmpty();
    }
  }
}
