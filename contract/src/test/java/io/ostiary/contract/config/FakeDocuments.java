package io.ostiary.contract.config;

import io.ostiary.contract.tree.Source;
import io.ostiary.model.Conditions;
import io.ostiary.model.Document;
import io.ostiary.model.PathPattern;
import io.ostiary.model.Route;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Knows one document, `petstore.yaml`, and one that has two faults, `broken.yaml`.
final class FakeDocuments implements ApiDocuments {
  final List<Path> asked = new ArrayList<>();

  @Override
  public Loaded load(Path file, String name) {
    asked.add(file);
    var text = new Source(name, "openapi: 3.1.0\ninfo: {}\n");
    return switch (file.getFileName().toString()) {
      case "petstore.yaml" ->
          new Loaded.Understood(
              new Petstore(name),
              List.of(route("listPets", "GET", "/pets"), route("showPet", "GET", "/pets/{id}")),
              List.of(),
              Map.of());
      case "broken.yaml" ->
          new Loaded.Refused(
              List.of(text.start().fault("one fault"), text.start().fault("two faults")), Map.of());
      default -> new Loaded.Refused(List.of(text.start().fault("cannot read the file")), Map.of());
    };
  }

  private static Route route(String id, String method, String path) {
    return new Route(
        id, Set.of(method), new PathPattern(path), Conditions.NONE, null, id, List.of());
  }

  record Petstore(String file) implements Document {
    @Override
    public String title() {
      return "Petstore";
    }

    @Override
    public String version() {
      return "1";
    }

    @Override
    public byte[] json() {
      return new byte[0];
    }
  }
}
