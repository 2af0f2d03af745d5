package io.ostiary.model;

/// Somebody who calls APIs and can be told apart by a key.
///
/// @param id stable, never reused
/// @param name shown to people; unique at any moment
public record Consumer(String id, String name) {
  public Consumer {
    Require.notBlank("consumer.id", id);
    Require.notBlank("consumer.name", name);
  }
}
