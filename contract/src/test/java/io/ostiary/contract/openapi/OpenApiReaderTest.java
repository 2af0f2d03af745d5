package io.ostiary.contract.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.contract.config.ApiDocuments.Loaded;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class OpenApiReaderTest {
  private static final Path SHARED = Path.of("../../shared/openapi").toAbsolutePath().normalize();

  @TempDir Path directory;

  static Stream<Path> examples() throws IOException {
    if (!Files.isDirectory(SHARED)) {
      return Stream.of(Path.of("/nowhere"));
    }
    try (var files = Files.walk(SHARED)) {
      return files
          .filter(file -> file.toString().matches(".*\\.(json|yaml)"))
          .sorted()
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("examples")
  void importsTheExamplesOfTheOpenApiInitiative(Path file) {
    Assumptions.assumeTrue(Files.exists(file), "the shared documents are not here");
    var loaded = new OpenApiReader().load(file, file.getFileName().toString());
    assertThat(loaded).isInstanceOf(Loaded.Understood.class);
    var understood = (Loaded.Understood) loaded;
    var document = Documents.understood(loaded);
    assertThat(document.title()).isNotBlank();
    assertThat(document.json()).startsWith((byte) '{');
    for (var route : understood.routes()) {
      assertThat(document.operation(route.operation())).as(route.id()).isNotNull();
    }
  }

  @Test
  void operationsBecomeRoutes() throws IOException {
    var loaded =
        (Loaded.Understood)
            Documents.load(
                directory,
                """
                openapi: 3.2.0
                info: { title: T, version: "1" }
                servers: [ { url: "https://example.com/v2" } ]
                paths:
                  /orders:
                    get: { operationId: listOrders }
                    query: {}
                    additionalOperations: { PURGE: {} }
                  /orders/{id}.{format}:
                    get: {}
                    head: {}
                """);
    assertThat(loaded.routes())
        .extracting(route -> route.id() + " " + route.methods().stream().sorted().toList())
        .containsExactly(
            "listOrders [GET, HEAD]",
            "QUERY /orders [QUERY]",
            "PURGE /orders [PURGE]",
            "GET /orders/{id}.{format} [GET]",
            "HEAD /orders/{id}.{format} [HEAD]");
    assertThat(loaded.routes().getLast().path().text()).isEqualTo("/orders/{id-format}");
    assertThat(loaded.routes().getFirst().operation()).isEqualTo("/paths/~1orders/get");
    assertThat(loaded.warnings()).hasSize(4);
    var operation = Documents.understood(loaded).operation("/paths/~1orders~1{id}.{format}/get");
    assertThat(operation.id()).isEqualTo("GET /orders/{id}.{format}");
  }

  @Test
  void tellsAllFaultsAtOnceWithTheirPlace() throws IOException {
    assertThat(
            Documents.faults(
                Documents.load(
                    directory,
                    """
                    openapi: 3.1.0
                    info: { title: T, version: "1" }
                    paths:
                      orders: {}
                      /a/{x}:
                        get:
                          operationId: one
                          parameters:
                            - { name: q, in: body }
                            - { name: r, in: query, style: simple, schema: { type: strin } }
                            - { $ref: "#/components/parameters/none" }
                      /a/{y}:
                        get: { operationId: two }
                        post:
                          operationId: one
                          requestBody:
                            content:
                              application/json:
                                schema:
                                  properties: { a: 5 }
                                  multipleOf: 0
                                  required: [ 1 ]
                                  allOf: []
                    """)))
        .containsExactly(
            "api.yaml:4:3: path: 'orders' (expected: a path that starts with '/')",
            "api.yaml:9:26: in: 'body' (expected: path, query, header or cookie)",
            "api.yaml:10:40: style: 'simple' (expected: form, spaceDelimited, pipeDelimited,"
                + " deepObject)",
            "api.yaml:10:64: type: 'strin' (expected: string, number, integer, boolean, array,"
                + " object or null)",
            "api.yaml:11:19: $ref: '#/components/parameters/none' (expected: something that exists;"
                + " it leads nowhere)",
            "api.yaml:13:10: path: /a/{y} for GET (expected: a path that can be told from /a/{x})",
            "api.yaml:15:20: operationId: 'one' (expected: one that no other operation has)",
            "api.yaml:20:32: schema: 5 (expected: an object, true or false)",
            "api.yaml:21:27: multipleOf: 0 (expected: a number above 0)",
            "api.yaml:22:27: required: 1 (expected: a name)",
            "api.yaml:23:22: allOf: a list (expected: a list of schemas)");
  }

  @Test
  void warnsOfPathsThatCannotBeRoutes() throws IOException {
    var loaded =
        (Loaded.Understood)
            Documents.load(
                directory,
                """
                openapi: 3.1.0
                info: { title: T, version: "1" }
                paths:
                  /a#b: { get: {} }
                  /{key}#tags: { get: {} }
                  /{key}: { get: {}, head: {} }
                  /compare/{basehead}: { get: {} }
                  /compare/{base}...{head}: { get: {}, put: {} }
                  /v1/{name}:get: { post: {} }
                  /v1/{name}:set: { post: {} }
                  /v1/{other}:set: { post: {} }
                """);
    assertThat(loaded.routes())
        .extracting(route -> route.id())
        .containsExactly(
            "GET /{key}",
            "HEAD /{key}",
            "GET /compare/{basehead}",
            "GET /compare/{base}...{head}",
            "PUT /compare/{base}...{head}",
            "POST /v1/{name}:get",
            "POST /v1/{name}:set");
    assertThat(loaded.routes().getLast().conditions().path())
        .matches(pattern -> "/api/v1/anything:set".matches(pattern))
        .matches(pattern -> !"/v1/anything:get".matches(pattern));
    assertThat(loaded.warnings().toString())
        .contains("4:3: path: /a#b")
        .contains("5:3: path: /{key}#tags")
        .contains("path: /v1/{other}:set for POST");
  }

  @Test
  void aPathAnswersHeadOnce() throws IOException {
    var loaded =
        (Loaded.Understood)
            Documents.load(
                directory,
                """
                openapi: 3.1.0
                info: { title: T, version: "1" }
                paths:
                  /{name}.{format}: { get: {} }
                  /{key}: { get: {}, head: {}, post: { requestBody: { content: {} } } }
                """);
    assertThat(loaded.routes())
        .extracting(route -> route.id() + " " + route.methods().stream().sorted().toList())
        .containsExactly(
            "GET /{name}.{format} [GET, HEAD]",
            "GET /{key} [GET]",
            "HEAD /{key} [HEAD]",
            "POST /{key} [POST]");
    assertThat(loaded.warnings().toString()).contains("content: nothing (expected: a media type)");
    var twice =
        Documents.load(
            directory,
            """
            openapi: 3.1.0
            info: { title: T, version: "1" }
            paths:
              /{a}: { get: {} }
              /{b}: { head: {} }
            """);
    assertThat(Documents.faults(twice).toString())
        .contains(" path: /{b} for HEAD (expected: a path that can be told from /{a})");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "swagger: '2.0' | expected: openapi: 3.0, 3.1 or 3.2",
        "openapi: 4.0.0 | expected: 3.0, 3.1 or 3.2",
        "info: {} | openapi: nothing",
        "'[]' | expected: an OpenAPI document",
        "'{' | api.yaml:1:",
      })
  void refusesWhatIsNoOpenApiDocument(String text, String message) throws IOException {
    assertThat(Documents.faults(Documents.load(directory, text)))
        .isNotEmpty()
        .anyMatch(fault -> fault.contains(message));
  }

  @ParameterizedTest
  @CsvSource({
    "https://example.com/x.yaml, Nothing is fetched",
    "//example.com/x.yaml, Nothing is fetched",
    "../secret.yaml, inside the directory",
    "/etc/hostname, inside the directory",
    "%2e%2e/secret.yaml, inside the directory",
    "link.yaml, inside the directory",
    "none.yaml, it does not exist",
    "api.yaml#anchor, expected: a JSON pointer",
    "'#/paths/~1a/get/requestBody', leads back to itself"
  })
  void referencesStayInTheDirectoryOfTheDocument(String reference, String message)
      throws IOException {
    var inner = Files.createDirectory(directory.resolve("api"));
    Files.writeString(directory.resolve("secret.yaml"), "content: {}");
    Files.createSymbolicLink(inner.resolve("link.yaml"), directory.resolve("secret.yaml"));
    var loaded =
        Documents.load(
            inner,
            """
            openapi: 3.1.0
            info: { title: T, version: "1" }
            paths:
              /a:
                get:
                  requestBody: { $ref: "%s" }
            """
                .formatted(reference));
    assertThat(Documents.faults(loaded)).singleElement().asString().contains(message);
  }

  @Test
  void followsFilesAndRecursion() throws IOException {
    Files.createDirectory(directory.resolve("schemas"));
    Files.writeString(
        directory.resolve("schemas/tree.json"),
        """
        {"Tree":{"type":"object","required":["name"],"additionalProperties":false,
          "properties":{"name":{"$ref":"../api.yaml#/components/schemas/Name"},
            "children":{"type":"array","items":{"$ref":"#/Tree"}}}}}
        """);
    var document =
        Documents.understood(
            directory,
            """
            openapi: 3.1.0
            info: { title: T, version: "1" }
            paths:
              /trees: { $ref: paths.yaml#/trees }
            components:
              schemas:
                Name: { type: string, maxLength: 3 }
            """
                    .replace(
                        "{ $ref: paths.yaml#/trees }", "{ $ref: \"#/components/pathItems/trees\" }")
                + """
                  pathItems:
                    trees:
                      post:
                        requestBody:
                          required: true
                          content:
                            application/json:
                              schema: { $ref: "schemas/tree.json#/Tree" }
                """
                    .indent(0));
    var operation = document.operation("/paths/~1trees/post");
    assertThat(
            Documents.body(
                operation, "application/json", "{\"name\":\"a\",\"children\":[{\"name\":\"b\"}]}"))
        .isEmpty();
    assertThat(
            Documents.body(
                operation,
                "application/json; charset=utf-8",
                "{\"name\":\"a\",\"children\":[{\"name\":\"long\"},{\"children\":[{\"x\":1}]}]}"))
        .anyMatch(fault -> fault.startsWith("body /children/0/name "))
        .contains(
            "body /children/1/name is missing",
            "body /children/1/children/0/name is missing",
            "body /children/1/children/0/x is not a member that belongs here");
  }

  /// A schema may be called by a name of its own, and whoever has not got the files of a document
  /// gets it whole.
  @Test
  void followsAnchorsAndGivesTheWholeDocument() throws IOException {
    Files.createDirectory(directory.resolve("parts"));
    Files.writeString(
        directory.resolve("parts/money.yaml"),
        """
        Amount: { $anchor: amount, type: integer, minimum: 1 }
        Fee: { $ref: "#amount" }
        Total: { $ref: "../api.yaml#total" }
        """);
    Files.writeString(
        directory.resolve("parts/pay%.yaml"),
        """
        post:
          requestBody:
            content: { application/json: { schema: { $ref: "money.yaml#/Fee" } } }
          responses:
            "200":
              description: paid
              content: { application/json: { schema: { $ref: "./money.yaml#/Total" } } }
            "404": { $ref: "none.yaml" }
        """);
    var document =
        Documents.understood(
            directory,
            """
            openapi: 3.1.0
            info: { title: T, version: "1" }
            paths:
              /pay: { $ref: "parts/pay%25.yaml" }
            components:
              schemas:
                Total: { $anchor: total, type: object, required: [ sum ] }
            """);
    var operation = document.operation("/paths/~1pay/post");
    assertThat(Documents.body(operation, "application/json", "1")).isEmpty();
    assertThat(Documents.body(operation, "application/json", "0")).hasSize(1);
    var whole = JsonMapper.shared().readTree(document.json());
    assertThat(follow(whole, "/paths/~1pay/post/requestBody/content/application~1json/schema"))
        .isEqualTo("{\"$anchor\":\"amount\",\"type\":\"integer\",\"minimum\":1}");
    assertThat(follow(whole, "/paths/~1pay/post/responses/200/content/application~1json/schema"))
        .isEqualTo("{\"$anchor\":\"total\",\"type\":\"object\",\"required\":[\"sum\"]}");
    assertThat(whole.at("/x-files/parts~1pay%.yaml/post/responses/404/$ref").asString())
        .isEqualTo("none.yaml");
  }

  /// As any reader of JSON references does, which knows of one file only.
  private static String follow(JsonNode document, String pointer) {
    var at = document;
    for (var step : pointer.substring(1).split("/")) {
      at = at.path(step.replace("~1", "/").replace("~0", "~"));
      while (at.has("$ref")) {
        var reference = URI.create(at.path("$ref").asString()).getFragment();
        at = document.at(reference);
      }
    }
    return at.toString();
  }
}
