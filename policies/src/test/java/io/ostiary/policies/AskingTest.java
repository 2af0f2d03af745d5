package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.util.JSONObjectUtils;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HttpAsk;
import io.ostiary.gateway.spi.HttpCallException;
import io.ostiary.gateway.spi.HttpReply;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Consumer;
import io.ostiary.model.Credential;
import io.ostiary.model.Ending;
import io.ostiary.model.setting.Secret;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/// The policies that ask, or tell, a service of their own: what they send, and what they make of
/// its answer and its silence.
class AskingTest {
  private static final URI URL = URI.create("https://service.example.com/x");

  private final FakeClock clock = new FakeClock();
  private final List<HttpAsk> asks = new java.util.concurrent.CopyOnWriteArrayList<>();
  private Function<HttpAsk, CompletionStage<HttpReply>> service = ask -> reply(200, "{}");
  private final FakeSite site = site();

  private FakeSite site() {
    var acme =
        new Consumer(
            "c-1",
            "acme",
            Set.of(),
            Set.of(),
            List.of(new Credential(Credential.Kind.SUBJECT, "https://id user-7", "")));
    return Sites.site(
            Sites.snapshot(Sites.api(List.of(Sites.route("all", "/*"))), List.of(acme), List.of()))
        .calling(ask -> {
          asks.add(ask);
          return service.apply(ask);
        });
  }

  private static CompletionStage<HttpReply> reply(int status, String body, Field... fields) {
    return CompletableFuture.completedFuture(new HttpReply(status, List.of(fields), body));
  }

  private static CompletionStage<HttpReply> down() {
    return CompletableFuture.failedFuture(new HttpCallException("no answer in time"));
  }

  private Filter introspection(Duration remember, String... scopes) {
    return new Oauth2Introspection(clock)
        .compile(
            new Oauth2Introspection.Settings(
                URL,
                "us & them",
                new Secret("s:cret"),
                Set.of(scopes),
                List.of("orders"),
                null,
                false,
                "groups",
                Map.of("X-User", "username"),
                true,
                Duration.ofSeconds(3),
                remember,
                1000),
            site);
  }

  private FakeExchange bearing(String token) {
    return site.exchange("GET", "/x").with("Authorization", "Bearer " + token);
  }

  private static final String ACTIVE =
      "{\"active\":true,\"iss\":\"https://id\",\"sub\":\"user-7\",\"aud\":\"orders\","
          + "\"scope\":\"read write\",\"username\":\"ann\"}";

  @Test
  void asksTheIssuerOnceAndTellsTheUpstream() {
    service = _ -> reply(200, ACTIVE);
    var filter = introspection(Duration.ofSeconds(30), "read");
    var exchange = bearing("t+1").with("x_user", "forged");
    assertThat(Verdicts.request(filter, exchange)).isEqualTo(Verdict.CONTINUE);
    assertThat(exchange.consumer().name()).isEqualTo("acme");
    assertThat(exchange.requestHeaders().all("X-User")).containsExactly("ann");
    assertThat(exchange.requestHeaders().toString()).doesNotContain("forged");
    var ask = asks.getFirst();
    assertThat(ask.method()).isEqualTo("POST");
    assertThat(ask.body()).isEqualTo("token=t%2B1&token_type_hint=access_token");
    // RFC 6749 section 2.3.1: encoded as a form before they become user and password.
    var basic = "Basic " + Base64.getEncoder().encodeToString("us+%26+them:s%3Acret".getBytes());
    assertThat(ask.fields()).contains(Field.of("Authorization", basic));
    assertThat(filter.request(bearing("t+1"))).isEqualTo(Verdict.CONTINUE);
    assertThat(asks).hasSize(1);
    clock.pass(Duration.ofSeconds(31));
    assertThat(Verdicts.request(filter, bearing("t+1"))).isEqualTo(Verdict.CONTINUE);
    assertThat(asks).hasSize(2);
  }

  @Test
  void manyCallsWithOneTokenAskOnce() {
    var answer = new CompletableFuture<HttpReply>();
    service = _ -> answer;
    var filter = introspection(Duration.ofSeconds(30));
    var verdicts = new ArrayList<Verdict>();
    for (int i = 0; i < 10; i++) {
      verdicts.add(filter.request(bearing("t")));
    }
    assertThat(asks).hasSize(1);
    answer.complete(new HttpReply(200, List.of(), ACTIVE));
    assertThat(verdicts).allMatch(one -> Verdicts.settled(one).equals(Verdict.CONTINUE));
  }

