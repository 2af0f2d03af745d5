package io.ostiary.contract.tree;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An object with its members. Immutable.
final class Members implements Mapping {
  /// Documents hold many small objects: below this number a scan is as fast as an index, and a
  /// third of the size.
  private static final int SCANNED_MAX = 8;

  private final Position at;
  private final List<Member> members;
  private final Map<String, Member> index;

  Members(Position at, List<Member> members) {
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

  @Override
  public Position at() {
    return at;
  }

  @Override
  public List<Member> members() {
    return members;
  }

  @Override
  public Mapping opened() {
    return this;
  }

  @Override
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

  @Override
  public String toString() {
    return "Mapping[at=" + at + ", members=" + members + "]";
  }
}
