package io.ostiary.contract.tree;

/// What a document may cost us to read.
///
/// @param bytesMax of the file
/// @param depthMax objects and lists within each other
/// @param aliasNodesMax nodes that YAML aliases add to a document, counted as if each were written
///   out: what stops a "billion laughs" document, whatever its shape
public record Limits(long bytesMax, int depthMax, int aliasNodesMax) {
  /// For `ostiary.yaml`.
  public static final Limits CONFIGURATION = new Limits(8L << 20, 64, 100_000);

  /// For OpenAPI and JSON Schema documents: the largest public ones are about 20 MiB.
  public static final Limits DOCUMENT = new Limits(64L << 20, 200, 1_000_000);
}
