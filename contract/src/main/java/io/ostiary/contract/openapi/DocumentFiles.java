package io.ostiary.contract.openapi;

import io.ostiary.contract.tree.Fault;
import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.Position;
import io.ostiary.contract.tree.TreeReader;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// A document and the files it refers to, all inside the directory of the document. Confined to the
/// thread that reads the document.
final class DocumentFiles {
  private static final int FILES_MAX = 500;
  private static final int HOPS_MAX = 50;
  private static final int TOLD_MAX = 200;

  private final Path directory;
  private final String shownDirectory;
  private final Map<Path, File> files = new HashMap<>();
  private final Map<Path, String> digests = new HashMap<>();
  private final List<String> texts = new ArrayList<>();
  private final Map<Path, Map<String, Place>> anchors = new HashMap<>();
  private final List<Fault> faults = new ArrayList<>();
  private final List<Fault> warnings = new ArrayList<>();

  /// One file that could be read.
  record File(Path path, Node root) {}

  /// A node and the file it stands in, against which its references are resolved.
  ///
  /// @param pointer where it stands in its file
  record Place(File file, String pointer, Node node) {
    Place child(String name, Node value) {
      return new Place(file, pointer + io.ostiary.contract.schema.Mismatch.step(name), value);
    }

    /// The place of a member, or null.
    @Nullable Place down(String name) {
      var value = get(name);
      return value == null ? null : child(name, value);
    }

    @Nullable Node get(String name) {
      return node instanceof Mapping mapping ? mapping.get(name) : null;
    }
  }

  /// @param main the document
  /// @param name what faults call it
  static DocumentFiles of(Path main, String name) {
    var absolute = main.toAbsolutePath().normalize();
    var parent = absolute.getParent();
    int slash = name.lastIndexOf('/');
    return new DocumentFiles(
        parent == null ? absolute : parent, slash < 0 ? "" : name.substring(0, slash + 1));
  }

  private DocumentFiles(Path directory, String shownDirectory) {
    this.directory = directory;
    this.shownDirectory = shownDirectory;
  }

  boolean isFaulty() {
    return !faults.isEmpty();
  }

  /// By place, each once.
  List<Fault> faults() {
    return List.copyOf(new TreeSet<>(faults));
  }

  /// By place, each once.
  List<Fault> warnings() {
    return List.copyOf(new TreeSet<>(warnings));
  }

  void fault(Node at, String message) {
    add(faults, at.at(), message);
  }

  void fault(Position at, String message) {
    add(faults, at, message);
  }

  void warn(Node at, String message) {
    add(warnings, at.at(), message);
  }

  void warn(Position at, String message) {
    add(warnings, at, message);
  }

  /// Each costs a search for its line, and nobody reads thousands.
  private static void add(List<Fault> list, Position at, String message) {
    if (list.size() < TOLD_MAX) {
      list.add(at.fault(message));
    } else if (list.size() == TOLD_MAX) {
      list.add(at.fault(message + ". There are more, which are not told"));
    }
  }

  /// The same files, for somebody whose faults nobody is told.
  DocumentFiles aside() {
    var aside = new DocumentFiles(directory, shownDirectory);
    aside.files.putAll(files);
    aside.digests.putAll(digests);
    aside.texts.addAll(texts);
    return aside;
  }

  /// Every file that was asked for, and what it held, see [TreeReader.Lent].
  Map<Path, String> digests() {
    return Map.copyOf(digests);
  }

  /// No fault is looked for any more: one that is found all the same shows no excerpt.
  void letGo() {
    texts.clear();
  }

  /// Reads a file, once. Its faults are added to ours.
  @Nullable File open(Path path, String name) {
    if (files.containsKey(path)) {
      return files.get(path);
    }
    var parsed = read(path, name);
    faults.addAll(parsed.faults());
    var file = parsed instanceof Parsed.Tree tree ? new File(path, tree.root()) : null;
    files.put(path, file);
    return file;
  }

  private Parsed read(Path path, String name) {
    var lent = TreeReader.lent(path, name, Limits.DOCUMENT);
    digests.put(path, lent.digest());
    texts.add(lent.text());
    return lent.parsed();
  }

