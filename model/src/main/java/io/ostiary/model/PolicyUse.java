package io.ostiary.model;

/// One policy as somebody wrote it: its name and its settings, already bound and checked.
///
/// @param settings an instance of the record that the policy declares
public record PolicyUse(String name, Record settings) {
  public PolicyUse {
    Require.name("policy", name);
  }
}
