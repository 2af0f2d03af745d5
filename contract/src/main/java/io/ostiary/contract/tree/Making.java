package io.ostiary.contract.tree;

import org.jspecify.annotations.Nullable;

/// What the reader of a text makes of the items of one kind of list, such as the routes of APIs, as
/// soon as each of them is read. Then of ten thousand items only what was made stays, and not their
/// nodes ([Mapping#made]).
public interface Making {
  Making NOTHING =
      new Making() {
        @Override
        public boolean makes(String list, String inner) {
          return false;
        }

        @Override
        public Maker maker() {
          return _ -> null;
        }
      };

  /// Whether these are the lists. Of one kind, since items may come to stand in another list.
  ///
  /// @param list below the root
  /// @param inner below an item of that
  boolean makes(String list, String inner);

  /// For one thread.
  Maker maker();

  /// Makes something of an item, in one thread.
  @FunctionalInterface
  interface Maker {
    /// Null: nothing, for there is something wrong with it; it will be asked for its members.
    @Nullable Object of(Mapping item);
  }
}
