package io.ostiary.contract.tree;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An object: members in the order in which they were written, each name once. Immutable.
public final class Mapping implements Node {
  /// Documents hold many small objects: below this number a scan is as fast as an index, and a
  /// third of the size.
  private static final int SCANNED_MAX = 8;

  private final Position at;
  private final List<Member> members;
  private final Map<String, Member> index;

  public Mapping(Position at, List<Member> members) {
    this.at = at;
    this.members = List.copyOf(members);
    if (members.size() <= SCANNED_MAX) {
      index = Map.of();
      return;
    }
    index = HashMap.newHashMap(members.size());
    for (var member : members) {
      index.put(member.name(), member);
    }
  }

  /// @param nameAt where the name stands; `value.at()` is where the value starts
  public record Member(String name, Position nameAt, Node value) {}

  @Override
  public Position at() {
    return at;
  }

  public List<Member> members() {
    return members;
  }

  /// The member of this name, or null.
  public @Nullable Member member(String name) {
    if (!index.isEmpty()) {
      return index.get(name);
    }
    for (int i = 0; i < members.size(); i++) {
      if (members.get(i).name().equals(name)) {
        return members.get(i);
      }
    }
    return null;
  }

  /// The value of the member of this name, or null.
  public @Nullable Node get(String name) {
    var member = member(name);
    return member == null ? null : member.value();
  }

  @Override
  public @Nullable Node child(String token) {
    return get(token);
  }

  @Override
  public String kind() {
    return "an object";
  }

  @Override
  public String toString() {
    return "Mapping[at=" + at + ", members=" + members + "]";
  }
}
