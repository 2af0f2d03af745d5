package io.ostiary.gateway.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Conditions;
import io.ostiary.model.PathPattern;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RouteTableTest {
  private final RouteTable<String> table = new RouteTable<>();
  private final RouteTable.Match<String> match = new RouteTable.Match<>(_ -> true);

  private @Nullable String add(String pattern, String... methods) {
    return table.add(new PathPattern(pattern), Set.of(methods), Conditions.NONE, pattern);
  }

  private @Nullable String find(String path) {
    var bytes = path.getBytes(StandardCharsets.ISO_8859_1);
    return table.find(bytes, 0, bytes.length, match) ? match.route("GET") : null;
  }

  @Test
  void literalBeforeTemplateAndExactBeforeOpen() {
    add("/*");
    add("/a/{x}");
    add("/a/b");
    add("/a/{x}/c");
    add("/a/*");
    assertThat(find("/")).isEqualTo("/*");
    assertThat(find("/a")).isEqualTo("/a/*");
    assertThat(find("/a/b")).isEqualTo("/a/b");
    assertThat(find("/a/q")).isEqualTo("/a/{x}");
    assertThat(find("/a/b/c")).isEqualTo("/a/{x}/c");
    assertThat(find("/a/b/d")).isEqualTo("/a/*");
    assertThat(find("/b")).isEqualTo("/*");
    assertThat(find("/a/")).isEqualTo("/a/*");
  }

  @Test
  void methodsAreToldApartAndHeadFollowsGet() {
    table.add(new PathPattern("/m"), Set.of("GET"), Conditions.NONE, "get");
    table.add(new PathPattern("/m"), Set.of("PUT", "PATCH"), Conditions.NONE, "put");
    var path = "/m".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(table.find(path, 0, 2, match)).isTrue();
    assertThat(match.route("HEAD")).isEqualTo("get");
    assertThat(match.route("PATCH")).isEqualTo("put");
    assertThat(match.route("POST")).isNull();
    assertThat(match.allow()).isEqualTo("GET, HEAD, PATCH, PUT");
  }

  @Test
  void theSameRouteTwiceIsRefused() {
    assertThat(add("/a/{x}", "GET")).isNull();
    assertThat(add("/a/{y}", "GET")).contains("GET /a/{y} has a route already");
    assertThat(add("/a/{y}", "PUT")).isNull();
  }

  /// Ten thousand patterns against a model that tries them all.
  @Test
  void agreesWithAListOfAllPatterns() {
    var random = new Random(11);
    var patterns = new ArrayList<String>();
    var shapes = new HashSet<String>();
    while (patterns.size() < 10_000) {
      var pattern = pattern(random, true);
      if (shapes.add(pattern)) {
        patterns.add(pattern);
        assertThat(add(pattern)).isNull();
      }
    }
    int found = 0;
    for (int i = 0; i < 300; i++) {
      var path = pattern(random, false);
      var best = best(patterns, path);
      found += best == null ? 0 : 1;
      assertThat(find(path)).as(path).isEqualTo(best);
    }
    assertThat(found).isBetween(50, 299);
  }

  private static String pattern(Random random, boolean templates) {
    var text = new StringBuilder();
    int depth = 1 + random.nextInt(templates ? 5 : 8);
    for (int i = 0; i < depth; i++) {
      boolean template = templates && i > 0 && random.nextInt(4) == 0;
      text.append(template ? "/{t}" : "/s" + random.nextInt(templates ? 9 : 10));
    }
    return templates && random.nextInt(50) == 0 ? text + "/*" : text.toString();
  }

  private static @Nullable String best(List<String> patterns, String path) {
    var asked = List.of(path.substring(1).split("/"));
    return patterns.stream()
        .filter(pattern -> covers(new PathPattern(pattern), asked))
        .min(Comparator.comparing(RouteTableTest::rank))
        .orElse(null);
  }

  private static boolean covers(PathPattern pattern, List<String> asked) {
    var segments = pattern.segments();
    if (segments.size() > asked.size()
        || (segments.size() < asked.size() && !pattern.openEnded())) {
      return false;
    }
    for (int i = 0; i < segments.size(); i++) {
      if (!segments.get(i).equals("{t}") && !segments.get(i).equals(asked.get(i))) {
        return false;
      }
    }
    return true;
  }

  /// Segment by segment: a literal, then a template, then the open end; an exact end before it.
  private static String rank(String pattern) {
    var rank = new StringBuilder();
    for (var segment : new PathPattern(pattern).segments()) {
      rank.append(segment.equals("{t}") ? 'b' : 'a');
    }
    return rank.append(new PathPattern(pattern).openEnded() ? 'c' : ' ').toString();
  }
}
