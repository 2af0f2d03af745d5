package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HttpReply;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Providers differ, and browsers have several tabs.
class OidcProvidersTest {
  private static final String USERINFO =
      ",\"userinfo_endpoint\":\"" + FakeProvider.ISSUER + "/userinfo\"";

  private final FakeClock clock = new FakeClock();
  private final FakeProvider provider = new FakeProvider(clock);
  private final FakeSite site =
      Sites.site(Sites.snapshot(Sites.api(List.of(Sites.route("all", "/*"))), List.of(), List.of()))
          .calling(provider);
  private final Map<String, String> cookies = new LinkedHashMap<>();

  private Filter filter(String client) {
    return new Oidc(clock).compile(FakeProvider.settings(client, FakeProvider.COOKIE_SECRET), site);
  }

  private FakeExchange page(String target) {
    var exchange = site.exchange("GET", target).with("Accept", "text/html");
    var all = new StringBuilder("own=1");
    cookies.forEach((name, value) -> all.append("; ").append(name).append('=').append(value));
    return exchange.with("Cookie", all.toString());
  }

  private Message answered(Verdict verdict) {
    var message = ((Verdict.Answer) verdict).message();
    for (var field : message.fields()) {
      if (field.name().toString().equals("Set-Cookie")) {
        var pair = field.value().substring(0, field.value().indexOf(';')).split("=", 2);
        cookies.remove(pair[0]);
        if (!pair[1].isEmpty()) {
          cookies.put(pair[0], pair[1]);
        }
      }
    }
    return message;
  }

  private static String location(Message message) {
    return message.fields().stream()
        .filter(field -> field.name().toString().equals("Location"))
        .map(field -> field.value())
        .findFirst()
        .orElseThrow();
  }

  /// @return the query with which the browser is led to the provider
  private Map<String, String> led(Filter filter, String target) {
    var place = location(answered(Verdicts.request(filter, page(target))));
    assertThat(place).startsWith(FakeProvider.ISSUER + "/auth?");
    return FakeProvider.form(place.substring(place.indexOf('?') + 1));
  }

  private Verdict back(Filter filter, Map<String, String> asked, String more) {
    provider.asked = asked;
    var query = "code=the-code&state=" + asked.get("state") + more;
    return Verdicts.request(filter, page("/oidc/callback?" + query));
  }

  private void signedIn(Filter filter) {
    assertThat(answered(back(filter, led(filter, "/"), "")).status()).isEqualTo(302);
  }

  @Test
  void tabsThatAreLedAtOnceAllComeBack() {
    var filter = filter("ostiary");
    var first = led(filter, "/first");
    var second = led(filter, "/second");
    var third = led(filter, "/third");
    assertThat(location(answered(back(filter, second, "")))).isEqualTo("/second");
    assertThat(location(answered(back(filter, third, "")))).isEqualTo("/third");
    assertThat(location(answered(back(filter, first, "")))).isEqualTo("/first");
    assertThat(cookies).as("the session alone").hasSize(1);
  }

  @Test
  void theOldestOfManyTabsAreGivenUp() {
    var filter = filter("ostiary");
    var first = led(filter, "/first");
    Map<String, String> last = Map.of();
    for (int i = 0; i < 10; i++) {
      clock.pass(Duration.ofSeconds(1));
      last = led(filter, "/more");
    }
    assertThat(cookies).hasSize(4);
    assertThat(Sites.problem(back(filter, first, "")).status()).isEqualTo(401);
    assertThat(location(answered(back(filter, last, "")))).isEqualTo("/more");
  }

  @Test
  void aSessionOfOneClientIsNoneOfAnother() {
    var one = filter("ostiary");
    signedIn(one);
    var other = FakeProvider.cookies("other").session().name();
    var value = cookies.values().iterator().next();
    assertThat(one.request(page("/"))).isEqualTo(Verdict.CONTINUE);
    cookies.put(other, value);
    assertThat(Verdicts.request(filter("other"), page("/"))).isInstanceOf(Verdict.Answer.class);
  }

