package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.contract.openapi.Body;
import io.ostiary.contract.openapi.OpenApi;
import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Api;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MockTest {
  private static final String SCHEMAS =
      """
      # of the document below
          Slips:
            type: object
            properties:
              number: { type: string, example: 12 }
              list: { type: array, items: { type: string }, example: "a, b" }
              state: { type: string, enum: [ open ], example: shut }
              pet:
                oneOf:
                  - { $ref: "#/components/schemas/Slips" }
                  - { $ref: "#/components/schemas/Cat" }
                discriminator:
                  propertyName: kind
                  mapping: { tom: "#/components/schemas/Cat" }
          Cat:
            type: object
            required: [ kind, name ]
            properties: { kind: { type: string }, lives: { type: integer, minimum: 9 } }
          Wide:
            type: object
            required: [ a, z ]
            properties:
              a: { $ref: "#/components/schemas/Wider" }
              b: { $ref: "#/components/schemas/Wider" }
              c: { $ref: "#/components/schemas/Wider" }
              z: { type: integer }
          Wider:
            type: object
            required: [ a ]
            additionalProperties: { type: string }
            properties:
              a: { properties: { a: WIDEST, b: WIDEST, c: WIDEST, d: WIDEST, e: WIDEST } }
              b: { properties: { a: WIDEST, b: WIDEST, c: WIDEST, d: WIDEST, e: WIDEST } }
              c: { properties: { a: WIDEST, b: WIDEST, c: WIDEST, d: WIDEST, e: WIDEST } }
              d: { properties: { a: WIDEST, b: WIDEST, c: WIDEST, d: WIDEST, e: WIDEST } }
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
                  tax: { type: number, exclusiveMinimum: 0, exclusiveMaximum: 1 }
      """;

  @TempDir static Path directory;
  private static final Map<String, String> METHODS =
      Map.of("list", "GET", "clear", "DELETE", "any", "PUT", "wide", "PATCH");

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
                put:
                  operationId: any
                  responses:
                    "404": { description: none }
                    default:
                      description: what came of it
                      headers: { Keep-Alive: { schema: { type: string } } }
                      content:
                        application/json: { schema: { $ref: "#/components/schemas/Slips" } }
                patch:
                  operationId: wide
                  responses:
                    "200":
                      description: much
                      content:
                        application/json: { schema: { $ref: "#/components/schemas/Wide" } }
                delete:
                  operationId: clear
                  responses: { "204": { description: done } }
            components:
              examples:
                Never: { value: { title: Never } }
              schemas:
            """
                + SCHEMAS
                    .replace("WIDEST", "{ properties: { a: WIDE, b: WIDE, c: WIDE, d: WIDE } }")
                    .replace("WIDE,", "{ properties: { a: {}, b: {}, c: {}, d: {} } },")
                    .replace("WIDE }", "{ properties: { a: {}, b: {}, c: {}, d: {} } } }"));
  }

  private static Verdict ask(String route, Mock.Settings settings, String... fields) {
    var site = Sites.site(api, route);
    FakeExchange exchange = site.exchange(METHODS.get(route), "/orders");
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
  @ParameterizedTest
  @ValueSource(strings = {"list", "any", "wide"})
  void theAnswerFitsItsSchema(String route) {
    var operation =
        Objects.requireNonNull(
            ((OpenApi) Objects.requireNonNull(api.document()))
                .operation(Objects.requireNonNull(Sites.site(api, route).route().operation())));
    Body body =
        Objects.requireNonNull(Objects.requireNonNull(operation.responses().of(200)).body());
    var media = Objects.requireNonNull(body.media("application/json"));
    assertThat(body.check(media, served(route).content().duplicate())).isEmpty();
  }

  @Test
  void slipsOfTheAuthorAreNoExamples() {
    var message = served("any");
    assertThat(message.status()).as("default, where no success is said").isEqualTo(200);
    assertThat(message.fields().toString()).as("the gateway's own").doesNotContain("Keep-Alive");
    assertThat(message.body())
        .isEqualTo(
            "{\"number\":\"text\",\"list\":[\"text\"],\"state\":\"open\","
                + "\"pet\":{\"kind\":\"tom\",\"lives\":9,\"name\":\"text\"}}");
  }

  /// Stream's document took all memory.
  @Test
  void wideSchemasWithinEachOtherAreNotGivenInFull() {
    var body = served("wide").body();
    assertThat(body).startsWith("{\"a\":{\"a\":").contains("\"z\":0");
    assertThat(body.length()).isBetween(100, 20_000);
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

  @Test
  void answersFromTheFilesOfADocument(@TempDir Path folder) throws IOException {
    Files.writeString(
        folder.resolve("parts.yaml"),
        """
        get:
          operationId: list
          responses:
            "200":
              description: all
              content: { application/json: { schema: { $ref: "#/Order" } } }
        Order: { type: object, properties: { id: { type: integer, minimum: 7 } } }
        """);
    var split =
        Sites.described(
            folder,
            """
            openapi: 3.1.0
            info: { title: Orders, version: "1" }
            paths: { /orders: { $ref: "parts.yaml" } }
            """);
    var site = Sites.site(split, "list");
    var verdict =
        new Mock()
            .compile(new Mock.Settings(true, Duration.ZERO), site)
            .request(site.exchange("GET", "/orders"));
    assertThat(verdict).isInstanceOf(Verdict.Serve.class);
    assertThat(((Verdict.Serve) verdict).message().body()).isEqualTo("{\"id\":7}");
  }

  /// What stands beside a reference counts in OpenAPI 3.1 and not in 3.0; a `$dynamicRef` leads to
  /// the outermost of its name.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "3.1.0 | Named   | {\"id\":7,\"name\":\"ann\"}",
        "3.1.0 | Given   | {\"id\":9}",
        "3.1.0 | Orders  | {\"items\":[{\"id\":7}]}",
        "3.1.0 | Names   | {\"items\":[\"ann\"]}",
        "3.0.3 | Named   | {\"id\":7}"
      })
  void followsReferences(String version, String schema, String body, @TempDir Path folder)
      throws IOException {
    var described =
        Sites.described(
            folder,
            """
            openapi: %s
            info: { title: Orders, version: "1" }
            paths:
              /orders:
                get:
                  operationId: list
                  responses:
                    "200":
                      description: all
                      content: { application/json: { schema: { $ref: "#/components/schemas/%s" } } }
            components:
              schemas:
                Order: { type: object, properties: { id: { type: integer, minimum: 7 } } }
                Named:
                  $ref: "#/components/schemas/Order"
                  required: [ name ]
                  properties: { name: { type: string, example: ann } }
                Given: { $ref: "#/components/schemas/Order", example: { id: 9 } }
                Page:
                  type: object
                  properties: { items: { type: array, minItems: 1, items: { $dynamicRef: "#item" } } }
                  $defs: { any: { $dynamicAnchor: item } }
                Orders:
                  $ref: "#/components/schemas/Page"
                  $defs: { of: { $dynamicAnchor: item, $ref: "#/components/schemas/Order" } }
                Names:
                  $ref: "#/components/schemas/Page"
                  $defs: { of: { $dynamicAnchor: item, type: string, example: ann } }
            """
                .formatted(version, schema));
    var site = Sites.site(described, "list");
    var verdict =
        new Mock()
            .compile(new Mock.Settings(true, Duration.ZERO), site)
            .request(site.exchange("GET", "/orders"));
    assertThat(((Verdict.Serve) verdict).message().body()).isEqualTo(body);
  }

  @Test
  void waitsForTheBodyWhereItIsValidated() throws IOException {
    var validate =
        new PolicyUse(
            "validate",
            new Validate.Settings(
                Validate.Mode.ENFORCE, Validate.Mode.OFF, Validate.Unknown.REFUSE, 1000));
    var route = Sites.site(api, "list").route();
    var checked =
        new Route(
            route.id(),
            route.methods(),
            route.path(),
            route.conditions(),
            null,
            route.operation(),
            List.of(validate));
    var filter =
        new Mock()
            .compile(
                new Mock.Settings(true, Duration.ZERO),
                new FakeSite(
                    Sites.snapshot(api, List.of(), List.of()), api, checked, new HashMap<>()));
    assertThat(filter.moments()).containsExactly(Moment.REQUEST_BODY);
    assertThat(filter.requestBodyNeed()).isEqualTo(new BodyNeed.Whole(1000));
    var exchange = Sites.site(api, "list").exchange("GET", "/orders");
    assertThat(filter.requestBody(exchange, ByteBuffer.allocate(0), true))
        .isInstanceOf(Verdict.Serve.class);
  }
}
