package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Api;
import io.ostiary.model.Ending;
import io.ostiary.policies.Validate.Mode;
import io.ostiary.policies.Validate.Unknown;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ValidateTest {
  private static final Validate.Settings ENFORCE =
      new Validate.Settings(Mode.ENFORCE, Mode.OFF, Unknown.REFUSE, 1 << 20);
  private static final Validate.Settings REPORT =
      new Validate.Settings(Mode.REPORT, Mode.OFF, Unknown.REFUSE, 1 << 20);

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
                  parameters:
                    - { name: limit, in: query, schema: { type: integer, maximum: 100 } }
                post:
                  operationId: add
                  parameters:
                    - { name: dry, in: query, schema: { type: boolean } }
                  requestBody:
                    required: true
                    content:
                      application/json:
                        schema:
                          type: object
                          required: [ customer, items ]
                          additionalProperties: false
                          properties:
                            customer: { type: string, minLength: 1 }
                            items:
                              type: array
                              items:
                                type: object
                                required: [ sku ]
                                properties:
                                  sku: { type: string }
                                  count: { type: integer, minimum: 1 }
              /trees:
                post:
                  operationId: plant
                  requestBody:
                    content:
                      application/json:
                        schema: { $ref: "#/components/schemas/Tree" }
            components:
              schemas:
                Tree:
                  type: object
                  properties:
                    n:
                      anyOf:
                        - { $ref: "#/components/schemas/Tree" }
                        - { $ref: "#/components/schemas/Tree" }
            """);
  }

  private static Verdict post(Validate.Settings settings, FakeExchange exchange, String body) {
    Filter filter = new Validate(Runnable::run).compile(settings, Sites.site(api, "add"));
    var verdict = filter.request(exchange);
    if (verdict.equals(Verdict.CONTINUE)) {
      verdict = filter.requestBody(exchange, bytes(body).asReadOnlyBuffer(), true);
    }
    var settled =
        verdict instanceof Verdict.Wait(var stage) ? stage.toCompletableFuture().join() : verdict;
    filter.end(exchange, new Ending.Answered(200));
    return settled;
  }

  private static FakeExchange json(String target) {
    return Sites.site(api, "add").exchange("POST", target).with("Content-Type", "application/json");
  }

  private static List<String> faults(Verdict verdict) {
    Problem problem = Sites.problem(verdict);
    assertThat(problem.status()).isEqualTo(400);
    assertThat(problem.code()).isEqualTo("validate");
    return problem.faults().stream().map(f -> f.in() + " " + f.pointer()).toList();
  }

  @Test
  void letsAFittingRequestThrough() {
    var body = "{\"customer\":\"a\",\"items\":[{\"sku\":\"x\",\"count\":1}]}";
    assertThat(post(ENFORCE, json("/orders?dry=true"), body)).isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void namesTheFaultsOfHeadAndBodyTogether() {
    var body = "{\"customer\":5,\"items\":[{\"count\":0}],\"more\":1}";
    assertThat(faults(post(ENFORCE, json("/orders?dry=maybe&x=1"), body)))
        .containsExactlyInAnyOrder(
            "query /dry",
            "query /x",
            "body /customer",
            "body /items/0/sku",
            "body /items/0/count",
            "body /more");
  }

  @Test
  void refusesBeforeABodyWhereNoneIsTaken() {
    var site = Sites.site(api, "list");
    var filter = new Validate().compile(ENFORCE, site);
    assertThat(filter.moments()).containsExactly(Moment.REQUEST);
    assertThat(filter.requestBodyNeed()).isEqualTo(BodyNeed.NONE);
    assertThat(filter.request(site.exchange("GET", "/orders?limit=7"))).isEqualTo(Verdict.CONTINUE);
    assertThat(faults(filter.request(site.exchange("GET", "/orders?limit=700"))))
        .containsExactly("query /limit");
  }

  @Test
  void hostileBodiesAreFaultsNotFailures() {
    for (var body :
        List.of(
            "{",
            "[".repeat(500_000),
            "{\"a\":".repeat(100_000),
            "{\"customer\":\"a\",\"customer\":\"b\",\"items\":[]}",
            "{\"customer\":\"a\",\"items\":[{\"sku\":\"a\",\"count\":1e999999}]}",
            "{\"customer\":\"a\",\"items\":[{\"sku\":\"a\",\"count\":" + "9".repeat(5000) + "}]}",
            "\0",
            "nul",
            "\"\\ud800\"")) {
      assertThat(faults(post(ENFORCE, json("/orders"), body))).isNotEmpty();
    }
    assertThat(faults(post(ENFORCE, json("/orders"), ""))).containsExactly("body ");
  }

  @Test
  void otherMediaTypesAre415() {
    var site = Sites.site(api, "add");
    var xml = site.exchange("POST", "/orders").with("Content-Type", "text/xml");
    var problem = Sites.problem(post(ENFORCE, xml, "<a/>"));
    assertThat(problem.status()).isEqualTo(415);
    assertThat(problem.detail()).contains("application/json");
    assertThat(Sites.problem(post(ENFORCE, site.exchange("POST", "/orders"), "{}")).status())
        .isEqualTo(415);
    var gzip = json("/orders").with("Content-Encoding", "gzip");
    assertThat(Sites.problem(post(ENFORCE, gzip, "x")).detail()).contains("compressed");
    var twice = json("/orders").with("Content-Type", "text/plain");
    assertThat(Sites.problem(post(ENFORCE, twice, "{}")).status()).isEqualTo(415);
    assertThat(faults(post(ENFORCE, site.exchange("POST", "/orders"), "")))
        .containsExactly("body ");
  }

  @Test
  void reportsWithoutRefusing() {
    var exchange = json("/orders?x=1");
    assertThat(post(REPORT, exchange, "{}")).isEqualTo(Verdict.CONTINUE);
    assertThat(exchange.remark()).isEqualTo("request-invalid");
    var xml = Sites.site(api, "add").exchange("POST", "/orders").with("Content-Type", "text/xml");
    assertThat(post(REPORT, xml, "<a/>")).isEqualTo(Verdict.CONTINUE);
    assertThat(xml.remark()).isEqualTo("request-invalid");
  }

  /// Keeps what it should do until it is told to.
  private static final class Later implements Executor {
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();

    @Override
    public void execute(Runnable task) {
      waiting.add(task);
    }

    Verdict done(Verdict verdict) {
      assertThat(verdict).isInstanceOf(Verdict.Wait.class);
      var future = ((Verdict.Wait) verdict).stage().toCompletableFuture();
      assertThat(future).isNotDone();
      waiting.remove().run();
      return future.join();
    }
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void longBodiesDoNotHoldTheEventLoop() {
    var later = new Later();
    var filter = new Validate(later).compile(ENFORCE, Sites.site(api, "add"));
    var items = "{\"sku\":\"x\"},".repeat(BodyChecks.ON_LOOP_BYTES_MAX / 10);
    var good = "{\"customer\":\"a\",\"items\":[" + items + "{\"sku\":\"x\"}]}";
    var exchange = json("/orders?x=1");
    filter.request(exchange);
    var lent = bytes(good.replaceFirst("\"a\"", "7"));
    var verdict = filter.requestBody(exchange, lent, true);
    // The buffer is another call's by the time the body is checked.
    lent.clear().put(new byte[lent.capacity()]);
    assertThat(faults(later.done(verdict))).containsExactly("query /x", "body /customer");
    var other = json("/orders");
    filter.request(other);
    assertThat(later.done(filter.requestBody(other, bytes(good), true)))
        .isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void reportsOnLongBodiesWhenTheCallEnds() {
    var later = new Later();
    var filter = new Validate(later).compile(REPORT, Sites.site(api, "add"));
    var exchange = json("/orders");
    filter.request(exchange);
    var body = bytes("[" + "1,".repeat(BodyChecks.ON_LOOP_BYTES_MAX) + "1]");
    assertThat(later.done(filter.requestBody(exchange, body, true))).isEqualTo(Verdict.CONTINUE);
    assertThat(exchange.remark()).isNull();
    filter.end(exchange, new Ending.Answered(200));
    assertThat(exchange.remark()).isEqualTo("request-invalid");
  }

  @Test
  void aCostlySchemaIsCheckedBesideTheLoopFromThenOn() {
    var later = new Later();
    var filter = new Validate(later).compile(ENFORCE, Sites.site(api, "plant"));
    var depth = 18;
    var bomb = bytes("{\"n\":".repeat(depth) + "1" + "}".repeat(depth));
    var first =
        Sites.site(api, "plant")
            .exchange("POST", "/trees")
            .with("Content-Type", "application/json");
    filter.request(first);
    assertThat(faults(filter.requestBody(first, bomb, true))).isNotEmpty();
    var second =
        Sites.site(api, "plant")
            .exchange("POST", "/trees")
            .with("Content-Type", "application/json");
    filter.request(second);
    assertThat(later.done(filter.requestBody(second, bytes("{\"n\":{}}"), true)))
        .isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void refusesMoreLongBodiesThanCanWait() {
    Executor full =
        _ -> {
          throw new RejectedExecutionException();
        };
    var body = "[" + "1,".repeat(BodyChecks.ON_LOOP_BYTES_MAX) + "1]";
    var enforcing = new Validate(full).compile(ENFORCE, Sites.site(api, "add"));
    var exchange = json("/orders");
    enforcing.request(exchange);
    var problem = Sites.problem(enforcing.requestBody(exchange, bytes(body), true));
    assertThat(problem.status()).isEqualTo(503);
    assertThat(problem.code()).isEqualTo("validate-busy");
    assertThat(Sites.fields(problem)).containsExactly("Retry-After: 1");
    var reporting = new Validate(full).compile(REPORT, Sites.site(api, "add"));
    var reported = json("/orders");
    reporting.request(reported);
    assertThat(reporting.requestBody(reported, bytes(body), true)).isEqualTo(Verdict.CONTINUE);
    assertThat(reported.remark()).isEqualTo("request-unchecked");
  }

  @Test
  void unknownParametersMayBeIgnored() {
    var site = Sites.site(api, "list");
    var settings = new Validate.Settings(Mode.ENFORCE, Mode.OFF, Unknown.IGNORE, 1 << 20);
    var filter = new Validate().compile(settings, site);
    assertThat(filter.request(site.exchange("GET", "/orders?x=1"))).isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void offDoesNothing() {
    var settings = new Validate.Settings(Mode.OFF, Mode.OFF, Unknown.REFUSE, 1 << 20);
    var filter = new Validate().compile(settings, Sites.site(api, "add"));
    assertThat(filter.moments()).isEmpty();
    assertThat(filter.requestBodyNeed()).isEqualTo(BodyNeed.NONE);
  }

  @Test
  void bodiesAreBounded() {
    assertThat(new Validate().compile(ENFORCE, Sites.site(api, "add")).requestBodyNeed())
        .isEqualTo(new BodyNeed.Whole(1 << 20));
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> new Validate().compile(ENFORCE, FakeSite.anywhere()))
        .hasMessageContaining("an API without a document");
    assertThatThrownBy(() -> new Validate.Settings(Mode.OFF, Mode.OFF, Unknown.REFUSE, 0))
        .hasMessageContaining("validate.body-max");
  }
}
