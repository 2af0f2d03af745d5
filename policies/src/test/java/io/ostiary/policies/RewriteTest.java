package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Api;
import io.ostiary.model.Split;
import io.ostiary.policies.PathChange.Prefix;
import io.ostiary.policies.PathChange.Substitution;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RewriteTest {
  private static FakeSite site(String path) {
    return FakeSite.of(
        new Api(
            "shop",
            List.of(),
            "/shop",
            "shop",
            Split.NONE,
            true,
            null,
            List.of(Sites.route("one", path)),
            List.of()));
  }

  private static Rewrite.Settings settings(
      @Nullable String path, @Nullable Prefix prefix, @Nullable Substitution regex) {
    return new Rewrite.Settings(
        null, false, path, prefix, regex, QueryChanges.NONE, false, false, When.ALWAYS);
  }

  private static Rewrite.Settings query(QueryChanges changes) {
    return new Rewrite.Settings(null, false, null, null, null, changes, false, false, When.ALWAYS);
  }

  private static FakeExchange run(Rewrite.Settings settings, FakeSite site, FakeExchange call) {
    assertThat(new Rewrite().compile(settings, site).request(call)).isEqualTo(Verdict.CONTINUE);
    return call;
  }

  @Test
  void fillsATemplateFromPathFieldsQueryAndCookies() {
    var site = site("/orders/{id}/files/*");
    var template = "/v2/{id}/{header:X-Tenant}/{query:v}/{cookie:c}/{method}/{*}";
    var call =
        site.exchange("GET", "/shop/orders/a%2Cb/files/x/y?v=1%2F2")
            .with("X-Tenant", "a/b c")
            .with("Cookie", "d=1; c=z");
    run(settings(template, null, null), site, call);
    assertThat(call.upstreamPath()).isEqualTo("/v2/a%2Cb/a%2Fb%20c/1%2F2/z/GET/x/y");
    assertThat(call.path()).isEqualTo("/shop/orders/a%2Cb/files/x/y");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "..", ".", "..;x", "%2e."})
  void refusesAValueThatIsMissingOrLeadsElsewhere(String value) {
    var site = site("/*");
    var call = site.exchange("GET", "/shop/a");
    if (!value.isEmpty()) {
      call.with("X-Dir", value);
    }
    var filter = new Rewrite().compile(settings("/files/{header:X-Dir}/a", null, null), site);
    var verdict = filter.request(call);
    // An escape in a value is a value, not a dot.
    if (value.equals("%2e.") || value.equals("..;x")) {
      assertThat(verdict).isEqualTo(Verdict.CONTINUE);
      assertThat(call.upstreamPath()).isIn("/files/%252e./a", "/files/..%3Bx/a");
      return;
    }
    assertThat(Sites.problem(verdict).status()).isEqualTo(400);
    assertThat(Sites.problem(verdict).code()).isEqualTo("rewrite");
    assertThat(call.upstreamPath()).isEqualTo("/a");
  }

  @ParameterizedTest
  @CsvSource({
    "/v1, /v2, /shop/v1, /v2",
    "/v1, /v2, /shop/v1/a, /v2/a",
    "/v1, /v2, /shop/v1/, /v2/",
    "/v1, /v2, /shop/v10, /v10",
    "/v1, /, /shop/v1, /",
    "/v1, /, /shop/v1/a, /a",
    "/, /v2, /shop, /v2",
    "/, /v2, /shop/a, /v2/a",
    "/, /, /shop/a, /a"
  })
  void replacesWholeSegmentsOfAPrefix(String from, String to, String target, String expected) {
    var site = site("/*");
    var call = run(settings(null, new Prefix(from, to), null), site, site.exchange("GET", target));
    assertThat(call.upstreamPath()).isEqualTo(expected);
  }

  @Test
  void replacesWhatAnExpressionFinds() {
    var site = site("/*");
    var regex = new Substitution("^/users/([^/]+)/(?P<what>[a-z]+)$", "/${what}/of/$1");
    var call =
        run(settings(null, null, regex), site, site.exchange("GET", "/shop/users/17/orders"));
    assertThat(call.upstreamPath()).isEqualTo("/orders/of/17");
    var other = run(settings(null, null, regex), site, site.exchange("GET", "/shop/users/17"));
    assertThat(other.upstreamPath()).isEqualTo("/users/17");
    var dots = new Substitution("x", ".");
    var filter = new Rewrite().compile(settings(null, null, dots), site);
    assertThat(filter.request(site.exchange("GET", "/shop/xx/etc")))
        .isInstanceOf(Verdict.Reply.class);
  }

  @Test
  void changesTheQueryAndLeavesTheRestByteForByte() {
    var changes =
        new QueryChanges(
            Map.of("v", "2 &3"),
            Map.of("who", "{client}"),
            List.of("debug"),
            Map.of("q", "search text"));
    var site = site("/*");
    var call =
        run(
            query(changes),
            site,
            site.exchange("GET", "/shop/a?q=%7ex&debug=1&v=1&o=A%2fb&de%62ug&v=0&who=me"));
    assertThat(call.upstreamQuery())
        .isEqualTo("search%20text=%7ex&o=A%2fb&who=me&v=2%20%263&who=198.18.0.1");
    assertThat(call.query()).isEqualTo("q=%7ex&debug=1&v=1&o=A%2fb&de%62ug&v=0&who=me");
    var none = new QueryChanges(Map.of(), Map.of(), List.of("a"), Map.of());
    assertThat(run(query(none), site, site.exchange("GET", "/shop/a?a=1")).upstreamQuery())
        .isNull();
  }

  @Test
  void tellsAnotherHost() {
    var site = site("/*");
    var fixed =
        new Rewrite.Settings(
            "orders.internal:81",
            false,
            null,
            null,
            null,
            QueryChanges.NONE,
            false,
            false,
            When.ALWAYS);
    assertThat(run(fixed, site, site.exchange("GET", "/shop")).upstreamHost())
        .isEqualTo("orders.internal:81");
    var own =
        new Rewrite.Settings(
            null, true, null, null, null, QueryChanges.NONE, false, false, When.ALWAYS);
    assertThat(run(own, site, site.exchange("GET", "/shop")).upstreamHost()).isNull();
  }

  @Test
  void leavesCallsAloneThatAreNotMeant() {
    var when =
        new When(
            java.util.Set.of("POST"),
            Map.of("X-Beta", new When.Expected(null, "y.*", false)),
            Map.of(),
            Map.of(),
            List.of(),
            java.util.Set.of(),
            null);
    var settings =
        new Rewrite.Settings(
            null, false, "/beta", null, null, QueryChanges.NONE, false, false, when);
    var site = site("/*");
    var post = site.exchange("POST", "/shop/a").with("X-Beta", "yes");
    assertThat(run(settings, site, post).upstreamPath()).isEqualTo("/beta");
    var get = site.exchange("GET", "/shop/a").with("X-Beta", "yes");
    assertThat(run(settings, site, get).upstreamPath()).isEqualTo("/a");
    var other = site.exchange("POST", "/shop/a").with("X-Beta", "no");
    assertThat(run(settings, site, other).upstreamPath()).isEqualTo("/a");
  }

  @Test
  void refusesSettingsThatCannotWork() {
    var site = site("/orders/{id}");
    assertThatThrownBy(() -> settings(null, null, null)).hasMessageContaining("rewrite: nothing");
    assertThatThrownBy(() -> new Rewrite().compile(settings("/v2/{nr}", null, null), site))
        .hasMessageStartingWith("rewrite.path: {nr} (expected: {NAME} of the route's path");
    assertThatThrownBy(() -> new Rewrite().compile(settings("/v2/{*}", null, null), site))
        .hasMessageStartingWith("rewrite.path: {*} (expected: a route whose path ends in '/*'");
    for (var path : List.of("v2", "/a//b", "/a/../b", "/a?b", "/a b", "/%2e%2e/x")) {
      assertThatThrownBy(() -> new Rewrite().compile(settings(path, null, null), site))
          .as(path)
          .hasMessageStartingWith("rewrite.path: '" + path + "'");
    }
    assertThatThrownBy(() -> new Prefix("/a/", "/b")).hasMessageStartingWith("prefix.from: '/a/'");
    assertThatThrownBy(() -> new Substitution("(", ""))
        .hasMessageStartingWith("regex.match: '(' (expected: a regular expression (RE2)");
    assertThatThrownBy(() -> new Substitution("(a)", "$2")).hasMessageContaining("regex.replace");
    assertThatThrownBy(() -> new Substitution("(a)", "${b}")).hasMessageContaining("regex.replace");
    var two = settings("/a", new Prefix("/a", "/b"), null);
    assertThatThrownBy(() -> new Rewrite().compile(two, site))
        .hasMessageStartingWith("rewrite: 2 of path, prefix and regex");
    assertThatThrownBy(() ->
            new Rewrite.Settings(
                "a/b", false, null, null, null, QueryChanges.NONE, false, false, When.ALWAYS))
        .hasMessageStartingWith("rewrite.host: 'a/b'");
  }
}
