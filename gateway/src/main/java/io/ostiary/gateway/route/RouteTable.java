package io.ostiary.gateway.route;

import io.ostiary.model.Conditions;
import io.ostiary.model.PathPattern;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The routes of a plan as a tree of path segments. Immutable once built; a lookup reads the path's
/// bytes, makes no object, and costs the same for ten routes as for ten thousand.
///
/// The path decides first, then the method, then the conditions: where the best pattern for a path
/// does not take the method, the answer is 405, and no weaker pattern is asked (OpenAPI 3.1, "Path
/// Templating Matching"). A pattern all of whose routes have conditions, none of which holds, is
/// passed over.
///
/// @param <R> what a route is compiled to
public final class RouteTable<R> {
  /// Segments deeper than this match only an open end.
  private static final int DEPTH_MAX = 128;

  private static final byte[] @Nullable [] NONE = {};

  private final Node<R> root = new Node<>();

  /// The result of a lookup, reused by whoever asks; confined to its event loop.
  public static final class Match<R> {
    private final Predicate<R> admits;
    private @Nullable Leaf<R> leaf;
    private final int[] templates = new int[2 * DEPTH_MAX];
    private int templateCount;

    /// @param admits whether a route with conditions takes the request; asked for no other
    public Match(Predicate<R> admits) {
      this.admits = admits;
    }

    public boolean found() {
      return leaf != null;
    }

    /// The route for this method; null: the path is known, the method is not.
    public @Nullable R route(String method) {
      return leaf == null ? null : leaf.route(method, admits);
    }

    /// Some route of the path found.
    public @Nullable R anyRoute() {
      return leaf == null ? null : leaf.some(admits);
    }

    /// The methods of the path found, for the Allow field.
    public String allow() {
      return leaf == null ? "" : leaf.allow();
    }

    /// Where the value of the n-th `{name}` begins and ends in the path's bytes.
    public int templateStart(int n) {
      return templates[2 * n];
    }

    public int templateEnd(int n) {
      return templates[2 * n + 1];
    }

    public int templateCount() {
      return templateCount;
    }
  }

  private static final class Node<R> {
    /// Most nodes have no children: of ten thousand routes each ends in one of its own.
    private static final int[] NO_NUMBERS = {};

    private static final byte[][] NO_KEYS = {};

    private byte[][] keys = NO_KEYS;
    private int[] hashes = NO_NUMBERS;
    private List<Node<R>> children = List.of();
    private int[] buckets = NO_NUMBERS;
    private @Nullable Node<R> template;
    private @Nullable Leaf<R> exact;
    private @Nullable Leaf<R> open;

    private @Nullable Node<R> child(byte[] path, int from, int to, int hash) {
      if (children.isEmpty()) {
        return null;
      }
      int mask = buckets.length - 1;
      for (int b = hash & mask; buckets[b] != 0; b = b + 1 & mask) {
        int at = buckets[b] - 1;
        if (hashes[at] == hash && Arrays.equals(keys[at], 0, keys[at].length, path, from, to)) {
          return children.get(at);
        }
      }
      return null;
    }

    private Node<R> childOrNew(byte[] key) {
      int hash = hash(key, 0, key.length);
      var known = child(key, 0, key.length, hash);
      if (known != null) {
        return known;
      }
      int at = children.size();
      if (at == keys.length) {
        children = at == 0 ? new ArrayList<>(1) : children;
        int room = Math.max(1, at * 2);
        keys = Arrays.copyOf(keys, room);
        hashes = Arrays.copyOf(hashes, room);
        buckets = new int[room * 2];
        for (int i = 0; i < at; i++) {
          place(i);
        }
      }
      var child = new Node<R>();
      keys[at] = key;
      hashes[at] = hash;
      children.add(child);
      place(at);
      return child;
    }

    private void place(int at) {
      int mask = buckets.length - 1;
      int b = hashes[at] & mask;
      while (buckets[b] != 0) {
        b = b + 1 & mask;
      }
      buckets[b] = at + 1;
    }
  }

  /// A pattern as the tree takes it, without the pattern itself: a plan keeps one for each of ten
  /// thousand routes.
  public static final class Place {
    /// Its segments in the spelling that normalised request paths have; null: a template.
    private final byte[] @Nullable [] keys;

    /// Whether it ends in `/*`.
    private final boolean open;

    private final @Nullable String wrong;

    private Place(byte[] @Nullable [] keys, boolean open, @Nullable String wrong) {
      this.keys = keys;
      this.open = open;
      this.wrong = wrong;
    }

