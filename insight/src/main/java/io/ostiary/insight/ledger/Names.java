package io.ostiary.insight.ledger;

import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The texts that rows refer to by number, such as names of APIs and policies. One for each journal
/// segment, which thus can be read, and deleted, alone. Number 0 is no text.
///
/// Written by the ledger reader alone; read by any thread that got a row's number through a safe
/// hand-over.
public final class Names {
  /// A segment with this many names is closed, so that memory stays bounded whatever names occur.
  public static final int SIZE_MAX = 100_000;

  private static final int KNOWN_MAX = 65_536;

  private final Map<String, Integer> ids = new HashMap<>();

  /// Configured things by identity: records hash all their components, which is far too slow here.
  private final IdentityHashMap<Object, Integer> known = new IdentityHashMap<>();

  private volatile @Nullable String[] texts = new String[64];
  private volatile int size = 1;

  public int id(String text) {
    if (text.isEmpty()) {
      return 0;
    }
    var id = ids.get(text);
    return id == null ? add(text) : id;
  }

  /// The number of `object.toString()`, remembered by identity.
  int idOf(Object object) {
    var id = known.get(object);
    return id == null ? remember(object, object.toString()) : id;
  }

  /// The number of a thing's name, remembered by the thing's identity.
  int idOf(Object object, String name) {
    var id = known.get(object);
    return id == null ? remember(object, name) : id;
  }

  private int remember(Object object, String name) {
    if (known.size() >= KNOWN_MAX) {
      known.clear();
    }
    int id = id(name);
    known.put(object, id);
    return id;
  }

  private int add(String text) {
    int id = size;
    var all = texts;
    if (id == all.length) {
      all = Arrays.copyOf(all, id * 2);
    }
    all[id] = text;
    texts = all;
    size = id + 1;
    ids.put(text, id);
    return id;
  }

  /// The text of a number, null for 0.
  public @Nullable String text(int id) {
    if (id < 0 || id >= size) {
      throw new IllegalStateException("name number: " + id + " (expected: 0-" + (size - 1) + ")");
    }
    return texts[id];
  }

  /// As [#text], with an empty text for 0.
  public String textOrEmpty(int id) {
    var text = text(id);
    return text == null ? "" : text;
  }

  /// The number of a text from any thread, or -1. Slow: looks at all of them.
  public int find(String text) {
    var all = texts;
    int end = size;
    for (int i = 1; i < end; i++) {
      if (text.equals(all[i])) {
        return i;
      }
    }
    return -1;
  }

  /// One more than the highest number.
  public int size() {
    return size;
  }
}
