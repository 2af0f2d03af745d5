package io.ostiary.contract.config;

import io.ostiary.contract.bind.Binder;
import io.ostiary.contract.bind.Kept;
import io.ostiary.contract.bind.Shapes;
import io.ostiary.contract.tree.Making;
import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import io.ostiary.model.Api;
import io.ostiary.model.PolicyUse;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What was made of the APIs of a configuration and of their routes, by the very nodes that they
/// were read from: an API or a route whose node was kept from the version before need not be made
/// again. All of it follows from the node alone, given the same policies. Used by one reading at a
/// time, but for what [Making] asks for: that is used by whoever composes the text.
final class KnownApis implements Making {
  private final KnownSets sets = new KnownSets();
  private final KnownDocuments documents = new KnownDocuments();
  private volatile @Nullable Shapes shapes;
  private Map<String, Class<? extends Record>> policies = Map.of();
  private IdentityHashMap<Node, Known> before = new IdentityHashMap<>();
  private IdentityHashMap<Node, Known> now = new IdentityHashMap<>();

  /// One API. Things in it are made when they are first asked for.
  @SuppressWarnings("ReferenceEquality") // An equal API may stand elsewhere.
  static final class Known {
    private final Node node;
    private final @Nullable Shapes shapes;
    private @Nullable List<Node.Text> upstreams;
    private @Nullable Boolean operations;
    private @Nullable Api meaning;
    private Kept.@Nullable Bound bound;

    private Known(Node node, @Nullable Shapes shapes) {
      this.node = node;
      this.shapes = shapes;
    }

    /// Every name of an upstream in it.
    List<Node.Text> upstreams() {
      if (upstreams == null) {
        upstreams = References.upstreams(node, shapes);
      }
      return upstreams;
    }

    /// Whether a route names an operation of a document.
    boolean operations() {
      if (operations == null) {
        operations =
            Notes.items(node, "routes").stream()
                .anyMatch(route -> References.operation(route, shapes) != null);
      }
      return operations;
    }

    /// What it means, with the document that it had then; null: not made yet.
    @Nullable Api meaning() {
      return meaning;
    }

    void means(Api api) {
      meaning = api;
    }

    /// Its policies, but for those of routes that keep theirs.
    List<PolicyUse> uses() {
      return bound == null ? List.of() : bound.uses();
    }
  }

  /// A reading begins.
  Shapes begin(Map<String, Class<? extends Record>> policies) {
    sets.begin();
    var shapes = this.shapes;
    if (shapes == null || !policies.equals(this.policies)) {
      before = new IdentityHashMap<>();
      now = new IdentityHashMap<>();
      this.policies = Map.copyOf(policies);
      shapes = new Shapes(policies);
      this.shapes = shapes;
    } else {
      before = now;
      now = new IdentityHashMap<>();
    }
    return shapes;
  }

  /// The reading ends: what it did not ask for of the one before is let go.
  void end() {
    before = new IdentityHashMap<>();
  }

  Known of(Node api) {
    return now.computeIfAbsent(
        api,
        node -> {
          var known = before.get(node);
          return known == null ? new Known(node, shapes) : known;
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

  /// Its OpenAPI documents.
  KnownDocuments documents() {
    return documents;
  }

  /// Of this reading; null: none has begun.
  @Nullable Shapes shapes() {
    return shapes;
  }

  /// What is known of a route; null: nothing.
  @Nullable KnownRoute route(Node node) {
    return KnownRoute.of(node, shapes);
  }

  @Override
  public boolean makes(String list, String inner) {
    return list.equals("apis") && inner.equals("routes");
  }

  @Override
  public Maker maker() {
    var shapes = this.shapes;
    if (shapes == null) {
      return _ -> null; // The policies are not known yet.
    }
    var binder = new Binder();
    return item -> {
      var bound = binder.item(shapes, Written.Route.class, item);
      return bound == null ? null : new KnownRoute(shapes, bound, item);
    };
  }

  /// For the binder.
  Kept kept() {
    return new Kept() {
      @Override
      public boolean keeps(Class<? extends Record> type) {
        return type == Written.Api.class || type == Written.Route.class;
      }

      @Override
      public @Nullable Bound get(Class<? extends Record> type, Node node) {
        if (type == Written.Api.class) {
          return KnownApis.this.of(node).bound;
        }
        return route(node);
      }

      @Override
      public boolean put(Class<? extends Record> type, Node node, Bound bound) {
        if (type == Written.Api.class) {
          KnownApis.this.of(node).bound = bound;
          return true;
        }
        var shapes = KnownApis.this.shapes;
        if (shapes == null || !(node instanceof Mapping mapping) || !mapping.keeps()) {
          return false;
        }
        mapping.made(new KnownRoute(shapes, bound, mapping.opened()));
        return true;
      }
    };
  }
}
