package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Api;
import io.ostiary.model.Balance;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.Listener;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Split;
import io.ostiary.model.Target;
import io.ostiary.model.Upstream;
import io.ostiary.model.UpstreamLink;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What an upstream says of where it stands, under an API's path that is cut off and a prefix that
/// is replaced. The client asks `api.example`.
class WayBackTest {
  private static final FakeSite SITE = site();

  private static FakeSite site() {
    var api =
        new Api(
            "shop",
            List.of(),
            "/shop",
            "shop",
            Split.NONE,
            true,
            null,
            List.of(Sites.route("one", "/*")),
            List.of());
    var second = Duration.ofSeconds(1);
    var upstream =
        new Upstream(
            "shop",
            List.of(new Target("10.0.0.5", 80, 1), new Target("Shop.internal", 8443, 1)),
            Balance.ROUND_ROBIN,
            null,
            second,
            second,
            second,
            10,
            UpstreamLink.PLAIN);
    var snapshot =
        new Snapshot(
            1,
            Instant.EPOCH,
            GatewaySettings.DEFAULT,
            List.of(new Listener("127.0.0.1", 8080)),
            List.of(api),
            List.of(upstream),
            List.of(),
            List.of(),
            KernelSettings.OFF,
            List.of());
    return new FakeSite(snapshot, api, api.routes().getFirst(), new HashMap<>());
  }

  private static Filter filter(boolean redirects, boolean cookies, When when) {
    return new Rewrite()
        .compile(
            new Rewrite.Settings(
                "orders.internal:81",
                false,
                null,
                new PathChange.Prefix("/v1", "/internal"),
                null,
                QueryChanges.NONE,
                redirects,
                cookies,
                when),
            SITE);
  }

  private static FakeExchange answered(Filter filter, String name, String... values) {
    var call = SITE.exchange("GET", "/shop/v1/a").answered(302);
    filter.request(call);
    for (var value : values) {
      call.responseHeaders().sent(name, value);
    }
    filter.response(call);
    return call;
  }

  @ParameterizedTest
  @CsvSource({
    "/internal/a?b=/internal#c, /shop/v1/a?b=/internal#c",
    "/internal, /shop/v1",
    "/internals, /shop/internals",
    "/other, /shop/other",
    "/, /shop/",
    "/?a, /shop/?a",
    "http://orders.internal:81/internal, /shop/v1",
    "HTTP://10.0.0.5/x, /shop/x",
    "http://10.0.0.5:80, /shop/",
    "http://10.0.0.5?a, /shop/?a",
    "https://shop.INTERNAL:8443/x, /shop/x",
    "https://api.example/internal/x, https://api.example/shop/v1/x",
    "https://api.example, https://api.example/shop/",
    "//api.example/x, //api.example/shop/x",
    "https://elsewhere.example/internal, https://elsewhere.example/internal",
    "https://10.0.0.5.example/x, https://10.0.0.5.example/x",
    "https://10.0.0.5@elsewhere.example/x, https://10.0.0.5@elsewhere.example/x",
    "edit?x=/y, edit?x=/y",
    "?page=2, ?page=2",
    "urn:isbn:0, urn:isbn:0"
  })
  void redirectsLeadBack(String told, String seen) {
    for (var name : List.of("Location", "Content-Location")) {
      var call = answered(filter(true, false, When.ALWAYS), name, told);
      assertThat(call.responseHeaders().all(name)).containsExactly(seen);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "a=1; Path=/internal; Secure, a=1; Path=/shop/v1; Secure",
    "a=1;path=/, a=1; Path=/shop",
    "a=Path=/x; Domain=orders.internal; HttpOnly, a=Path=/x; HttpOnly",
    "a=1; Domain=.shop.internal, a=1",
    "a=1; Domain=internal, a=1; Domain=internal",
    "a=1; Domain=example; Path=x, a=1; Domain=example; Path=x",
    "__Host-a=1; Path=/; Secure, __Host-a=1; Path=/; Secure",
    "path=/; Max-Age=1, path=/; Max-Age=1"
  })
  void cookiesComeBack(String told, String seen) {
    var call = answered(filter(false, true, When.ALWAYS), "Set-Cookie", told, "b=2; Path=/c");
    assertThat(call.responseHeaders().all("Set-Cookie")).containsExactly(seen, "b=2; Path=/shop/c");
  }

  @Test
  void changesOnlyWhatItIsMeantFor() {
    var posts = new When(Set.of("POST"), Map.of(), Map.of(), Map.of(), List.of(), Set.of(), null);
    assertThat(
            answered(filter(true, true, posts), "Location", "/x").responseHeaders().all("Location"))
        .containsExactly("/x");
    assertThat(
            answered(filter(false, true, When.ALWAYS), "Location", "/x")
                .responseHeaders()
                .all("Location"))
        .containsExactly("/x");
    assertThat(
            answered(filter(true, false, When.ALWAYS), "Set-Cookie", "a=1; Path=/")
                .responseHeaders()
                .all("Set-Cookie"))
        .containsExactly("a=1; Path=/");

    // What a policy answers knows where clients are.
    var filter = filter(true, true, When.ALWAYS);
    var call = SITE.exchange("GET", "/shop/v1/a").replied(302);
    filter.request(call);
    call.responseHeaders().sent("Location", "/x");
    filter.response(call);
    assertThat(call.responseHeaders().all("Location")).containsExactly("/x");
  }
}