  @Test
  void twoClientsOnOneHostLeaveEachOtherAlone() {
    var one = filter("ostiary");
    var two = filter("other");
    signedIn(one);
    provider.audience = "other";
    signedIn(two);
    assertThat(one.request(page("/"))).isEqualTo(Verdict.CONTINUE);
    assertThat(two.request(page("/"))).isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void asksForClaimsThatTheTokenDoesNotBring() {
    provider.says = USERINFO;
    provider.change = claims -> claims.claim("email", null);
    provider.userinfo =
        new HttpReply(
            200, List.of(), "{\"sub\":\"user-7\",\"email\":\"ann@else\",\"groups\":\"forged\"}");
    var filter = filter("ostiary");
    signedIn(filter);
    assertThat(provider.userinfoAsks).hasSize(1);
    assertThat(provider.userinfoAsks.getFirst().fields().toString())
        .contains("Bearer an-access-token");
    var page = page("/");
    assertThat(filter.request(page)).isEqualTo(Verdict.CONTINUE);
    assertThat(page.requestHeaders().all("X-Email")).containsExactly("ann@else");
    assertThat(page.identity().groups()).as("the signed token's").containsExactly("staff");
  }

  @Test
  void doesNotAskForWhatTheTokenBrings() {
    provider.says = USERINFO;
    signedIn(filter("ostiary"));
    assertThat(provider.userinfoAsks).isEmpty();
  }

  @Test
  void whoIsSomebodyElseByTheProvidersWordsIsNotLetIn() {
    provider.says = USERINFO;
    provider.change = claims -> claims.claim("email", null);
    provider.userinfo = new HttpReply(200, List.of(), "{\"sub\":\"user-8\",\"email\":\"e@x\"}");
    var filter = filter("ostiary");
    var problem = Sites.problem(back(filter, led(filter, "/"), ""));
    assertThat(problem.detail()).contains("somebody else");
    provider.userinfo = new HttpReply(500, List.of(), "");
    assertThat(Sites.problem(back(filter, led(filter, "/"), "")).code())
        .isEqualTo("oidc-unavailable");
  }

  @Test
  void showsItsSecretInTheFormWhereTheProviderTakesItThereOnly() {
    provider.says = ",\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"]";
    signedIn(filter("ostiary"));
    var ask = provider.tokenAsks.getFirst();
    assertThat(FakeProvider.form(ask.body()))
        .containsEntry("client_id", "ostiary")
        .containsEntry("client_secret", "our secret");
    assertThat(ask.fields().toString()).doesNotContain("Authorization");
  }

  @Test
  void whatComesBackFromAnotherProviderIsNotBelieved() {
    var filter = filter("ostiary");
    var evil = back(filter, led(filter, "/"), "&iss=https://evil.example");
    assertThat(Sites.problem(evil).detail()).contains("another provider");
    var good = back(filter, led(filter, "/"), "&iss=" + FakeProvider.ISSUER);
    assertThat(answered(good).status()).isEqualTo(302);
  }

  @Test
  void aProviderThatSaysItsNameSaysItEachTime() {
    provider.says = ",\"authorization_response_iss_parameter_supported\":true";
    var filter = filter("ostiary");
    var problem = Sites.problem(back(filter, led(filter, "/"), ""));
    assertThat(problem.detail()).contains("does not say where it comes from");
  }

  @Test
  void aSecretThatTheProviderDoesNotTakeIsNoFaultOfWhoSignsIn() {
    var filter = filter("ostiary");
    var asked = led(filter, "/");
    provider.refused = new HttpReply(401, List.of(), "{\"error\":\"invalid_client\"}");
    assertThat(Sites.problem(back(filter, asked, "")).code()).isEqualTo("oidc-unavailable");
  }

  @Test
  void tellsWhyTheProviderLetsNobodyIn() {
    var filter = filter("ostiary");
    var asked = led(filter, "/");
    var query = "error=access_denied&state=" + asked.get("state");
    var problem = Sites.problem(Verdicts.request(filter, page("/oidc/callback?" + query)));
    assertThat(problem.detail()).isEqualTo("The provider did not let you in: access_denied.");
    var odd = page("/oidc/callback?error=%3Cb%3E&state=" + asked.get("state"));
    assertThat(Sites.problem(Verdicts.request(filter, odd)).detail())
        .isEqualTo("The provider did not let you in.");
  }

  @Test
  void aScriptThatFetchesAPageIsToldRatherThanLed() {
    var filter = filter("ostiary");
    var fetch = page("/").with("Sec-Fetch-Mode", "cors");
    assertThat(Sites.problem(filter.request(fetch)).status()).isEqualTo(401);
    var visit = page("/").with("Sec-Fetch-Mode", "navigate");
    assertThat(Verdicts.request(filter, visit)).isInstanceOf(Verdict.Answer.class);
  }
}
