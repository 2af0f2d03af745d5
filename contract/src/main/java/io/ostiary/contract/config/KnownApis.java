package io.ostiary.contract.config;

import io.ostiary.contract.bind.Kept;
import io.ostiary.contract.bind.Shapes;
import io.ostiary.contract.tree.Node;
import io.ostiary.contract.tree.Position;
import io.ostiary.model.Api;
import io.ostiary.model.PolicyUse;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What was made of the APIs of a configuration, by the very nodes that they were read from: an API
/// whose node was kept from the version before need not be made again. All of it follows from the
/// node alone, given the same policies. Used by one reading at a time.
final class KnownApis {
  private final KnownSets sets = new KnownSets();
  private @Nullable Shapes shapes;
  private Map<String, Class<? extends Record>> policies = Map.of();
  private IdentityHashMap<Node, Known> before = new IdentityHashMap<>();
  private IdentityHashMap<Node, Known> now = new IdentityHashMap<>();

  /// One API. Things in it are made when they are first asked for.
  @SuppressWarnings("ReferenceEquality") // An equal API may stand elsewhere.
  static final class Known {
    private final Node node;
    private @Nullable List<Node.Text> upstreams;
    private @Nullable Boolean operations;
    private @Nullable Api meaning;
    private @Nullable List<Overlaps.Slot> slots;
    private Kept.@Nullable Bound bound;

    private Known(Node node) {
      this.node = node;
    }

    /// Every name of an upstream in it.
    List<Node.Text> upstreams() {
      if (upstreams == null) {
        upstreams = References.upstreams(node);
      }
      return upstreams;
    }

    /// Whether a route names an operation of a document.
    boolean operations() {
      if (operations == null) {
        operations =
            Notes.items(node, "routes").stream()
                .anyMatch(route -> Notes.text(route, "operation") != null);
      }
      return operations;
    }

    /// What it answers to.
    List<Overlaps.Slot> slots(Api api) {
      if (slots == null || meaning != api) {
        slots = Overlaps.slots(api);
      }
      return slots;
    }

    /// What it means; null: not made yet, or it has a document, of which it is made anew.
    @Nullable Api meaning() {
      return meaning;
    }

    void means(Api api) {
      meaning = api;
    }

    /// Where its policies stand, as its nodes say.
    Map<PolicyUse, Position> uses() {
      return bound == null ? Map.of() : bound.uses();
    }
  }

  /// A reading begins.
  Shapes begin(Map<String, Class<? extends Record>> policies) {
    sets.begin();
    if (shapes == null || !policies.equals(this.policies)) {
      before = new IdentityHashMap<>();
      now = new IdentityHashMap<>();
      this.policies = Map.copyOf(policies);
      shapes = new Shapes(policies);
    } else {
      before = now;
      now = new IdentityHashMap<>();
    }
    return shapes;
  }

  Known of(Node api) {
    return now.computeIfAbsent(
        api,
        node -> {
          var known = before.get(node);
          return known == null ? new Known(node) : known;
        });
  }

  /// All of this reading.
  IdentityHashMap<Node, Known> all() {
    return now;
  }

  /// The files of its sets.
  KnownSets sets() {
    return sets;
  }

  /// For the binder.
  Kept kept() {
    return new Kept() {
      @Override
      public boolean keeps(Class<? extends Record> type) {
        return type == Written.Api.class;
      }

      @Override
      public @Nullable Bound get(Node node) {
        return of(node).bound;
      }

      @Override
      public void put(Node node, Bound bound) {
        of(node).bound = bound;
      }
    };
  }
}
