package io.ostiary.model;

import java.util.List;
import java.util.Set;

/// Somebody who calls APIs and can be told apart: by a key, a password, a token, a certificate.
///
/// @param id stable, never reused
/// @param name shown to people; unique at any moment
/// @param groups of which it is a member, for the policy `acl` and for upstreams
/// @param tags words for whoever looks for it; the policy `acl` knows them as well
/// @param credentials how it is recognised besides its keys
public record Consumer(
    String id, String name, Set<String> groups, Set<String> tags, List<Credential> credentials) {
  public Consumer {
    Require.notBlank("consumer.id", id);
    Require.notBlank("consumer.name", name);
    groups = Set.copyOf(groups);
    tags = Set.copyOf(tags);
    credentials = List.copyOf(credentials);
    groups.forEach(group -> Require.name("consumer.groups", group));
    tags.forEach(tag -> Require.name("consumer.tags", tag));
  }

  /// In no group, without tags, with keys only.
  public Consumer(String id, String name) {
    this(id, name, Set.of(), Set.of(), List.of());
  }
}
