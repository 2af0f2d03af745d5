package io.ostiary.kernel.shield;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The same reasons in C, in Java and in the documentation.
final class DropReasonTest {
  private static final Pattern CONSTANT = Pattern.compile("(?m)^\\s*(REASON_)?([A-Z_]+) = (\\d+),");

  @Test
  void saysWhatTheProgramsSay() throws Exception {
    Map<String, Integer> inC = new TreeMap<>();
    Map<String, Integer> limits = new TreeMap<>();
    CONSTANT
        .matcher(Files.readString(Path.of("src/main/bpf/reason.h")))
        .results()
        .forEach(match ->
            (match.group(1) == null ? limits : inC)
                .put(match.group(2), Integer.parseInt(match.group(3))));
    Map<String, Integer> inJava = new TreeMap<>();
    for (var reason : DropReason.values()) {
      inJava.put(reason.name(), reason.number());
    }
    assertThat(inJava).isEqualTo(inC);
    assertThat(limits)
        .containsEntry("WOULD", DropReason.WOULD)
        .containsEntry("COUNTERS", DropReason.COUNTERS);
  }

  @Test
  void hasAHeadingForEachReason() throws Exception {
    var headings =
        Files.readAllLines(Path.of("../docs/kernel/reasons.md")).stream()
            .filter(line -> line.startsWith("## "))
            .map(line -> line.substring(3))
            .collect(Collectors.toSet());
    for (var reason : DropReason.values()) {
      assertThat(headings).contains(reason.word());
    }
  }
}
