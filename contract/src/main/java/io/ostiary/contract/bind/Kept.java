package io.ostiary.contract.bind;

import io.ostiary.contract.tree.Node;
import io.ostiary.contract.tree.Position;
import io.ostiary.model.PolicyUse;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/// Items of lists that were bound before, by their nodes. Used by one binder at a time.
public interface Kept {
  Kept NOTHING =
      new Kept() {
        @Override
        public boolean keeps(Class<? extends Record> type) {
          return false;
        }

        @Override
        public @Nullable Bound get(Node node) {
          return null;
        }

        @Override
        public void put(Node node, Bound bound) {
          throw new IllegalStateException("nothing is kept");
        }
      };

  /// @param uses the policies in it, and where each stands
  record Bound(Object value, IdentityHashMap<PolicyUse, Position> uses) {}

  /// Whether items of this type are asked for.
  boolean keeps(Class<? extends Record> type);

  /// What a node of such a type was bound to, without a fault; or null.
  @Nullable Bound get(Node node);

  void put(Node node, Bound bound);
}
