package io.ostiary.model;

/// An API's contract as its author wrote it. The `contract` room reads and understands it; others
/// only pass it on and show it.
public interface Document {
  /// The file it came from, as written in the configuration.
  String file();

  String title();

  /// The version of the API, not of OpenAPI.
  String version();

  /// The whole document as JSON, references kept, for documentation and try-it.
  byte[] json();
}
