package io.ostiary.contract.openapi;

import io.ostiary.contract.openapi.SchemaTranslation.Direction;
import io.ostiary.contract.schema.NetworkntEngine;
import io.ostiary.contract.schema.SchemaCheck;
import io.ostiary.contract.schema.SchemaEngine;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// The schemas of a whole document in one direction: gathered while operations are read, compiled
/// one by one when they are asked for. Confined to the thread that reads until [#finish], then for
/// all threads at once.
final class Schemas {
  private final SchemaTranslation translation;
  private volatile @Nullable Ready ready;

  private record Ready(ObjectNode bundle, SchemaEngine.Definitions definitions) {}

  Schemas(DocumentFiles files, boolean version30, Direction direction) {
    translation = new SchemaTranslation(files, version30, direction);
  }

  /// The name of the schema at a place.
  String add(DocumentFiles.Place place) {
    return translation.add(place);
  }

  /// To be called once everything has been added.
  void finish() {
    var bundle = translation.bundle();
    ready = new Ready(bundle, new NetworkntEngine().open(bundle));
  }

  Kind kind(@Nullable String schema) {
    return schema == null ? Kind.ANY : Kind.of(ready().bundle, schema);
  }

  SchemaCheck check(String schema) {
    return ready().definitions.compile(schema);
  }

  private Ready ready() {
    var now = ready;
    if (now == null) {
      throw new IllegalStateException("finish() comes first");
    }
    return now;
  }
}