    public static Place of(PathPattern pattern) {
      var segments = pattern.segments();
      if (segments.size() >= DEPTH_MAX) {
        var wrong = "path: %d segments (expected: fewer than %d)";
        return new Place(NONE, false, wrong.formatted(segments.size(), DEPTH_MAX));
      }
      var keys = new byte[segments.size()] @Nullable [];
      for (int i = 0; i < keys.length; i++) {
        var segment = segments.get(i);
        boolean template = PathPattern.templated(segment);
        keys[i] = template ? null : spelled(segment).getBytes(StandardCharsets.ISO_8859_1);
      }
      return new Place(keys, pattern.openEnded(), null);
    }

    /// Why it cannot be taken; null: it can.
    public @Nullable String wrong() {
      return wrong;
    }
  }

  /// Adds a route. Returns null, or why it cannot stand beside the others.
  ///
  /// @param conditions for which the lookup asks whether the route takes a request
  public @Nullable String add(
      PathPattern pattern, Set<String> methods, Conditions conditions, R route) {
    var place = Place.of(pattern);
    if (place.wrong != null) {
      return place.wrong;
    }
    var taken = add(place, methods, conditions, route);
    return taken == null ? null : taken(taken, pattern);
  }

  /// Why a pattern cannot stand beside the others.
  ///
  /// @param method as [#add(Place, Set, Conditions, Object)] says it
  public static String taken(String method, PathPattern pattern) {
    return "path: " + method + " " + pattern + " has a route already";
  }

  /// Adds a route to a place that can be taken. Returns null, or for which method somebody has.
  public @Nullable String add(Place place, Set<String> methods, Conditions conditions, R route) {
    var node = root;
    for (var key : place.keys) {
      if (key == null) {
        node.template = node.template == null ? new Node<>() : node.template;
        node = node.template;
      } else {
        node = node.childOrNew(key);
      }
    }
    Leaf<R> leaf;
    if (place.open) {
      leaf = node.open = node.open == null ? new Leaf<>() : node.open;
    } else {
      leaf = node.exact = node.exact == null ? new Leaf<>() : node.exact;
    }
    return leaf.add(methods, conditions, route);
  }

  /// Finds the best pattern for the normalised path in `[from, to)`, which begins with a slash.
  public boolean find(byte[] path, int from, int to, Match<R> into) {
    into.leaf = null;
    into.templateCount = 0;
    into.leaf = find(root, path, to - from == 1 ? to : from, to, 0, into);
    return into.leaf != null;
  }

  /// @param at the slash before the next segment, or `to` where no segment is left
  private static <R> @Nullable Leaf<R> find(
      Node<R> node, byte[] path, int at, int to, int depth, Match<R> into) {
    if (at == to) {
      return node.exact != null && node.exact.takes(into.admits) ? node.exact : open(node, into);
    }
    if (depth < DEPTH_MAX) {
      int start = at + 1;
      int end = start;
      int hash = 0;
      while (end < to && path[end] != '/') {
        hash = 31 * hash + path[end++];
      }
      var child = node.child(path, start, end, spread(hash));
      if (child != null) {
        var leaf = find(child, path, end, to, depth + 1, into);
        if (leaf != null) {
          return leaf;
        }
      }
      if (node.template != null && end > start) {
        int mine = into.templateCount++;
        into.templates[2 * mine] = start;
        into.templates[2 * mine + 1] = end;
        var leaf = find(node.template, path, end, to, depth + 1, into);
        if (leaf != null) {
          return leaf;
        }
        into.templateCount = mine;
      }
    }
    return open(node, into);
  }

  private static <R> @Nullable Leaf<R> open(Node<R> node, Match<R> into) {
    return node.open != null && node.open.takes(into.admits) ? node.open : null;
  }

  private static int hash(byte[] bytes, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + bytes[i];
    }
    return spread(hash);
  }

  private static int spread(int hash) {
    return hash ^ hash >>> 15;
  }

  /// A literal segment in the spelling that normalised request paths have.
  public static String spelled(String segment) {
    for (int i = 0; i < segment.length(); i++) {
      if (!plain(segment.charAt(i))) {
        return escaped(segment);
      }
    }
    return segment;
  }

  private static boolean plain(int c) {
    return c > 0x20 && c < 0x7f && "\"<>\\^`{}%#?".indexOf(c) < 0;
  }

  private static String escaped(String segment) {
    var out = new StringBuilder();
    var bytes = segment.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length; i++) {
      int b = bytes[i] & 0xff;
      if (b == '%' && i + 2 < bytes.length) {
        int code = Character.digit(bytes[i + 1], 16) << 4 | Character.digit(bytes[i + 2], 16);
        boolean plain = code > 0 && (Character.isLetterOrDigit(code) || "-._~".indexOf(code) >= 0);
        out.append(plain && code < 0x80 ? "" + (char) code : "%%%02X".formatted(code & 0xff));
        i += 2;
        continue;
      }
      out.append(plain(b) ? "" + (char) b : "%%%02X".formatted(b));
    }
    return out.toString();
  }
}