  @Test
  void refusesWhatTheIssuerDoesNotCallGood() {
    for (var answer :
        List.of(
            "{\"active\":false}",
            "{}",
            "{\"active\":\"true\"}",
            ACTIVE.replace("orders", "billing"),
            ACTIVE.replace("{", "{\"exp\":1,"),
            ACTIVE.replace("{", "{\"nbf\":99999999999,"))) {
      service = _ -> reply(200, answer);
      var filter = introspection(Duration.ZERO);
      var problem = Sites.problem(Verdicts.request(filter, bearing("t" + answer.hashCode())));
      assertThat(problem.status()).as(answer).isEqualTo(401);
    }
    service = _ -> reply(200, ACTIVE);
    var problem =
        Sites.problem(Verdicts.request(introspection(Duration.ZERO, "admin"), bearing("s")));
    assertThat(problem.code()).isEqualTo("insufficient-scope");
    assertThat(Sites.fields(problem).toString()).contains("insufficient_scope");
  }

  @Test
  void withoutAnAnswerNobodyIsLetIn() {
    for (var answer : List.of(down(), reply(401, ""), reply(200, "<html>"), reply(302, ACTIVE))) {
      service = _ -> answer;
      var filter = introspection(Duration.ofSeconds(30));
      assertThat(Sites.problem(Verdicts.request(filter, bearing("t"))).status()).isEqualTo(503);
    }
  }

  private Filter forward(ForwardAuth.OnFailure onFailure, Duration remember) {
    return new ForwardAuth(clock)
        .compile(
            new ForwardAuth.Settings(
                URL,
                List.of("Cookie"),
                List.of("X-User"),
                List.of("Location"),
                List.of("Set-Cookie", "X-Told"),
                Duration.ofSeconds(2),
                onFailure,
                remember,
                100),
            site);
  }

  private FakeExchange call(String target) {
    return site.exchange("PUT", target)
        .with("Host", "a.example")
        .with("Cookie", "s=1")
        .with("X-Other", "not told")
        .with("X.User", "forged");
  }

  @Test
  void tellsTheServiceOfTheCallAndTheUpstreamOfItsAnswer() {
    service = _ -> reply(204, "", Field.of("X-User", "ann"), Field.of("X-More", "no"));
    var exchange = call("/x?a=1");
    var filter = forward(ForwardAuth.OnFailure.REFUSE, Duration.ZERO);
    assertThat(Verdicts.request(filter, exchange)).isEqualTo(Verdict.CONTINUE);
    assertThat(asks.getFirst().fields())
        .contains(
            Field.of("X-Forwarded-Method", "PUT"),
            Field.of("X-Forwarded-Host", "a.example"),
            Field.of("X-Forwarded-Uri", "/x?a=1"),
            Field.of("X-Forwarded-For", "198.18.0.1"),
            Field.of("Cookie", "s=1"))
        .doesNotContain(Field.of("X-Other", "not told"));
    assertThat(exchange.requestHeaders().all("X-User")).containsExactly("ann");
    assertThat(exchange.requestHeaders().toString()).doesNotContain("forged", "X-More");
  }

  /// As an authentication service does that renews its session on the way.
  @Test
  void tellsTheClientWhatAYesBringsForIt() {
    service =
        _ ->
            reply(
                202,
                "",
                Field.of("Set-Cookie", "s=2"),
                Field.of("Set-Cookie", "t=3"),
                Field.of("X-Told", "a"),
                Field.of("X-More", "no"));
    var filter = forward(ForwardAuth.OnFailure.REFUSE, Duration.ofSeconds(10));
    var exchange = call("/x").byHttps();
    assertThat(Verdicts.request(filter, exchange)).isEqualTo(Verdict.CONTINUE);
    filter.response(exchange);
    assertThat(asks.getFirst().fields()).contains(Field.of("X-Forwarded-Proto", "https"));
    assertThat(exchange.responseHeaders().all("Set-Cookie")).containsExactly("s=2", "t=3");
    assertThat(exchange.responseHeaders().all("X-Told")).containsExactly("a");
    assertThat(exchange.responseHeaders().all("Cache-Control")).containsExactly("no-store");
    assertThat(exchange.responseHeaders().toString()).doesNotContain("X-More");
    var remembered = call("/x").byHttps();
    assertThat(filter.request(remembered)).isEqualTo(Verdict.CONTINUE);
    filter.response(remembered);
    assertThat(remembered.responseHeaders().toString()).doesNotContain("s=2");
    assertThat(asks).hasSize(1);
  }

