package io.ostiary.contract.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Api;
import io.ostiary.model.PolicyUse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A file that is read again after each change means what the same text means to who has never seen
/// it, and what is wrong with it is said in the same words at the same places.
class ReadAgainTest {
  private static final String[] EDITS = {
    "\n",
    "# a comment\n",
    " ",
    "x",
    "1",
    "- ",
    "\"",
    "]",
    "{",
    ": ",
    ",",
    "\n  - ",
    "---\n",
    "\n      - { path: /more, methods: GET }\n",
    "\n      - { path: /r1, methods: PUT, upstream: nobody }\n",
    "\n  - { name: new, path: /new, upstream: u }\n",
    "\n  - { name: a1, path: /again, upstream: u }\n",
    "\n  - { name: other, path: /a2, upstream: u, routes: [ { path: /r0, methods: GET } ] }\n",
    "\u00e9",
    "\t",
    "&a ",
    "|",
    "\n  - { name: pets, path: /pets, upstream: u, openapi: petstore.yaml }\n",
    "\n  - { name: none, path: /none, upstream: u, openapi: absent.yaml }\n"
  };

  @TempDir Path dir;
  private Path file;
  private ConfigSource source;

  @BeforeEach
  void source() {
    file = dir.resolve("ostiary.yaml");
    source = new ConfigSource(file);
  }

  @Test
  void keepsTheApisThatDidNotChange() throws IOException {
    var before = apis(read(text("/last")));
    var after = apis(read(text("/last").replace("path: /a3", "path: /third")));

    assertThat(after).hasSameSizeAs(before);
    assertThat(after.get(3).path()).isEqualTo("/third");
    for (int i : new int[] {0, 1, 2, 4}) {
      assertThat(after.get(i)).isSameAs(before.get(i));
    }
  }

  /// A rehearsal: another version each time, and the same meaning.
  @Test
  void aTurnChangesTheTextAndNothingElse() throws IOException {
    var before = apis(read(text("/last")));
    long number = source.number();
    for (int i = 0; i < 4; i++) {
      source.turn();
      assertThat(source.number()).isGreaterThan(number);
      number = source.number();
      assertThat(apis(ConfigReader.read(source, Policies.ALL, new FakeDocuments())))
          .isEqualTo(before);
    }
    assertThat(Files.readString(file)).isEqualTo(text("/last"));
  }

  @Test
  void readsThePageOfAnApiThatDidNotChangeAnew() throws IOException {
    var page = Files.writeString(dir.resolve("gone.html"), "<p>gone</p>");
    var paged =
        text("/last").replace("path: /a3\n", "path: /a3\n    errors: [ file: gone.html ]\n");
    var before = apis(read(paged)).get(3);
    Files.writeString(page, "<p>moved</p>");
    var after = apis(read(paged)).get(3);

    assertThat(before.errors().getFirst().text().fill(_ -> "")).isEqualTo("<p>gone</p>");
    assertThat(after.errors().getFirst().text().fill(_ -> "")).isEqualTo("<p>moved</p>");
  }

