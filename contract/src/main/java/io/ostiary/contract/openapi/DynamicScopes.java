package io.ostiary.contract.openapi;

import io.ostiary.contract.openapi.DocumentFiles.File;
import io.ostiary.contract.openapi.DocumentFiles.Place;
import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Where a `$dynamicRef` leads (JSON Schema 2020-12, section 8.2.3.2): to the outermost of those
/// who give themselves its name, among the schema resources through which a value has been followed
/// to it. So a schema means something else for each way to it, and is translated once for each set
/// of such names in force, a [Scope].
///
/// A resource is what has an `$id`, and a whole file beside that. Each schema of `components`
/// counts as one as well, `$id` or not: within one resource a name could be given only once, and a
/// page of something, written as `$dynamicRef: '#item'`, could not be a page of two things.
///
/// Confined to the thread that reads.
final class DynamicScopes {
  private static final Pattern COMPONENT = Pattern.compile("/components/schemas/[^/]+");

  private final Map<Path, Map<String, Resource>> files = new HashMap<>();
  private final IdentityHashMap<Node, Resource> byRoot = new IdentityHashMap<>();

  /// A part of a file, and the names that are given in it.
  private static final class Resource {
    private final Map<String, Place> anchors = new TreeMap<>();
  }

  /// The names in force, and whom they name. Equal where they are the same.
  ///
  /// @param text of all that is bound
  record Scope(String text, Map<String, Place> bound) {
    static final Scope NONE = new Scope("", Map.of());

    Scope {
      bound = Map.copyOf(bound);
    }
  }

  /// What is in force behind a reference to this place.
  Scope enter(Scope outer, Place place) {
    return enter(outer, resource(place));
  }

  /// What is in force inside of this schema, where it is a resource; else what was before.
  Scope inside(Scope outer, Mapping schema) {
    var resource = byRoot.get(schema);
    return resource == null ? outer : enter(outer, resource);
  }

  private static Scope enter(Scope outer, Resource resource) {
    if (outer.bound.keySet().containsAll(resource.anchors.keySet())) {
      return outer;
    }
    var bound = new TreeMap<>(outer.bound);
    resource.anchors.forEach(bound::putIfAbsent);
    var text = new StringBuilder();
    bound.forEach((name, place) ->
        text.append(name)
            .append('=')
            .append(place.file().path())
            .append('#')
            .append(place.pointer())
            .append('\n'));
    return new Scope(text.toString(), bound);
  }

  /// The schema that gives itself this name in the resource of a place; null: none.
  @Nullable Place named(String name, Place place) {
    return resource(place).anchors.get(name);
  }

  private Resource resource(Place place) {
    var resources = resources(place.file());
    var pointer = place.pointer();
    while (true) {
      var found = resources.get(pointer);
      if (found != null) {
        return found;
      }
      pointer = pointer.substring(0, pointer.lastIndexOf('/'));
    }
  }

  private Map<String, Resource> resources(File file) {
    var known = files.get(file.path());
    if (known == null) {
      known = new HashMap<>();
      files.put(file.path(), known);
      var whole = new Resource();
      known.put("", whole);
      look(new Place(file, "", file.root()), whole, known);
    }
    return known;
  }

  private void look(Place place, Resource outer, Map<String, Resource> into) {
    switch (place.node()) {
      case Mapping mapping -> {
        var resource = outer;
        if (mapping.get("$id") instanceof Node.Text
            || COMPONENT.matcher(place.pointer()).matches()) {
          resource = new Resource();
          into.put(place.pointer(), resource);
          byRoot.put(mapping, resource);
        }
        if (mapping.get("$dynamicAnchor") instanceof Node.Text name) {
          resource.anchors.putIfAbsent(name.text(), place);
        }
        for (var member : mapping.members()) {
          look(place.child(member.name(), member.value()), resource, into);
        }
      }
      case Node.Sequence list -> {
        for (int i = 0; i < list.items().size(); i++) {
          look(place.child(Integer.toString(i), list.items().get(i)), outer, into);
        }
      }
      case Node.Scalar _ -> {
        // Names nothing.
      }
    }
  }
}
