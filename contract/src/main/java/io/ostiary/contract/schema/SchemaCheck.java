package io.ostiary.contract.schema;

import java.nio.ByteBuffer;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// One schema, ready to check values. Immutable, for all threads at once. It never throws for a
/// value, however hostile: what cannot be read or takes too long to check is a mismatch.
public interface SchemaCheck {
  /// How many mismatches are told at most.
  int MISMATCHES_MAX = 50;

  /// @return what does not fit; empty: the value is valid
  List<Mismatch> check(JsonNode value);

  /// @param json the text of one value, in UTF-8
  List<Mismatch> check(ByteBuffer json);
}