  /// What a reference leads to, or null after a fault.
  @Nullable Place resolve(Node reference, String text, File from) {
    int hash = text.indexOf('#');
    var filePart = hash < 0 ? text : text.substring(0, hash);
    var file = filePart.isEmpty() ? from : sibling(reference, filePart, from);
    if (file == null) {
      return null;
    }
    var pointer = decode(hash < 0 ? "" : text.substring(hash + 1));
    if (pointer == null) {
      fault(reference, "$ref: '" + text + "' (expected: percent-encoded UTF-8 behind '#')");
      return null;
    }
    if (!pointer.isEmpty() && !pointer.startsWith("/")) {
      return anchor(reference, text, pointer, file);
    }
    var node = file.root().at(pointer);
    if (node == null) {
      fault(reference, "$ref: '" + text + "' (expected: something that exists; it leads nowhere)");
      return null;
    }
    return new Place(file, pointer, node);
  }

  /// A schema by the name that it gives itself (JSON Schema 2020-12, `$anchor`).
  private @Nullable Place anchor(Node reference, String text, String name, File file) {
    var place = anchored(name, file);
    if (place == null) {
      fault(
          reference,
          "$ref: '"
              + text
              + "' (expected: a JSON pointer behind '#', such as #/components/schemas/Order, or an"
              + " $anchor of the file)");
    }
    return place;
  }

  /// Null: nothing is called so.
  @Nullable Place anchored(String name, File file) {
    return anchors
        .computeIfAbsent(
            file.path(),
            _ -> {
              var found = new HashMap<String, Place>();
              anchors(new Place(file, "", file.root()), found);
              return found;
            })
        .get(name);
  }

  private static void anchors(Place place, Map<String, Place> into) {
    for (var keyword : List.of("$anchor", "$dynamicAnchor")) {
      if (place.get(keyword) instanceof Node.Text name) {
        into.putIfAbsent(name.text(), place);
      }
    }
    switch (place.node()) {
      case Mapping mapping ->
          mapping
              .members()
              .forEach(member -> anchors(place.child(member.name(), member.value()), into));
      case Node.Sequence list -> {
        for (int i = 0; i < list.items().size(); i++) {
          anchors(place.child(Integer.toString(i), list.items().get(i)), into);
        }
      }
      case Node.Scalar _ -> {
        // Names nothing.
      }
    }
  }

  /// The file that a reference leads to; null where it leads to none. Nobody is told why.
  @Nullable File quietly(String text, File from) {
    int hash = text.indexOf('#');
    var path = hash < 0 ? text : text.substring(0, hash);
    return path.isEmpty() ? from : sibling(from.root(), path, from);
  }

  /// By its path from the document's directory.
  String relative(File file) {
    return directory.relativize(file.path()).toString();
  }

  private @Nullable File sibling(Node reference, String filePart, File from) {
    if (filePart.contains("://") || filePart.startsWith("//")) {
      fault(
          reference,
          "$ref: '"
              + filePart
              + "' (expected: a file beside the document). Nothing is fetched: save a copy there");
      return null;
    }
    var relative = decode(filePart);
    var base = from.path().getParent();
    if (relative == null || base == null || relative.indexOf('\0') >= 0) {
      fault(reference, "$ref: '" + filePart + "' (expected: the path of a file)");
      return null;
    }
    var path = base.resolve(relative).normalize();
    if (!path.startsWith(directory) || !reallyInside(path)) {
      fault(
          reference,
          "$ref: '" + filePart + "' (expected: a file inside the directory of the document)");
      return null;
    }
    if (files.size() >= FILES_MAX) {
      fault(reference, "$ref: more than " + FILES_MAX + " files (expected: at most that)");
      return null;
    }
    return open(path, shownDirectory + directory.relativize(path));
  }

  /// A symbolic link must not lead out either. A file that is missing is reported by its reader.
  private boolean reallyInside(Path path) {
    try {
      return !java.nio.file.Files.exists(path)
          || path.toRealPath().startsWith(directory.toRealPath());
    } catch (IOException e) {
      return false;
    }
  }

  private static @Nullable String decode(String text) {
    try {
      return text.indexOf('%') < 0
          ? text
          : URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /// Follows `$ref` until something else stands there; null after a fault.
  @Nullable Place follow(Place place) {
    var at = place;
    for (int hops = 0; hops < HOPS_MAX; hops++) {
      if (!(at.get("$ref") instanceof Node.Text reference)) {
        return at;
      }
      at = resolve(reference, reference.text(), at.file());
      if (at == null) {
        return null;
      }
    }
    fault(place.node(), "$ref: leads back to itself (expected: something else at its end)");
    return null;
  }
}
