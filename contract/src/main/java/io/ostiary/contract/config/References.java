package io.ostiary.contract.config;

import io.ostiary.contract.bind.Shapes;
import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import io.ostiary.contract.tree.Position;
import io.ostiary.contract.tree.Spelling;
import io.ostiary.model.Route;
import io.ostiary.model.SocketPath;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Names that must be unique and names that must be known. Works on the tree, so that it finds
/// these faults also where others keep the records from being made.
final class References {
  private final Node root;
  private final Documents documents;
  private final Notes notes;
  private final KnownApis known;

  private References(Node root, Documents documents, Notes notes, KnownApis known) {
    this.root = root;
    this.documents = documents;
    this.notes = notes;
    this.known = known;
  }

  static void check(Node root, Documents documents, Notes notes, KnownApis known) {
    var references = new References(root, documents, notes, known);
    references.unique("apis");
    references.unique("services");
    var upstreams = references.unique("upstreams");
    references.upstreams(upstreams);
    references.operations();
    references.listeners();
  }

  private Map<String, Node> unique(String section) {
    var first = new LinkedHashMap<String, Node>();
    for (var item : Notes.items(root, section)) {
      var name = Notes.text(item, "name");
      var other = name == null ? null : first.putIfAbsent(name.text(), name);
      if (name != null && other != null) {
        notes.fault(
            name, "name: " + name.seen() + " is given twice, first at " + place(other.at()));
      }
    }
    return first;
  }

  private void upstreams(Map<String, Node> known) {
    var unused = new HashMap<>(known);
    for (var api : Notes.items(root, "apis")) {
      for (var upstream : this.known.of(api).upstreams()) {
        unused.remove(upstream.text());
        if (!known.containsKey(upstream.text())) {
          notes.fault(upstream, unknown("upstream", upstream, List.copyOf(known.keySet())));
        }
      }
    }
    unused.forEach(
        (name, node) -> notes.warning(node, "upstream '" + name + "' is not used by any api"));
  }

  /// Each name of an upstream in an API.
  static List<Node.Text> upstreams(Node api, @Nullable Shapes shapes) {
    var named = new ArrayList<>(upstreams(api));
    for (var route : Notes.items(api, "routes")) {
      var known = KnownRoute.of(route, shapes);
      named.addAll(known == null ? upstreams(route) : known.upstreams());
    }
    return List.copyOf(named);
  }

  /// Each in an API but for its routes, or in a route.
  static List<Node.Text> upstreams(Node place) {
    var opened = place instanceof Mapping mapping ? mapping.opened() : place;
    List<Node.Text> named = List.of();
    for (var node : referring(opened)) {
      var upstream = Notes.text(node, "upstream");
      if (upstream != null) {
        named = named.isEmpty() ? new ArrayList<>() : named;
        named.add(upstream);
      }
    }
    return named;
  }

  /// Everything that may have a member `upstream`: the place itself, the shares of a split, and
  /// policies.
  private static List<Node> referring(Node place) {
    var referring = new ArrayList<Node>();
    referring.add(place);
    if (Notes.member(place, "split") instanceof Mapping split) {
      referring.addAll(Notes.items(split, "to"));
      var one = split.get("to");
      if (one instanceof Mapping) {
        referring.add(one);
      }
    }
    for (var use : Notes.items(place, "policies")) {
      if (use instanceof Mapping named) {
        named.members().forEach(member -> referring.add(member.value()));
      }
    }
    return referring;
  }

  /// The operation of a document that a route names, or null.
  static Node.@Nullable Text operation(Node route, @Nullable Shapes shapes) {
    var known = KnownRoute.of(route, shapes);
    return known == null ? Notes.text(route, "operation") : known.operation();
  }

  private void operations() {
    for (var api : Notes.items(root, "apis")) {
      if (!known.of(api).operations()) {
        continue;
      }
      var openapi = Notes.text(api, "openapi");
      var document = documents.get(openapi == null ? null : openapi.text());
      var seen = new HashSet<String>();
      for (var route : Notes.items(api, "routes")) {
        var operation = operation(route, known.shapes());
        if (operation != null) {
          operation(operation, openapi, document);
          if (!seen.add(operation.text())) {
            notes.fault(operation, "operation: " + operation.seen() + " is given twice");
          }
        }
      }
    }
  }

  private void operation(
      Node.Text operation,
      Node.@Nullable Text openapi,
      ApiDocuments.Loaded.@Nullable Understood document) {
    if (openapi == null) {
      notes.fault(
          operation,
          "operation: " + operation.seen() + " (expected: path, for this api has no openapi)");
    } else if (document != null) {
      var ids = document.routes().stream().map(Route::id).toList();
      if (!ids.contains(operation.text())) {
        notes.fault(operation, unknown("operation", operation, ids) + " in " + openapi.text());
      }
    }
  }

  private static String unknown(String what, Node.Text name, List<String> known) {
    var hint = Spelling.hint(name.text(), known);
    if (!hint.isEmpty()) {
      return "unknown " + what + " " + name.seen() + hint;
    }
    var few = known.size() > 8 ? known.subList(0, 8) : known;
    var list = String.join(", ", few) + (few.size() < known.size() ? ", ..." : "");
    return "unknown "
        + what
        + " "
        + name.seen()
        + (known.isEmpty() ? " (there is none)" : " (expected one of: " + list + ")");
  }

  /// Two listeners on one port clash where their addresses are the same or one stands for all.
  private void listeners() {
    var taken = new ArrayList<Taken>();
    for (var item : Notes.items(root, "listeners")) {
      var text = item instanceof Node.Text alone ? alone : Notes.text(item, "address");
      if (text != null) {
        listener(text, taken);
      }
    }
  }

  private record Taken(Node.Text text, TargetAddress address) {}

  private void listener(Node.Text text, List<Taken> earlier) {
    TargetAddress address;
    try {
      address = TargetAddress.parse(text.text());
    } catch (IllegalArgumentException e) {
      // The binder has said so.
      return;
    }
    for (var other : earlier) {
      var seen = other.address;
      if (SocketPath.is(address.host()) || SocketPath.is(seen.host())) {
        if (seen.host().equals(address.host())) {
          notes.fault(text, "address: taken by the listener at " + place(other.text.at()));
          return;
        }
        continue;
      }
      boolean clash = seen.host().equals(address.host()) || everywhere(seen) || everywhere(address);
      if (seen.port() == address.port() && clash) {
        notes.fault(
            text,
            "address: port "
                + address.port()
                + " is taken by the listener at "
                + place(other.text.at()));
        return;
      }
    }
    earlier.add(new Taken(text, address));
  }

  private static boolean everywhere(TargetAddress address) {
    return address.host().equals("0.0.0.0") || address.host().equals("::");
  }

  static String place(Position at) {
    return "line " + at.line();
  }
}
