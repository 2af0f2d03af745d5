package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.contract.openapi.Body;
import io.ostiary.contract.openapi.OpenApi;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Api;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MockTest {
  @TempDir static Path directory;
  private static Api api;

  @BeforeAll
  static void read() throws IOException {
    api =
        Sites.described(
            directory,
            """
            openapi: 3.1.0
            info: { title: Orders, version: "1" }
            paths:
              /orders:
                get:
                  operationId: list
                  responses:
                    "200":
                      description: all
                      headers:
                        X-Total: { schema: { type: integer, minimum: 3 } }
                      content:
                        application/json:
                          schema:
                            type: array
                            minItems: 2
                            items: { $ref: "#/components/schemas/Order" }
                        text/csv: { example: "id\\n1\\n" }
                    "404":
                      description: none
                      content:
                        application/problem+json:
                          examples:
                            gone: { value: { title: Gone } }
                            never: { $ref: "#/components/examples/Never" }
                delete:
                  operationId: clear
                  responses: { "204": { description: done } }
            components:
              examples:
                Never: { value: { title: Never } }
              schemas:
                Order:
                  allOf:
                    - type: object
                      required: [ id, made ]
                      properties:
                        id: { type: string, format: uuid }
                        made: { type: string, format: date-time }
                    - type: object
                      properties:
                        count: { type: integer, exclusiveMinimum: 4, multipleOf: 5 }
                        state: { enum: [ open, closed ] }
                        note: { type: [ "null", string ], minLength: 6, maxLength: 7 }
                        secret: { type: string, writeOnly: true }
                        parent: { $ref: "#/components/schemas/Order" }
                        tags: { type: object, additionalProperties: { type: boolean } }
            """);
  }

  private static Verdict ask(String route, Mock.Settings settings, String... fields) {
    var site = Sites.site(api, route);
    FakeExchange exchange = site.exchange(route.equals("list") ? "GET" : "DELETE", "/orders");
    for (int i = 0; i < fields.length; i += 2) {
      exchange.with(fields[i], fields[i + 1]);
    }
    return new Mock().compile(settings, site).request(exchange);
  }

  private static Message served(String route, String... fields) {
    var verdict = ask(route, new Mock.Settings(true, Duration.ZERO), fields);
    if (verdict instanceof Verdict.Serve(var message)) {
      return message;
    }
    throw new AssertionError("expected an answer but was " + verdict);
  }

  @Test
  void answersWithWhatTheSchemaSays() {
    var message = served("list");
    assertThat(message.status()).isEqualTo(200);
    assertThat(message.fields().toString()).contains("name=X-Total, value=3", "application/json");
    assertThat(message.body())
        .startsWith(
            "[{\"id\":\"3fa85f64-5717-4562-b3fc-2c963f66afa6\",\"made\":\"2026-01-01T12:00:00Z\","
                + "\"count\":5,\"state\":\"open\",\"note\":\"texttex\",\"tags\":{")
        .contains("\"tags\":{\"name\":true}")
        .doesNotContain("secret", "parent");
    assertThat(served("list").body()).as("always the same").isEqualTo(message.body());
  }

  /// Against the schema checker, which knows nothing of how answers are made.
  @Test
  void theAnswerFitsItsSchema() {
    var operation =
        Objects.requireNonNull(
            ((OpenApi) Objects.requireNonNull(api.document()))
                .operation(Objects.requireNonNull(Sites.site(api, "list").route().operation())));
    Body body =
        Objects.requireNonNull(Objects.requireNonNull(operation.responses().of(200)).body());
    var media = Objects.requireNonNull(body.media("application/json"));
    assertThat(body.check(media, served("list").content().duplicate())).isEmpty();
  }

  @Test
  void theClientChooses() {
    assertThat(served("list", "Accept", "text/csv, application/json;q=0.5").body())
        .isEqualTo("id\n1\n");
    assertThat(served("list", "Prefer", "code=404").body()).isEqualTo("{\"title\":\"Gone\"}");
    var named = served("list", "Prefer", "code=404, example=never");
    assertThat(named.status()).isEqualTo(404);
    assertThat(named.body()).isEqualTo("{\"title\":\"Never\"}");
    assertThat(served("clear").status()).isEqualTo(204);
    var settings = new Mock.Settings(true, Duration.ZERO);
    assertThat(Sites.problem(ask("list", settings, "Prefer", "code=418")).code())
        .isEqualTo("mock-unknown");
    assertThat(Sites.problem(ask("list", settings, "Accept", "image/png")).status()).isEqualTo(406);
    assertThat(Sites.problem(ask("list", settings, "Accept", "text/*;q=0")).status())
        .isEqualTo(406);
  }

  @Test
  void onlyThoseWhoAsk() {
    var settings = new Mock.Settings(false, Duration.ZERO);
    assertThat(ask("list", settings)).isEqualTo(Verdict.CONTINUE);
    assertThat(ask("list", settings, "Prefer", "code=404")).isEqualTo(Verdict.CONTINUE);
    assertThat(ask("list", settings, "Prefer", "mock, code=404")).isInstanceOf(Verdict.Serve.class);
  }

  @Test
  void takesItsTime() throws Exception {
    var verdict = ask("list", new Mock.Settings(true, Duration.ofMillis(20)));
    assertThat(verdict).isInstanceOf(Verdict.Wait.class);
    var stage = ((Verdict.Wait) verdict).stage().toCompletableFuture();
    assertThat(stage.get(5, TimeUnit.SECONDS)).isInstanceOf(Verdict.Serve.class);
  }

  @Test
  void needsADocument() {
    assertThatThrownBy(
            () -> new Mock().compile(new Mock.Settings(true, Duration.ZERO), FakeSite.anywhere()))
        .hasMessageStartingWith("mock: route 'all' (expected: an operation");
    assertThatThrownBy(() -> new Mock.Settings(true, Duration.ofHours(1)))
        .hasMessageStartingWith("mock.delay");
  }
}
