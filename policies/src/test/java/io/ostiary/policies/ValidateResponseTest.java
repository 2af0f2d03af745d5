package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Api;
import io.ostiary.model.Ending;
import io.ostiary.policies.Validate.Mode;
import io.ostiary.policies.Validate.Settings;
import io.ostiary.policies.Validate.Unknown;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ValidateResponseTest {
  private static final String ORDER = "{\"id\":7,\"state\":\"open\"}";

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
              /orders/{id}:
                parameters: [ { name: id, in: path, required: true, schema: { type: integer } } ]
                get:
                  operationId: show
                  responses:
                    "200":
                      description: ok
                      headers:
                        X-Pages: { required: true, schema: { type: integer, minimum: 1 } }
                      content:
                        application/json:
                          schema: { $ref: "#/components/schemas/Order" }
                    4XX: { description: refused }
                delete:
                  operationId: drop
                  responses: { "204": { description: gone } }
            components:
              schemas:
                Order:
                  type: object
                  required: [ id, secret, state ]
                  additionalProperties: false
                  properties:
                    id: { type: integer, readOnly: true }
                    secret: { type: string, writeOnly: true }
                    state: { enum: [ open, closed ] }
            """);
  }

  private static FakeSite site(String route) {
    var snapshot = Sites.snapshot(api, List.of(), List.of());
    var found = api.routes().stream().filter(r -> r.id().equals(route)).findFirst().orElseThrow();
    return new FakeSite(snapshot, api, found, new HashMap<>());
  }

  private static Filter filter(Mode response, String route, int bodyMax) {
    var settings = new Settings(Mode.OFF, response, Unknown.REFUSE, bodyMax);
    return new Validate(Runnable::run).compile(settings, site(route));
  }

  private static FakeExchange answered(int status, String type) {
    var exchange = site("show").exchange("GET", "/orders/7").answered(status);
    exchange.responseHeaders().sent("X-Pages", "1");
    exchange.responseHeaders().sent("Content-Type", type);
    return exchange;
  }

  /// What becomes of a response that comes in pieces of seven bytes.
  private static Verdict run(Mode mode, FakeExchange exchange, String body) {
    var filter = filter(mode, "show", 1 << 20);
    var verdict = filter.response(exchange);
    var bytes = body.getBytes(StandardCharsets.UTF_8);
    var pieces = new ArrayList<ByteBuffer>();
    int size = mode == Mode.ENFORCE ? bytes.length + 1 : 7;
    for (int at = 0; at < bytes.length; at += size) {
      pieces.add(ByteBuffer.wrap(bytes, at, Math.min(size, bytes.length - at)));
    }
    pieces.add(ByteBuffer.allocate(0));
    if (mode == Mode.ENFORCE && pieces.size() > 1) {
      pieces.removeLast();
    }
    for (int i = 0; i < pieces.size() && verdict.equals(Verdict.CONTINUE); i++) {
      verdict =
          filter.responseBody(exchange, pieces.get(i).asReadOnlyBuffer(), i == pieces.size() - 1);
    }
    filter.end(exchange, new Ending.Answered(exchange.status()));
    return verdict;
  }

  private static void refused(Verdict verdict, String... faults) {
    var problem = Sites.problem(verdict);
    assertThat(problem.status()).isEqualTo(502);
    assertThat(problem.code()).isEqualTo("response-invalid");
    assertThat(problem.faults().stream().map(f -> f.in() + " " + f.pointer()))
        .containsExactly(faults);
  }

  @Test
  void aFittingResponsePasses() {
    for (var mode : List.of(Mode.ENFORCE, Mode.REPORT)) {
      var exchange = answered(200, "application/json; charset=utf-8");
      assertThat(run(mode, exchange, ORDER)).isEqualTo(Verdict.CONTINUE);
      assertThat(exchange.remark()).isNull();
    }
  }

  @Test
  void aBodyThatBreaksTheDocumentIsRefusedOrReported() {
    var wrong = "{\"id\":\"7\",\"state\":\"lost\",\"secret\":\"s\"}";
    refused(
        run(Mode.ENFORCE, answered(200, "application/json"), wrong),
        "body /id",
        "body /secret",
        "body /state");
    var reported = answered(200, "application/json");
    assertThat(run(Mode.REPORT, reported, wrong)).isEqualTo(Verdict.CONTINUE);
    assertThat(reported.remark()).isEqualTo("response-invalid");
  }

  @Test
  void whatIsReadOnlyIsDemanded() {
    refused(
        run(Mode.ENFORCE, answered(200, "application/json"), "{\"state\":\"open\"}"), "body /id");
    refused(run(Mode.ENFORCE, answered(200, "application/json"), ""), "body ");
  }

  @Test
  void headersTypeAndStatusAreHeldToIt() {
    var exchange = site("show").exchange("GET", "/orders/7").answered(200);
    exchange.responseHeaders().sent("X-Pages", "0");
    exchange.responseHeaders().sent("Content-Type", "text/html");
    refused(run(Mode.ENFORCE, exchange, "<p>"), "header /X-Pages", "header /Content-Type");
    refused(run(Mode.ENFORCE, answered(201, "application/json"), ORDER), "status ");
    var report = answered(201, "application/json");
    assertThat(run(Mode.REPORT, report, ORDER)).isEqualTo(Verdict.CONTINUE);
    assertThat(report.remark()).isEqualTo("response-invalid");
  }

  @Test
  void failuresThatNobodyDocumentsPass() {
    assertThat(run(Mode.ENFORCE, answered(503, "text/html"), "<p>")).isEqualTo(Verdict.CONTINUE);
    assertThat(run(Mode.ENFORCE, answered(404, "text/html"), "<p>")).isEqualTo(Verdict.CONTINUE);
    assertThat(run(Mode.ENFORCE, answered(304, "x"), "")).isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void repliesOfOursAreNotTheUpstreams() {
    var exchange = answered(200, "application/problem+json").replied(429);
    assertThat(filter(Mode.ENFORCE, "show", 9).response(exchange)).isEqualTo(Verdict.CONTINUE);
    assertThat(exchange.remark()).isNull();
  }

  @Test
  void compressedAndLongBodiesAreSaidToBeUnchecked() {
    var compressed = answered(200, "application/json");
    compressed.responseHeaders().sent("Content-Encoding", "gzip");
    assertThat(run(Mode.ENFORCE, compressed, "x")).isEqualTo(Verdict.CONTINUE);
    assertThat(compressed.remark()).isEqualTo("response-unchecked");

    var exchange = answered(200, "application/json");
    var filter = filter(Mode.REPORT, "show", 10);
    assertThat(filter.response(exchange)).isEqualTo(Verdict.CONTINUE);
    for (int i = 0; i < 3; i++) {
      assertThat(filter.responseBody(exchange, ByteBuffer.allocate(8), i == 2))
          .isEqualTo(Verdict.CONTINUE);
    }
    filter.end(exchange, new Ending.Answered(200));
    assertThat(exchange.remark()).isEqualTo("response-unchecked");
  }

  @Test
  void answersToHeadHaveNoBodyToCheck() {
    var exchange = site("show").exchange("HEAD", "/orders/7").answered(200);
    exchange.responseHeaders().sent("X-Pages", "1");
    assertThat(run(Mode.ENFORCE, exchange, "")).isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void onlyWhatCanBeCheckedIsHeldBack() {
    assertThat(filter(Mode.ENFORCE, "show", 99).responseBodyNeed())
        .isEqualTo(new BodyNeed.Whole(99));
    assertThat(filter(Mode.REPORT, "show", 99).responseBodyNeed()).isEqualTo(BodyNeed.STREAM);
    var drop = filter(Mode.ENFORCE, "drop", 99);
    assertThat(drop.responseBodyNeed()).isEqualTo(BodyNeed.NONE);
    assertThat(drop.moments()).containsExactly(Moment.RESPONSE);
    assertThat(filter(Mode.OFF, "show", 99).moments()).isEmpty();
  }

  @Test
  void aBrokenResponseSchemaRefusesOnlyThosePlansThatNeedIt() throws IOException {
    var before = api;
    try {
      api =
          Sites.described(
              directory,
              """
              openapi: 3.1.0
              info: { title: Orders, version: "1" }
              paths:
                /a:
                  get:
                    operationId: show
                    responses:
                      "200":
                        description: ok
                        content:
                          application/json: { schema: { $ref: "#/components/schemas/Lost" } }
              """);
      assertThat(filter(Mode.OFF, "show", 9)).isNotNull();
      assertThatThrownBy(() -> filter(Mode.REPORT, "show", 9))
          .hasMessageContaining("orders.yaml:11:")
          .hasMessageContaining("#/components/schemas/Lost");
    } finally {
      api = before;
    }
  }
}
