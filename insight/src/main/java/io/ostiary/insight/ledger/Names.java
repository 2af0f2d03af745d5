package io.ostiary.insight.ledger;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The texts that rows refer to by number, such as names of APIs and policies. One for each journal
/// segment, which thus can be read, and deleted, alone. Number 0 is no text.
///
/// Written by the ledger reader alone; read by any thread that got a row's number through a safe
/// hand-over.
public final class Names {
  /// A segment with this many names is closed, so that memory stays bounded whatever names occur.
  public static final int SIZE_MAX = 100_000;

  private final Numbers numbers;
  private volatile @Nullable String[] texts = new String[64];
  private volatile int size = 1;

  public Names() {
    this(new Numbers());
  }

  private Names(Numbers numbers) {
    this.numbers = numbers;
  }

  /// Empty ones, for which this one gives up what it finds numbers by: it can be read on, and must
  /// not be asked for the number of a text or thing any more.
  public Names next() {
    numbers.clear();
    return new Names(numbers);
  }

  /// Forgets by which things texts were found, not the texts: those of a plan that is over should
  /// go with it.
  void forgetThings() {
    numbers.forgetThings();
  }

  public int id(String text) {
    if (text.isEmpty()) {
      return 0;
    }
    int id = numbers.ofText(text, texts);
    return id == 0 ? add(text) : id;
  }

  /// The number of `object.toString()`, remembered by identity.
  int idOf(Object object) {
    int id = numbers.ofThing(object);
    return id == 0 ? remember(object, object.toString()) : id;
  }

  /// The number of a thing's name, remembered by the thing's identity.
  int idOf(Object object, String name) {
    int id = numbers.ofThing(object);
    return id == 0 ? remember(object, name) : id;
  }

  private int remember(Object object, String name) {
    int id = id(name);
    numbers.addThing(object, id);
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
    numbers.addText(id, all);
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
