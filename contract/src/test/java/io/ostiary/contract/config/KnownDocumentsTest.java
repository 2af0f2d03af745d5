package io.ostiary.contract.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import io.ostiary.contract.openapi.OpenApi;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.contract.tree.Fault;
import io.ostiary.model.Api;
import io.ostiary.model.Route;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is made of an API with a document lasts until one of the document's files is another.
class KnownDocumentsTest {
  private static final FileTime LONG_AGO = FileTime.from(Instant.now().minusSeconds(60));

  private static final String MAIN =
      """
      openapi: 3.1.0
      info: { title: Pets, version: "1" }
      paths:
        /pets:
          get:
            operationId: list
            parameters: [ { name: n, in: query, schema: { $ref: "parts/n.yaml" } } ]
            responses:
              "200": { description: d, content: { application/json: { schema: { $ref: "parts/a.yaml" } } } }
      """;

  @TempDir Path dir;
  private Path main;
  private Path part;
  private Path answer;
  private ConfigSource source;
  private int edits;

  @BeforeEach
  void files() throws IOException {
    main = dir.resolve("pets.yaml");
    part = Files.createDirectory(dir.resolve("parts")).resolve("n.yaml");
    answer = dir.resolve("parts/a.yaml");
    write(main, MAIN);
    write(part, "{ type: integer }\n");
    write(answer, "{ type: object }\n");
    source = new ConfigSource(dir.resolve("ostiary.yaml"));
    configure("");
  }

  private static void write(Path file, String text) throws IOException {
    Files.writeString(file, text);
    Files.setLastModifiedTime(file, LONG_AGO);
  }

  private void configure(String more) throws IOException {
    Files.writeString(
        source.file(),
        """
        upstreams: [ { name: u, targets: "h:1" } ]
        listeners: [ { address: "127.0.0.1:1" } ]
        apis:
          - { name: first, path: /first, upstream: u }
          - { name: pets, path: /pets, upstream: u, openapi: pets.yaml }
        """
            + more);
  }

  /// Something else of the configuration is another with each reading.
  private ConfigRead read() throws IOException {
    configure("  - { name: more, path: /more%d, upstream: u }\n".formatted(edits++));
    return ConfigReader.read(source, Policies.ALL, new OpenApiReader());
  }

  private Api pets() throws IOException {
    return pets(read());
  }

  private static Api pets(ConfigRead read) {
    assertThat(read).isInstanceOf(ConfigRead.Understood.class);
    return ((ConfigRead.Understood) read).configuration().apis().get(1);
  }

  private static String json(Api api) {
    return new String(api.document().json(), StandardCharsets.UTF_8);
  }

  @Test
  void keepsTheApiWhileItsDocumentStays() throws IOException {
    var before = pets();
    write(main, MAIN); // Saved without a change.

    assertThat(pets()).isSameAs(before);
  }

  @Test
  void readsADocumentThatChanged() throws IOException {
    var before = pets();
    write(main, MAIN.replace("operationId: list", "operationId: find"));

    var now = pets();
    assertThat(now.document()).isNotSameAs(before.document());
    assertThat(now.routes()).extracting(Route::id).containsExactly("find");
  }

  @Test
  void noticesAChangeOfTheSameLengthAndTime() throws IOException {
    pets();
    pets(); // The second time its attributes may be trusted.
    write(main, MAIN.replace("operationId: list", "operationId: look"));

    assertThat(pets().routes()).extracting(Route::id).containsExactly("look");
  }

  @Test
  void readsADocumentAgainForEachOfItsFiles() throws IOException {
    var before = pets();
    write(part, "{ type: string, maxLength: 2 }\n");
    var other = pets();
    write(answer, "{ type: array }\n");
    var third = pets();

    assertThat(json(before)).contains("integer").doesNotContain("maxLength");
    assertThat(json(other)).contains("maxLength").doesNotContain("array");
    assertThat(json(third)).contains("array");
    assertThat(((OpenApi) other.document()).operation(other.routes().getFirst().operation()))
        .isNotNull();
  }

  @Test
  void noticesAFileThatWasNotThere() throws IOException {
    Files.delete(answer);
    assertThat(json(pets())).doesNotContain("object");
    write(answer, "{ type: object }\n");

    assertThat(json(pets())).contains("object");
  }

  @Test
  void refusesADocumentThatBrokeAndTakesItWhenItIsMended() throws IOException {
    var before = pets();
    write(main, MAIN.replace("in: query", "in: quarry"));
    var broken = read();
    assertThat(broken).isInstanceOf(ConfigRead.Refused.class);
    assertThat(((ConfigRead.Refused) broken).faults())
        .extracting(Fault::toString)
        .anySatisfy(fault -> assertThat(fault).contains("quarry").contains("pets.yaml:7:"));
    write(main, MAIN);

    assertThat(pets().routes()).isEqualTo(before.routes());
  }

  @Test
  void refusesADocumentThatTheHeapCannotHold() throws IOException {
    try (var large = new RandomAccessFile(main.toFile(), "rw")) {
      large.setLength(1L << 36); // A hole: nothing of it is written or read.
    }

    assertThat(((ConfigRead.Refused) read()).faults())
        .extracting(Fault::toString)
        .singleElement(STRING)
        .contains(
            "ostiary.yaml:5:", "'pets.yaml' has 68,719,476,736 bytes", "OSTIARY_JAVA_OPTIONS");
  }

  @Test
  void warnsOfItsOdditiesEachTime() throws IOException {
    write(main, MAIN.replace("title: Pets, ", ""));
    for (int i = 0; i < 3; i++) {
      assertThat(((ConfigRead.Understood) read()).warnings())
          .extracting(Fault::toString)
          .anySatisfy(warning -> assertThat(warning).contains("info.title"));
    }
    write(main, MAIN.substring(0, MAIN.indexOf("paths:")));
    for (int i = 0; i < 3; i++) {
      assertThat(((ConfigRead.Understood) read()).warnings())
          .extracting(Fault::toString)
          .anySatisfy(warning -> assertThat(warning).contains("no operation under paths"));
    }
  }

  @Test
  void tellsOfAFileThatADocumentRefersTo() throws Exception {
    var told = new Semaphore(0);
    try (var _ = ConfigWatcher.start(source, told::release)) {
      pets();
      assertThat(told.tryAcquire(10, TimeUnit.SECONDS)).isTrue(); // Of the configuration.
      var next = Files.writeString(dir.resolve("next"), "{ type: number }\n");
      Files.move(next, answer, StandardCopyOption.ATOMIC_MOVE);
      assertThat(told.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      assertThat(json(pets(ConfigReader.read(source, Policies.ALL, new OpenApiReader()))))
          .contains("number");
      assertThat(told.tryAcquire(3, TimeUnit.SECONDS)).isFalse();
    }
  }
}