  @Test
  void keepsThoseBelowAChangeAndKnowsWhereTheyStand() throws IOException {
    var before = apis(read(text("/last")));
    var longer = text("/last").replace("apis:\n", "apis:\n\n  # two more lines\n");
    var after = configuration(read(longer));
    var fresh = configuration(ConfigReader.read(file, Policies.ALL, new FakeDocuments()));

    assertThat(after.apis().get(4)).isSameAs(before.get(4));
    var use = after.apis().get(4).policies().getFirst();
    var other = fresh.apis().get(4).policies().getFirst();
    assertThat(after.fault(use, "m")).isEqualTo(fresh.fault(other, "m"));
    assertThat(after.fault(use, "m").render()).contains("key-auth");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void keepsTheRoutesThatDidNotChange(boolean flow) throws IOException {
    var text = oneApi(flow);
    var before = configuration(read(text));
    var second = "/second" + (flow ? "," : "") + "\n        methods: GET";
    var after = configuration(read(text.replace("/r2", second)));
    var fresh = configuration(ConfigReader.read(file, Policies.ALL, new FakeDocuments()));

    var routes = after.apis().getFirst().routes();
    assertThat(after.apis()).isEqualTo(fresh.apis());
    assertThat(routes.get(2).path().text()).isEqualTo("/second");
    for (int i : new int[] {0, 1, 3, 4}) {
      assertThat(routes.get(i)).isSameAs(before.apis().getFirst().routes().get(i));
    }
    samePlaces(after, fresh);
  }

  @Test
  void findsWhatIsWrongWithARouteThatDidNotChange() throws IOException {
    read(oneApi(true));
    var faults = ((ConfigRead.Refused) read(oneApi(true).replace("name: u", "name: v"))).faults();
    var fresh = ConfigReader.read(file, Policies.ALL, new FakeDocuments());

    assertThat(faults).isEqualTo(((ConfigRead.Refused) fresh).faults()).isNotEmpty();
  }

  private static String oneApi(boolean flow) {
    var text = new StringBuilder("listeners: [ \"127.0.0.1:8080\" ]\napis:\n");
    text.append(flow ? "  - { name: a, path: /a, upstream: u, routes: [\n" : "  - name: a\n");
    text.append(flow ? "" : "    path: /a\n    upstream: u\n    routes:\n");
    for (int i = 0; i < 5; i++) {
      text.append(flow ? "      { " : "      - ").append("path: /r").append(i);
      text.append(flow ? ", " : "\n        ").append("policies: [ key-auth: {} ]");
      text.append(flow ? " },\n" : "\n");
    }
    text.append(flow ? "      ] }\n" : "");
    return text.append("upstreams:\n  - name: u\n    targets: \"127.0.0.1:1\"\n").toString();
  }

  @Test
  void readsAllOfThemAgainUnderOtherPolicies() throws IOException {
    var before = apis(read(text("/last")));
    var more = new HashMap<>(Policies.ALL);
    more.put("another", Policies.KeyAuth.class);
    var after = apis(ConfigReader.read(source, more, new FakeDocuments()));

    assertThat(after).isEqualTo(before);
    assertThat(after.getFirst()).isNotSameAs(before.getFirst());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void saysWhatOneWhoHasNeverSeenItSays(long seed) throws IOException {
    var random = new Random(seed);
    var good = seed % 2 == 0 ? text("/last") : inFlow(text("/last"));
    var now = good;
    int understood = 0;
    int kept = 0;
    List<Api> before = List.of();
    for (int i = 0; i < 300; i++) {
      now = random.nextInt(3) == 0 ? good : edited(now, random);
      var again = read(now);
      if (same(again, ConfigReader.read(file, Policies.ALL, new FakeDocuments()))) {
        understood++;
        kept += keptOne(before, apis(again)) ? 1 : 0;
        before = apis(again);
        good = random.nextInt(3) == 0 ? now : good;
      }
    }

    assertThat(understood).isGreaterThan(50);
    assertThat(kept).isGreaterThan(30);
  }

  /// Whether it is understood.
  private static boolean same(ConfigRead again, ConfigRead fresh) {
    switch (fresh) {
      case ConfigRead.Refused(var faults) -> {
        assertThat(again).isInstanceOf(ConfigRead.Refused.class);
        assertThat(((ConfigRead.Refused) again).faults()).isEqualTo(faults);
        return false;
      }
      case ConfigRead.Understood(var other, var warnings) -> {
        var one = configuration(again);
        assertThat(((ConfigRead.Understood) again).warnings()).isEqualTo(warnings);
        assertThat(one.apis()).isEqualTo(other.apis());
        assertThat(one.listeners()).isEqualTo(other.listeners());
        assertThat(one.upstreams()).isEqualTo(other.upstreams());
        samePlaces(one, other);
        return true;
      }
    }
  }

  private static void samePlaces(Configuration one, Configuration other) {
    for (int i = 0; i < one.apis().size(); i++) {
      var uses = uses(one.apis().get(i));
      var others = uses(other.apis().get(i));
      for (int n = 0; n < uses.size(); n++) {
        assertThat(one.fault(uses.get(n), "m")).isEqualTo(other.fault(others.get(n), "m"));
      }
    }
  }

  private static List<PolicyUse> uses(Api api) {
    var uses = new ArrayList<>(api.policies());
    api.routes().forEach(route -> uses.addAll(route.policies()));
    return uses;
  }

  private static boolean keptOne(List<Api> before, List<Api> after) {
    return after.stream().anyMatch(api -> before.stream().anyMatch(other -> other == api));
  }

  private ConfigRead read(String text) throws IOException {
    Files.writeString(file, text);
    return ConfigReader.read(source, Policies.ALL, new FakeDocuments());
  }

  private static Configuration configuration(ConfigRead read) {
    assertThat(read).isInstanceOf(ConfigRead.Understood.class);
    return ((ConfigRead.Understood) read).configuration();
  }

  private static List<Api> apis(ConfigRead read) {
    return configuration(read).apis();
  }

  /// With a piece put in, taken out, or said twice.
  private static String edited(String text, Random random) {
    int at = random.nextInt(text.length());
    if (random.nextBoolean()) {
      at = text.indexOf('\n', at) < 0 ? at : text.indexOf('\n', at);
    }
    int to = Math.min(text.length(), at + random.nextInt(1, 60));
    var piece =
        switch (random.nextInt(4)) {
          case 0 -> "";
          case 1 -> text.substring(at, to) + text.substring(at, to);
          default -> EDITS[random.nextInt(EDITS.length)] + text.substring(at, to);
        };
    return text.substring(0, at) + piece + text.substring(to);
  }

  /// With the routes of two APIs in brackets.
  private static String inFlow(String text) {
    var flow =
        "    routes: [ { path: /r0, methods: GET }, { path: /r5,\n"
            + "      policies: [ key-auth: {} ] }, { path: /r6 } ]\n";
    return text.replaceFirst("(?s)    routes:\n.*?(?=  - name: a1)", flow)
        .replaceFirst("(?s)    routes:\n(?!.*    routes:\n).*?(?=upstreams:)", flow);
  }

  private static String text(String last) {
    var text = new StringBuilder("listeners: [ \"127.0.0.1:8080\" ]\napis:\n");
    for (int i = 0; i < 5; i++) {
      text.append("  - name: a%d\n    path: /a%d\n    upstream: u\n".formatted(i, i));
      text.append("    policies:\n      - key-auth: {}\n      - ip: { deny: [ 198.18.0.0/15 ] }\n");
      text.append("    routes:\n      - { path: /r0, methods: GET }\n");
      text.append("      - path: %s\n        methods: [ GET, PUT ]\n".formatted(last));
      text.append("        policies: [ key-auth: {} ]\n");
    }
    return text.append("upstreams:\n  - name: u\n    targets: \"127.0.0.1:1\"\n").toString();
  }
}
