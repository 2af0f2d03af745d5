package io.ostiary.contract.openapi;

import io.ostiary.contract.config.ApiDocuments.Loaded;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Documents of tests, and requests to them.
final class Documents {
  private Documents() {}

  static Loaded load(Path directory, String text) throws IOException {
    var file = directory.resolve("api.yaml");
    Files.writeString(file, text);
    return new OpenApiReader().load(file, "api.yaml");
  }

  static OpenApi understood(Path directory, String text) throws IOException {
    return understood(load(directory, text));
  }

  static OpenApi understood(Loaded loaded) {
    if (loaded instanceof Loaded.Understood(var document, var _, var _, var _)) {
      return (OpenApi) document;
    }
    throw new AssertionError(((Loaded.Refused) loaded).faults().toString());
  }

  static List<String> faults(Loaded loaded) {
    if (loaded instanceof Loaded.Refused(var faults, var _)) {
      return faults.stream().map(Object::toString).toList();
    }
    throw new AssertionError("expected faults");
  }

  static List<String> check(Operation operation, RequestView view) {
    return operation.check(view, true).stream().map(Documents::text).toList();
  }

  static List<String> body(Operation operation, String type, String text) {
    var body = operation.body();
    var media = body.media(type);
    if (media == null) {
      return List.of("415");
    }
    return body.check(media, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))).stream()
        .map(Documents::text)
        .toList();
  }

  private static String text(ContractFault fault) {
    return fault.in() + " " + fault.pointer() + " " + fault.message();
  }

  static RequestView query(String query) {
    return new View(query, Map.of(), Map.of());
  }

  static RequestView path(String name, String value) {
    return new View(null, Map.of(name, value), Map.of());
  }

  static RequestView header(String name, String... values) {
    return new View(null, Map.of(), Map.of(name, List.of(values)));
  }

  record View(String query, Map<String, String> path, Map<String, List<String>> headers)
      implements RequestView {
    @Override
    public String pathParameter(String name) {
      return path.get(name);
    }

    @Override
    public List<String> header(String name) {
      return headers.getOrDefault(name, List.of());
    }
  }
}
