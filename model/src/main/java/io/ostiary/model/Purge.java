package io.ostiary.model;

/// What is thrown away of the answers that are kept for one API, whomever they are kept for.
public sealed interface Purge {
  /// All of them.
  record Everything() implements Purge {}

  /// Those of one resource.
  ///
  /// @param address host, path and query
  record Address(String address) implements Purge {}

  /// Those of all resources whose address begins so.
  ///
  /// @param prefix host and the begin of a path
  record Below(String prefix) implements Purge {}

  /// Those that the upstream has given this name.
  record Tagged(String tag) implements Purge {}
}
