package io.ostiary.contract.schema;

/// One way in which a value does not fit its schema.
///
/// @param pointer JSON pointer (RFC 6901) to the value, or to where a missing one belongs
/// @param message for the sender of the value; names no part of our own
public record Mismatch(String pointer, String message) {
  /// One name as a step of a JSON pointer.
  public static String step(String name) {
    return "/" + name.replace("~", "~0").replace("/", "~1");
  }
}
