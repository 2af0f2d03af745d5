package io.ostiary.contract.schema;

import tools.jackson.databind.node.ObjectNode;

/// Something that understands JSON Schema, draft 2020-12, with formats asserted.
public interface SchemaEngine {
  /// @param bundle a schema resource with everything under `$defs`; all its references stay inside
  Definitions open(ObjectNode bundle);

  /// The schemas of one bundle. For all threads at once.
  interface Definitions {
    /// May take time; what it returns is warm.
    ///
    /// @param name under `$defs`
    /// @throws IllegalArgumentException where the schema cannot be used; the message says why
    SchemaCheck compile(String name);
  }
}
