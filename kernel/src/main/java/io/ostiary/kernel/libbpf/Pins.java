package io.ostiary.kernel.libbpf;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/// A folder of the BPF file system, in which maps and links wait for the next process. Whoever
/// makes the folder owns it; what is taken out of it is held by a descriptor again. Confined to one
/// thread.
public final class Pins {
  private static final String MAPS = "map-";
  private static final String OWN_SECTION = ".data.";
  private static final String LINKS = "link-";

  private final Path folder;
  private final Libbpf library;

  public Pins(Path folder, Libbpf library) {
    this.folder = folder;
    this.library = library;
  }

  /// Whether somebody left something here.
  public boolean any() {
    return Files.isDirectory(folder);
  }

  /// An empty folder.
  ///
  /// @throws IOException where there is no BPF file system that we may write
  public void begin() throws IOException {
    clear();
    Files.createDirectories(folder);
  }

  public void put(BpfObject object) throws LibbpfException {
    for (var map : object.shapes().entrySet()) {
      // The object's own data, but for what has a section of its own, is written anew by Java.
      if (map.getKey().indexOf('.') < 0 || map.getKey().startsWith(OWN_SECTION)) {
        pin(object.descriptor(map.getKey()), pin(map.getKey(), map.getValue()));
      }
    }
  }

  /// @param name the interface's number and the hook
  public void put(BpfLink link, String name) throws LibbpfException {
    pin(link.descriptor(), LINKS + name);
  }

  /// A name has no dots here.
  private static String pin(String map, String shape) {
    return MAPS + map.replace('.', '_') + "-" + shape;
  }

  private void pin(int descriptor, String name) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var path = arena.allocateFrom(folder.resolve(name).toString());
      library.number("cannot pin " + name, "bpf_obj_pin", descriptor, path);
    }
  }

  /// A descriptor of the map that was pinned with exactly this layout, to be closed by the caller.
  public OptionalInt map(String name, String shape) throws LibbpfException {
    var pin = pin(name, shape);
    return Files.exists(folder.resolve(pin)) ? OptionalInt.of(get(pin)) : OptionalInt.empty();
  }

  /// The links that wait, by name; from now on they are held by this process alone.
  public Map<String, BpfLink> takeLinks() throws LibbpfException, IOException {
    var found = new TreeMap<String, BpfLink>();
    for (var path : list()) {
      var pin = path.getFileName().toString();
      if (pin.startsWith(LINKS)) {
        found.put(pin.substring(LINKS.length()), BpfLink.held(library, get(pin)));
        Files.delete(path);
      }
    }
    return found;
  }

  private int get(String pin) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var path = arena.allocateFrom(folder.resolve(pin).toString());
      return library.number(pin, "bpf_obj_get", path);
    }
  }

  private List<Path> list() throws IOException {
    if (!any()) {
      return List.of();
    }
    try (var paths = Files.list(folder)) {
      return paths.sorted().toList();
    }
  }

  /// Takes away everything that is still here: what hung on it alone is gone.
  public void clear() throws IOException {
    var all = new ArrayList<>(list());
    all.sort(Comparator.reverseOrder());
    for (var path : all) {
      Files.delete(path);
    }
    Files.deleteIfExists(folder);
  }
}
