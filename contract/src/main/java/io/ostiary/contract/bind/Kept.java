package io.ostiary.contract.bind;

import io.ostiary.contract.tree.Node;
import io.ostiary.model.PolicyUse;
import java.util.List;
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
        public @Nullable Bound get(Class<? extends Record> type, Node node) {
          return null;
        }

        @Override
        public boolean put(Class<? extends Record> type, Node node, Bound bound) {
          throw new IllegalStateException("nothing is kept");
        }
      };

  /// What was bound.
  interface Bound {
    Object value();

    /// The policies in it, in the order in which they were bound, but for those in parts of it that
    /// are kept themselves.
    List<PolicyUse> uses();

    static Bound of(Object value, List<PolicyUse> uses) {
      return new Alone(value, List.copyOf(uses));
    }
  }

  /// A value and its policies.
  record Alone(Object value, List<PolicyUse> uses) implements Bound {}

  /// Whether items of this type are asked for.
  boolean keeps(Class<? extends Record> type);

  /// What a node of such a type was bound to, without a fault; or null.
  @Nullable Bound get(Class<? extends Record> type, Node node);

  /// Whether it was kept. If not, it is a part of what is around it.
  boolean put(Class<? extends Record> type, Node node, Bound bound);
}
