package io.ostiary.contract.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import io.ostiary.contract.openapi.SchemaTranslation.Direction;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `$dynamicRef` in a document, against what the library, which follows it at run time by `$id`,
/// says of the same schemas.
class DynamicRefTest {
  /// The two examples of the specification (sections 8.2.3.2 and C, and the generic page that is
  /// written in OpenAPI with it); `@NAME` is a reference.
  private static final String SCHEMAS =
      """
      {
        "Tree": { "$id": "https://x.example/Tree", "$dynamicAnchor": "node", "type": "object",
          "properties": { "data": true,
            "children": { "type": "array", "items": { "$dynamicRef": "#node" } } } },
        "StrictTree": { "$id": "https://x.example/StrictTree", "$dynamicAnchor": "node",
          "$ref": "@Tree", "unevaluatedProperties": false },
        "Page": { "$id": "https://x.example/Page", "type": "object", "required": [ "items" ],
          "properties": { "items": { "type": "array", "items": { "$dynamicRef": "#item" } } },
          "$defs": { "any": { "$dynamicAnchor": "item" } } },
        "Names": { "$id": "https://x.example/Names", "$ref": "@Page",
          "$defs": { "bound": { "$dynamicAnchor": "item", "type": "string" } } },
        "Numbers": { "$id": "https://x.example/Numbers", "$ref": "@Page",
          "$defs": { "bound": { "$dynamicAnchor": "item", "type": "number" } } },
        "Either": { "$id": "https://x.example/Either", "oneOf": [ { "$ref": "@Names" }, { "$ref": "@Numbers" } ] },
        "Outermost": { "$id": "https://x.example/Outermost", "$ref": "@Names",
          "$defs": { "bound": { "$dynamicAnchor": "item", "type": "boolean" } } },
        "Plain": { "$id": "https://x.example/Plain", "type": "array", "items": { "$dynamicRef": "#word" },
          "$defs": { "w": { "$anchor": "word", "type": "string" } } },
        "Both": { "$id": "https://x.example/Both", "$dynamicRef": "#two", "$ref": "@Names",
          "$defs": { "t": { "$dynamicAnchor": "two", "maxProperties": 1 } } }
      }
      """;

  private static final Pattern REFERENCE = Pattern.compile("@([A-Za-z]+)");

  @TempDir Path directory;

  private static boolean byTheLibrary(String name, String value) {
    var all = REFERENCE.matcher(SCHEMAS).replaceAll("https://x.example/$1");
    var whole = "{\"$defs\":" + all + ",\"$ref\":\"https://x.example/" + name + "\"}";
    var registry = SchemaRegistry.withDialect(Dialects.getDraft202012());
    return registry.getSchema(whole).validate(value, InputFormat.JSON).isEmpty();
  }

  private boolean byUs(String schemas, String name, String value) throws IOException {
    var file = directory.resolve("api.json");
    Files.writeString(file, "{\"components\":{\"schemas\":" + schemas + "}}");
    var files = DocumentFiles.of(file, "api.json");
    var document = Objects.requireNonNull(files.open(file, "api.json"));
    var pointer = "/components/schemas/" + name;
    var place =
        new DocumentFiles.Place(
            document, pointer, Objects.requireNonNull(document.root().at(pointer)));
    var translation = new Schemas(files, false, Direction.REQUEST);
    var added = translation.add(place);
    translation.finish();
    assertThat(files.faults()).isEmpty();
    assertThat(files.warnings()).isEmpty();
    var bytes = ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8));
    return translation.check(added).check(bytes).isEmpty();
  }

  private static String pointed(String schemas) {
    return REFERENCE.matcher(schemas).replaceAll("#/components/schemas/$1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "Tree       | {\"children\":[{\"daat\":1}]}               | true",
        "Tree       | {\"children\":[7]}                          | false",
        "StrictTree | {\"children\":[{\"data\":1}]}               | true",
        "StrictTree | {\"children\":[{\"daat\":1}]}               | false",
        "StrictTree | {\"children\":[{\"children\":[{\"x\":1}]}]} | false",
        "Page       | {\"items\":[1,\"a\",null]}                  | true",
        "Names      | {\"items\":[\"a\",\"b\"]}                   | true",
        "Names      | {\"items\":[1]}                             | false",
        "Numbers    | {\"items\":[1]}                             | true",
        "Numbers    | {\"items\":[\"a\"]}                         | false",
        "Either     | {\"items\":[\"a\"]}                         | true",
        "Either     | {\"items\":[true]}                          | false",
        "Either     | {\"items\":[1,\"a\"]}                       | false",
        "Outermost  | {\"items\":[true]}                          | true",
        "Outermost  | {\"items\":[\"a\"]}                         | false",
        "Plain      | [\"a\"]                                     | true",
        "Plain      | [1]                                         | false",
        "Both       | {\"items\":[\"a\"]}                         | true",
        "Both       | {\"items\":[1]}                             | false",
        "Both       | {\"items\":[\"a\"],\"x\":1}                 | false"
      })
  void leadsWhereTheLibrarySaysItDoes(String name, String value, boolean valid) throws IOException {
    assertThat(byTheLibrary(name, value)).as("the library").isEqualTo(valid);
    assertThat(byUs(pointed(SCHEMAS), name, value)).as("we").isEqualTo(valid);
    var withoutIds = pointed(SCHEMAS).replaceAll("\"\\$id\": \"[^\"]*\",", "");
    assertThat(byUs(withoutIds, name, value)).as("we, without $id").isEqualTo(valid);
  }

  @Test
  void tellsOfNamesThatNobodyHas() throws IOException {
    var file = directory.resolve("api.json");
    Files.writeString(file, "{\"components\":{\"schemas\":{\"A\":{\"$dynamicRef\":\"#none\"}}}}");
    var files = DocumentFiles.of(file, "api.json");
    var document = Objects.requireNonNull(files.open(file, "api.json"));
    var place = new DocumentFiles.Place(document, "", document.root());
    for (var step : new String[] {"components", "schemas", "A"}) {
      place = Objects.requireNonNull(place.down(step));
    }
    var translation = new Schemas(files, false, Direction.REQUEST);
    translation.add(place);
    translation.finish();
    assertThat(files.faults().toString()).contains("#none");
  }
}
