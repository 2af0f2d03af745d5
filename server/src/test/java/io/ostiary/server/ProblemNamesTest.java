package io.ostiary.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.contract.config.ProblemNames;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The names that `errors[].problems` may hold without a warning are those that calls can end with.
class ProblemNamesTest {
  private static final List<String> ROOMS = List.of("gateway/src/main", "policies/src/main");

  @Test
  void areThoseOfThePagesThatTheGatewayOrAPolicyTells() {
    var sources =
        Tree.files(".java").stream()
            .filter(
                file -> ROOMS.stream().anyMatch(room -> file.startsWith(Tree.ROOT.resolve(room))))
            .map(Tree::read)
            .collect(Collectors.joining());
    var told = new TreeSet<String>();
    for (var page : Tree.files(".md")) {
      var name = page.getFileName().toString().replace(".md", "");
      if (page.getParent().endsWith(Path.of("docs/problems")) && sources.contains(quoted(name))) {
        told.add(name);
      }
    }
    assertThat(told).contains("no-route", "rate-limit").doesNotContain("sign-in-required");
    assertThat(ProblemNames.KNOWN).containsExactlyInAnyOrderElementsOf(told);
  }

  private static String quoted(String name) {
    return '"' + name + '"';
  }
}
