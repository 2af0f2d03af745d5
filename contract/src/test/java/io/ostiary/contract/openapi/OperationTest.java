package io.ostiary.contract.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OperationTest {
  @TempDir Path directory;

  private Operation parameter(String in, String settings) throws IOException {
    var path = in.equals("path") ? "/a/{p}" : "/a";
    var document =
        Documents.understood(
            directory,
            """
            openapi: 3.1.0
            info: { title: T, version: "1" }
            paths:
              %s:
                get:
                  parameters:
                    - { name: p, in: %s, required: true, %s }
            """
                .formatted(path, in, settings));
    return document.operation("/paths" + path.replace("/", "~1").replaceFirst("", "/") + "/get");
  }

  private static final String INTEGERS = "schema: { type: array, items: { type: integer } }";
  private static final String LINES =
      "schema: { type: object, additionalProperties: false, properties: { a: { type: array, items:"
          + " { type: object, required: [ n ], properties: { n: { type: integer } } } } } }";

  private static final String POINT =
      "schema: { type: object, required: [ x ], additionalProperties: false,"
          + " properties: { x: { type: integer }, y: { type: boolean } } }";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "schema: { type: integer, minimum: 1 } | p=5 |",
        "schema: { type: integer, minimum: 1 } | p=0 | /p",
        "schema: { type: integer } | p=abc | /p",
        "schema: { type: integer } | p=1&p=2 | /p",
        "schema: { type: integer } | p=1&q=2 | /q",
        "schema: { type: integer } | | /p",
        "schema: { type: integer } | p=%zz | /p",
        "schema: { type: integer } | p=%ff | /p",
        "schema: { type: integer } | p=1e999 | /p",
        "schema: { type: boolean } | p=true |",
        "schema: { type: boolean } | p=yes | /p",
        "schema: { type: string, maxLength: 3 } | p=%E2%82%AC+x |",
        "schema: { type: string } | p=123 |",
        "schema: { enum: [ 1, a ] } | p=1 |",
        "schema: { enum: [ 1, a ] } | p=b | /p",
        "schema: { type: string, format: date } | p=2026-11-24 |",
        "schema: { type: string, format: date } | p=2026-13-24 | /p",
        "schema: { type: integer }, allowEmptyValue: true | p= |",
        "INTEGERS | p=1&p=2 |",
        "INTEGERS | p=1&p=x | /p/1",
        "INTEGERS, explode: false | p=1,2,3 |",
        "INTEGERS, explode: false | p=1,x | /p/1",
        "INTEGERS, style: spaceDelimited, explode: false | p=1%202+3 |",
        "INTEGERS, style: pipeDelimited, explode: false | p=1%7c2%7C3 |",
        "POINT | x=1&y=true |",
        "POINT | y=maybe | /p/x /p/y",
        "POINT, explode: false | p=x,1,y,true |",
        "POINT, explode: false | p=x,1,y | /p",
        "POINT, style: deepObject | p[x]=1&p[y]=false |",
        "POINT, style: deepObject | p[x]=a | /p/x",
        "POINT, style: deepObject | p[x]=1&p[z]=1 | /p/z",
        "POINT, style: deepObject | p[x][y]=1 | /p/x",
        "POINT, style: deepObject | p[x]=1&p[x]=2 | /p",
        "POINT, style: deepObject | p[x]=1&p[x][y]=2 | /p",
        "POINT, style: deepObject | p[]=1 | /p",
        "POINT, style: deepObject | p[x=1 | /p",
        "POINT, style: deepObject | p[x]y=1 | /p",
        "INTEGERS, style: deepObject | p[]=1&p[]=2 |",
        "INTEGERS, style: deepObject | p[0]=1&p[1]=x | /p/1",
        "INTEGERS, style: deepObject | p=1&p=2 |",
        "LINES, style: deepObject | p[a][0][n]=1&p[a][0][m]=x&p[a][1][n]=2 |",
        "LINES, style: deepObject | p[a][0][n]=1&p[a][1][m]=x | /p/a/1/n",
        "LINES, style: deepObject | p[a][0][n]=y&p[b]=z | /p/a/0/n /p/b",
        "content: { application/json: { POINT } } | p=%7B%22x%22%3A1%7D |",
        "content: { application/json: { POINT } } | p=%7B%22x%22%3A%7D | /p",
      })
  void readsQueries(String settings, String query, String pointers) throws IOException {
    var operation =
        parameter(
            "query",
            settings.replace("INTEGERS", INTEGERS).replace("POINT", POINT).replace("LINES", LINES));
    var faults = operation.check(Documents.query(query), true);
    assertThat(faults.stream().map(ContractFault::pointer).sorted().toList())
        .as(faults.toString())
        .isEqualTo(pointers == null ? List.of() : List.of(pointers.split(" ")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "schema: { type: integer } | 5 |",
        "schema: { type: integer } | five | /p",
        "schema: { type: string, maxLength: 3 } | a%2Fb |",
        "schema: { type: string } | a%2 | /p",
        "INTEGERS | 1,2 |",
        "INTEGERS | 1,x | /p/1",
        "INTEGERS, style: label | .1,2 |",
        "INTEGERS, style: label, explode: true | .1.2 |",
        "INTEGERS, style: label | 1 | /p",
        "INTEGERS, style: matrix | ;p=1,2 |",
        "INTEGERS, style: matrix, explode: true | ;p=1;p=2 |",
        "INTEGERS, style: matrix | ;q=1 | /p",
        "POINT | x,1,y,true |",
        "POINT, explode: true | x=1,y=true |",
        "POINT, style: matrix, explode: true | ;x=1;y=true |",
        "POINT, explode: true | x=a | /p/x",
      })
  void readsPaths(String settings, String segment, String pointer) throws IOException {
    var operation =
        parameter("path", settings.replace("INTEGERS", INTEGERS).replace("POINT", POINT));
    var faults = operation.check(Documents.path("p", segment), true);
    assertThat(faults.stream().map(ContractFault::pointer).toList())
        .as(faults.toString())
        .isEqualTo(pointer == null ? List.of() : List.of(pointer));
  }

  @Test
  void readsHeadersAndCookies() throws IOException {
    var header = parameter("header", INTEGERS);
    assertThat(Documents.check(header, Documents.header("p", "1,2", "3"))).isEmpty();
    assertThat(Documents.check(header, Documents.header("p", "1,x"))).hasSize(1);
    assertThat(Documents.check(header, Documents.header("q")))
        .containsExactly("header /p is missing");
    var cookie = parameter("cookie", "schema: { type: integer }");
    assertThat(Documents.check(cookie, Documents.header("Cookie", "a=b; p=5"))).isEmpty();
    assertThat(Documents.check(cookie, Documents.header("Cookie", "p=x"))).hasSize(1);
    assertThat(Documents.check(cookie, Documents.header("Cookie", "p=1; p=2")))
        .containsExactly("cookie /p is given more than once");
  }

  private Operation body(String version, String rest) throws IOException {
    var text =
        """
        openapi: %s
        info: { title: T, version: "1" }
        paths:
          /a:
            post:
              requestBody:
                required: true
                content:
        """
            .formatted(version);
    return Documents.understood(directory, text + rest.indent(10)).operation("/paths/~1a/post");
  }

  @Test
  void choosesByMediaType() throws IOException {
    var operation =
        body(
            "3.1.0",
            """
            application/json: { schema: { type: object } }
            application/vnd.x+json: { schema: { type: array } }
            text/*: { schema: { type: string, maxLength: 3 } }
            multipart/form-data: { schema: { type: object } }
            """);
    assertThat(Documents.body(operation, "application/json", "{}")).isEmpty();
    assertThat(Documents.body(operation, "Application/JSON ; charset=x", "[]")).hasSize(1);
    assertThat(Documents.body(operation, "application/vnd.x+json", "[]")).isEmpty();
    assertThat(Documents.body(operation, "application/vnd.x+json", "{}")).hasSize(1);
    assertThat(Documents.body(operation, "text/plain", "abc")).isEmpty();
    assertThat(Documents.body(operation, "text/plain", "abcd")).hasSize(1);
    assertThat(Documents.body(operation, "multipart/form-data; boundary=x", "--x")).isEmpty();
    assertThat(Documents.body(operation, "application/xml", "<a/>")).containsExactly("415");
    assertThat(Documents.body(operation, null, "{}")).containsExactly("415");
    assertThat(Documents.body(operation, "application/json", ""))
        .containsExactly("body  is missing");
    assertThat(operation.body().expected()).contains("application/json, ");
  }

  @Test
  void readsForms() throws IOException {
    var operation =
        body(
            "3.0.3",
            """
            application/x-www-form-urlencoded:
              schema:
                type: object
                required: [ n ]
                additionalProperties: false
                properties:
                  n: { type: integer }
                  tags: { type: array, items: { type: string } }
            """);
    var type = "application/x-www-form-urlencoded";
    assertThat(Documents.body(operation, type, "n=1&tags=a&tags=b%20c")).isEmpty();
    assertThat(Documents.body(operation, type, "n=x&more=1"))
        .anyMatch(fault -> fault.startsWith("body /n "))
        .anyMatch(fault -> fault.startsWith("body /more "));
    assertThat(Documents.body(operation, type, "n=1&n=2")).hasSize(1);
    assertThat(Documents.body(operation, type, "n=%")).hasSize(1);
    var text =
        body("3.0.3", type + ": { schema: { type: string, pattern: '^a=', maxLength: 9 } }\n");
    assertThat(Documents.body(text, type, "a=1&b=2")).isEmpty();
    assertThat(Documents.body(text, type, "b=2")).hasSize(1);
  }

  /// As Stripe's document says of its forms, and as the specification says of objects in others.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lines[0][price]=p1&lines[0][n]=2&lines[1][price]=p2 |",
        "lines[0][price]=p1&lines[0][n]=x | /lines/0/n",
        "lines[0][n]=1 | /lines/0/price",
        "meta[a]=1&meta[b]=2 |",
        "meta= |",
        "meta[a][b]=1 | /meta/a",
        "ids=1,2,3 |",
        "ids=1,x | /ids/1",
        "bars=a%7Cb|",
        "where={\"x\":1} |",
        "where={\"x\":\"a\"} | /where/x",
        "where={ | /where",
        "points={\"x\":1}&points={\"x\":2} |",
        "points={\"x\":1}&points={} | /points/1/x",
        "text={\"x\":1} |",
        "more=1 | /more",
      })
  void readsFormsByTheirEncoding(String form, String pointer) throws IOException {
    var operation =
        body(
            "3.0.3",
            """
            application/x-www-form-urlencoded:
              encoding:
                lines: { style: deepObject, explode: true }
                meta: { style: deepObject }
                ids: { style: form, explode: false }
                bars: { style: pipeDelimited }
                where: { contentType: application/json }
              schema:
                type: object
                additionalProperties: false
                properties:
                  lines:
                    type: array
                    items:
                      type: object
                      required: [ price ]
                      properties: { price: { type: string }, n: { type: integer } }
                  meta:
                    anyOf:
                      - { type: object, additionalProperties: { type: string } }
                      - { type: string, enum: [ "" ] }
                  ids: { type: array, items: { type: integer } }
                  bars: { type: array, minItems: 2, items: { type: string } }
                  where: { type: object, properties: { x: { type: integer } } }
                  points:
                    type: array
                    items: { type: object, required: [ x ], properties: { x: { type: integer } } }
                  text: { type: string }
            """);
    var faults = Documents.body(operation, "application/x-www-form-urlencoded", form);
    // An alternative that does not fit is told beside the one that was meant.
    assertThat(faults.stream().map(fault -> fault.split(" ")[1]).toList())
        .as(faults.toString())
        .matches(told -> pointer == null ? told.isEmpty() : told.contains(pointer));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{ type: string, nullable: true } | null |",
        "{ type: string } | null | /v",
        "{ type: string, nullable: true, enum: [ a ] } | null |",
        "{ allOf: [ { type: string } ], nullable: true } | null |",
        "{ type: integer, minimum: 1, exclusiveMinimum: true } | 1 | /v",
        "{ type: integer, minimum: 1, exclusiveMinimum: true } | 2 |",
        "{ type: integer, minimum: 1, exclusiveMinimum: false } | 1 |",
        "{ type: integer, format: int32 } | 2147483648 | /v",
        "{ type: integer, format: int64 } | 9223372036854775808 | /v",
        "{ type: integer } | 5.0 |",
        "{ type: number, multipleOf: 0.01 } | 0.07 |",
        "{ type: string, format: uuid } | \"x\" | /v",
        "{ type: string, format: password } | \"x\" |",
        "{ type: string, readOnly: true } | \"x\" | /v",
        "{ type: string, writeOnly: true } | \"x\" |",
        "{ $ref: '#/components/schemas/Pet' } | {\"kind\":\"Cat\",\"lives\":9} |",
        "{ $ref: '#/components/schemas/Pet' } | {\"kind\":\"Cat\",\"lives\":\"x\"} | /v/lives",
        "{ $ref: '#/components/schemas/Pet' } | {\"kind\":\"hound\",\"barks\":true} |",
        "{ $ref: '#/components/schemas/Pet' } | {\"kind\":\"hound\",\"barks\":1} | /v/barks",
        "{ $ref: '#/components/schemas/Pet' } | {\"kind\":\"Fish\"} | /v/kind",
        "{ $ref: '#/components/schemas/Pet' } | {} | /v/kind",
      })
  void translatesWhatOnlyOpenApiSays(String schema, String value, String pointer)
      throws IOException {
    var text =
        """
        application/json:
          schema:
            type: object
            required: [ v, id ]
            properties: { v: %s, id: { type: integer, readOnly: true } }
        """
            .formatted(schema);
    var operation =
        Documents.understood(
                directory,
                "openapi: 3.0.3\ninfo: { title: T, version: '1' }\n"
                    + "paths:\n  /a:\n    post:\n      requestBody:\n        content:\n"
                    + text.indent(10)
                    + """
                    components:
                      schemas:
                        Pet:
                          type: object
                          discriminator:
                            propertyName: kind
                            mapping: { hound: "#/components/schemas/Dog" }
                          oneOf:
                            - { $ref: "#/components/schemas/Cat" }
                            - { $ref: "#/components/schemas/Dog" }
                        Cat:
                          allOf:
                            - { $ref: "#/components/schemas/Pet" }
                            - { properties: { lives: { type: integer } } }
                        Dog:
                          allOf:
                            - { $ref: "#/components/schemas/Pet" }
                            - { properties: { barks: { type: boolean } } }
                    """)
            .operation("/paths/~1a/post");
    var faults = Documents.body(operation, "application/json", "{\"v\":" + value + "}");
    assertThat(faults.stream().map(fault -> fault.split(" ")[1]).distinct().toList())
        .as(faults.toString())
        .isEqualTo(pointer == null ? List.of() : List.of(pointer));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "application/x-www-form-urlencoded | n=1&tags=a&tags=b |",
        "application/x-www-form-urlencoded | n=x | /n",
        "application/x-www-form-urlencoded | n=1&other=1 | /other",
        "application/x-www-form-urlencoded | | ''",
        "application/json | %7B%22n%22:1%7D |",
        "application/json | %7B%22n%22:%22a%22%7D | /n",
        "application/json | %7B | ''",
        "application/json | %zz | ''",
      })
  void readsWholeQueries(String type, String query, String pointer) throws IOException {
    var operation =
        Documents.understood(
                directory,
                """
                openapi: 3.2.0
                info: { title: T, version: "1" }
                paths:
                  /a:
                    get:
                      parameters:
                        - name: all
                          in: querystring
                          required: true
                          content:
                            %s:
                              schema:
                                type: object
                                required: [ n ]
                                additionalProperties: false
                                properties:
                                  n: { type: integer }
                                  tags: { type: array, items: { type: string } }
                """
                    .formatted(type))
            .operation("/paths/~1a/get");
    var faults = operation.check(Documents.query(query), true);
    assertThat(faults.stream().map(fault -> fault.in() + fault.pointer()).toList())
        .isEqualTo(pointer == null ? List.of() : List.of("query" + pointer));
  }

  @Test
  void discriminatesOnlyWhatCarriesTheProperty() throws IOException {
    var operation =
        Documents.understood(
                directory,
                """
                openapi: 3.1.0
                info: { title: T, version: "1" }
                paths:
                  /a:
                    post:
                      parameters:
                        - { name: "", in: header, required: true, schema: { type: string } }
                      requestBody:
                        content:
                          application/json:
                            schema:
                              oneOf:
                                - { $ref: "#/components/schemas/Text" }
                                - { $ref: "#/components/schemas/Date" }
                              discriminator: { propertyName: type }
                components:
                  schemas:
                    Text:
                      required: [ length ]
                      properties: { type: { type: string }, length: { type: integer } }
                    Date:
                      required: [ zone ]
                      properties: { type: { type: string }, zone: { type: string } }
                """)
            .operation("/paths/~1a/post");
    assertThat(Documents.body(operation, "application/json", "{\"length\":1}")).isEmpty();
    assertThat(Documents.body(operation, "application/json", "{}")).isNotEmpty();
    assertThat(Documents.body(operation, "application/json", "{\"type\":\"Text\",\"zone\":\"\"}"))
        .containsExactly("body /length is missing");
    assertThat(Documents.body(operation, "application/json", "{\"type\":\"Odd\",\"length\":1}"))
        .as("a word of the authors' own")
        .isEmpty();
    assertThat(Documents.body(operation, "application/json", "{\"type\":\"Odd\"}")).isNotEmpty();
    assertThat(Documents.check(operation, Documents.header("x"))).as("no such field").isEmpty();
  }

  @Test
  void floodsOfParametersAreBounded() throws IOException {
    var operation = parameter("query", INTEGERS);
    long start = System.nanoTime();
    assertThat(operation.check(Documents.query("p=1&".repeat(9_000)), true)).isEmpty();
    assertThat(operation.check(Documents.query("p=1&".repeat(10_001)), true)).hasSize(1);
    var unknown = new StringBuilder("p=1");
    for (int i = 0; i < 9_000; i++) {
      unknown.append("&u").append(i);
    }
    assertThat(operation.check(Documents.query(unknown.toString()), true)).hasSize(50);
    assertThat((System.nanoTime() - start) / 1_000_000).isLessThan(5_000);
  }

  @Test
  void keysInQueriesAreNotUnknown() throws IOException {
    var document =
        Documents.understood(
            directory,
            """
            openapi: 3.1.0
            info: { title: T, version: "1" }
            paths: { /a: { get: {} } }
            components:
              securitySchemes: { key: { type: apiKey, in: query, name: api_key } }
            """);
    var operation = document.operation("/paths/~1a/get");
    assertThat(Documents.check(operation, Documents.query("api_key=x"))).isEmpty();
    assertThat(Documents.check(operation, Documents.query("a/b=1&a/b=2")))
        .containsExactly("query /a~1b is not a parameter of this operation");
    assertThat(operation.check(Documents.query("z=1"), false)).isEmpty();
  }

  @Test
  void findsTemplatesThatAreOnlyAPartOfASegment() throws IOException {
    var document =
        Documents.understood(
            directory,
            """
            openapi: 3.1.0
            info: { title: T, version: "1" }
            paths:
              /compare/{base}...{head}:
                get:
                  parameters:
                    - { name: base, in: path, required: true, schema: { type: integer } }
                    - { name: head, in: path, required: true, schema: { type: integer } }
            """);
    var operation = document.operation("/paths/~1compare~1{base}...{head}/get");
    assertThat(Documents.check(operation, Documents.path("base-head", "1...2"))).isEmpty();
    assertThat(Documents.check(operation, Documents.path("base-head", "1...x"))).hasSize(1);
    assertThat(Documents.check(operation, Documents.path("base-head", "1")))
        .containsExactly("path /base is missing", "path /head is missing");
  }
}
