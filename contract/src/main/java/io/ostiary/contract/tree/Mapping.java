package io.ostiary.contract.tree;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// An object: members in the order in which they were written, each name once.
public sealed interface Mapping extends Node permits Members, Followed {
  /// @param nameAt where the name stands; `value.at()` is where the value starts
  record Member(String name, Position nameAt, Node value) {}

  static Mapping of(Position at, List<Member> members) {
    return new Members(at, members);
  }

  List<Member> members();

  /// The same with its members at hand: for whoever asks for more than one of them.
  Mapping opened();

  /// The member of this name, or null.
  @Nullable Member member(String name);

  /// The value of the member of this name, or null.
  default @Nullable Node get(String name) {
    var member = member(name);
    return member == null ? null : member.value();
  }

  /// Whether it keeps what is made of it.
  default boolean keeps() {
    return false;
  }

  /// What was made of it before, by whoever set it; null: nothing, or it keeps nothing.
  default @Nullable Object made() {
    return null;
  }

  /// Keeps what was made of it.
  ///
  /// @throws IllegalStateException where it keeps nothing
  default void made(Object of) {
    throw new IllegalStateException("keeps(): false (expected: true)");
  }

  @Override
  default @Nullable Node child(String token) {
    return get(token);
  }

  @Override
  default String kind() {
    return "an object";
  }
}
