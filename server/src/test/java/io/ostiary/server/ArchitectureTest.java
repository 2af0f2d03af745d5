package io.ostiary.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// The table of rooms in ARCHITECTURE.md: who may know whom, and who may bring in what.
final class ArchitectureTest {
  private static final Map<String, Set<String>> MAY_KNOW =
      Map.of(
          "model", Set.of(),
          "contract", Set.of("model"),
          "kernel", Set.of("model"),
          "gateway", Set.of("model"),
          "policies", Set.of("gateway.spi", "contract", "model"),
          "insight", Set.of("model"),
          "control", Set.of("contract", "insight", "model"));

  /// Libraries that stay in one room, so that replacing one touches nobody else.
  private static final Map<String, Set<String>> ONLY_IN =
      Map.ofEntries(
          Map.entry("io.netty.", Set.of("gateway")),
          Map.entry("com.github.luben.", Set.of("policies")),
          Map.entry("com.aayushatharva.", Set.of("policies")),
          Map.entry("org.duckdb.", Set.of("insight")),
          Map.entry("io.javalin.", Set.of("control")),
          Map.entry("org.jdbi.", Set.of("control")),
          Map.entry("org.snakeyaml.", Set.of("contract")),
          Map.entry("com.networknt.", Set.of("contract")),
          Map.entry("com.nimbusds.", Set.of("policies")),
          Map.entry("dev.cel.", Set.of("policies")),
          Map.entry("com.password4j.", Set.of("policies", "control")),
          Map.entry("info.picocli.", Set.of("server")),
          Map.entry("picocli.", Set.of("server")),
          Map.entry("io.opentelemetry.", Set.of("insight")));

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.ostiary");

  @TestFactory
  Stream<DynamicTest> roomsKnowOnlyWhomTheyMay() {
    return MAY_KNOW.keySet().stream()
        .sorted()
        .map(room -> DynamicTest.dynamicTest(room, () -> assertThat(strangers(room)).isEmpty()));
  }

  @TestFactory
  Stream<DynamicTest> librariesStayInTheirRoom() {
    return ONLY_IN.entrySet().stream()
        .map(entry ->
            DynamicTest.dynamicTest(
                entry.getKey(),
                () -> assertThat(usersOf(entry.getKey(), entry.getValue())).isEmpty()));
  }

  private static Set<String> strangers(String room) {
    var found = new TreeSet<String>();
    for (var own : classesOf(room)) {
      for (var dependency : own.getDirectDependenciesFromSelf()) {
        var target = dependency.getTargetClass().getPackageName();
        if (target.startsWith("io.ostiary.") && !allowed(room, target)) {
          found.add(own.getName() + " knows " + dependency.getTargetClass().getName());
        }
      }
    }
    return found;
  }

  private static boolean allowed(String room, String target) {
    return Stream.concat(Stream.of(room), MAY_KNOW.get(room).stream())
        .map(name -> "io.ostiary." + name)
        .anyMatch(name -> target.equals(name) || target.startsWith(name + "."));
  }

  private static Set<String> usersOf(String library, Set<String> rooms) {
    var found = new TreeSet<String>();
    for (var type : CLASSES) {
      if (!rooms.contains(room(type))) {
        type.getDirectDependenciesFromSelf().stream()
            .filter(dependency -> dependency.getTargetClass().getName().startsWith(library))
            .forEach(dependency -> found.add(type.getName()));
      }
    }
    return found;
  }

  private static List<JavaClass> classesOf(String room) {
    var classes = CLASSES.stream().filter(type -> room(type).equals(room)).toList();
    assertThat(classes).as("classes of " + room).isNotEmpty();
    return classes;
  }

  private static String room(JavaClass type) {
    var rest = type.getPackageName().substring("io.ostiary.".length());
    int dot = rest.indexOf('.');
    return dot < 0 ? rest : rest.substring(0, dot);
  }
}