  @Test
  void passesARefusalOn() {
    service =
        _ -> reply(302, "go", Field.of("Location", "https://sign.in/"), Field.of("X-In", "no"));
    var verdict =
        Verdicts.request(forward(ForwardAuth.OnFailure.REFUSE, Duration.ZERO), call("/x"));
    var message = ((Verdict.Answer) verdict).message();
    assertThat(message.status()).isEqualTo(302);
    assertThat(message.fields()).containsExactly(Field.of("Location", "https://sign.in/"));
    assertThat(message.body()).isEqualTo("go");
  }

  @Test
  void failsClosedUnlessToldOtherwise() {
    for (var answer : List.of(down(), reply(500, ""))) {
      service = _ -> answer;
      var closed = forward(ForwardAuth.OnFailure.REFUSE, Duration.ZERO);
      assertThat(Sites.problem(Verdicts.request(closed, call("/x"))).status()).isEqualTo(503);
      var open = forward(ForwardAuth.OnFailure.PASS, Duration.ZERO);
      var exchange = call("/x");
      assertThat(Verdicts.request(open, exchange)).isEqualTo(Verdict.CONTINUE);
      assertThat(exchange.requestHeaders().toString()).doesNotContain("forged");
    }
  }

  @Test
  void remembersAYesForEqualQuestionsOnly() {
    service = _ -> reply(200, "", Field.of("X-User", "ann"));
    var filter = forward(ForwardAuth.OnFailure.REFUSE, Duration.ofSeconds(10));
    Verdicts.request(filter, call("/x"));
    var again = call("/x");
    assertThat(filter.request(again)).isEqualTo(Verdict.CONTINUE);
    assertThat(again.requestHeaders().all("X-User")).containsExactly("ann");
    Verdicts.request(filter, call("/y"));
    assertThat(asks).hasSize(2);
    clock.pass(Duration.ofSeconds(11));
    service = _ -> reply(403, "");
    assertThat(Verdicts.request(filter, call("/x"))).isInstanceOf(Verdict.Answer.class);
    assertThat(Verdicts.request(filter, call("/x"))).isInstanceOf(Verdict.Answer.class);
    assertThat(asks).hasSize(4);
  }

  private static void end(Filter filter, Exchange exchange, Ending ending) {
    filter.request(exchange);
    filter.end(exchange, ending);
  }

  private Filter webhook(Webhook.On on) {
    return new Webhook()
        .compile(
            new Webhook.Settings(
                URL, on, new Secret("hook"), List.of("X-Other"), Duration.ofSeconds(2), 2),
            site);
  }

  @Test
  void tellsOfACallWhenItHasEnded() throws Exception {
    service = _ -> reply(200, "");
    var exchange = call("/x?secret=1").named(77).answered(403);
    end(webhook(Webhook.On.REFUSED), exchange, new Ending.Refused("acl"));
    var ask = asks.getFirst();
    var told = JSONObjectUtils.parse(ask.body());
    assertThat(told)
        .containsEntry("path", "/x")
        .containsEntry("reason", "acl")
        .containsEntry("blame", "policy")
        .containsEntry("client", "198.18.0.1");
    assertThat(ask.body()).doesNotContain("secret=1").contains("not told");
    var mac = javax.crypto.Mac.getInstance("HmacSHA256");
    mac.init(new javax.crypto.spec.SecretKeySpec("hook".getBytes(), "HmacSHA256"));
    var signed = mac.doFinal(ask.body().getBytes(StandardCharsets.UTF_8));
    assertThat(ask.fields())
        .contains(
            Field.of("Ostiary-Signature", "sha256=" + java.util.HexFormat.of().formatHex(signed)));
  }

  @Test
  void tellsOnlyOfTheCallsThatAreAskedFor() {
    service = _ -> reply(200, "");
    end(webhook(Webhook.On.REFUSED), call("/x"), new Ending.Answered(200));
    end(webhook(Webhook.On.FAILED), call("/x").answered(404), new Ending.Answered(404));
    assertThat(asks).isEmpty();
    end(webhook(Webhook.On.FAILED), call("/x").answered(502), new Ending.UpstreamFailed("x"));
    end(webhook(Webhook.On.ALL), call("/x"), new Ending.Answered(200));
    assertThat(asks).hasSize(2);
  }

  @Test
  void triesAgainAndNeverHoldsACallUp() throws Exception {
    service = ask -> asks.size() < 2 ? down() : reply(200, "");
    end(webhook(Webhook.On.ALL), call("/x"), new Ending.Answered(200));
    for (int i = 0; i < 300 && asks.size() < 2; i++) {
      Thread.sleep(20);
    }
    assertThat(asks).hasSize(2);
  }
}
