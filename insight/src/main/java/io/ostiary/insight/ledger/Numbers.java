package io.ostiary.insight.ledger;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Finds the number of a text, and of a configured thing by its identity: records hash all their
/// components, which is far too slow here. Open addressing, and no object for a number: what is
/// made for each segment of the journal would be old by the time it is garbage. Confined to the
/// ledger reader.
final class Numbers {
  private static final int SLOTS_MIN = 64;
  private static final int THINGS_MAX = 65_536;

  /// Of each slot a text's number; 0: empty. At most half of them are taken.
  private int[] texts = new int[SLOTS_MIN];

  private int textCount;

  private @Nullable Object[] things = new Object[SLOTS_MIN];
  private int[] numbers = new int[SLOTS_MIN];
  private int thingCount;

  /// 0: none.
  ///
  /// @param all the texts by their number
  int ofText(String text, @Nullable String[] all) {
    return texts[slot(text, all)];
  }

  /// @param all the texts by their number, the new one among them
  void addText(int number, @Nullable String[] all) {
    if (++textCount > texts.length / 2) {
      var before = texts;
      texts = new int[before.length * 2];
      for (int known : before) {
        if (known != 0) {
          texts[slot(text(known, all), all)] = known;
        }
      }
    }
    texts[slot(text(number, all), all)] = number;
  }

  private int slot(String text, @Nullable String[] all) {
    int slot = mixed(text.hashCode()) & (texts.length - 1);
    while (texts[slot] != 0 && !text.equals(all[texts[slot]])) {
      slot = (slot + 1) & (texts.length - 1);
    }
    return slot;
  }

  private static String text(int number, @Nullable String[] all) {
    return java.util.Objects.requireNonNull(all[number]);
  }

  /// 0: none.
  int ofThing(Object thing) {
    int slot = slot(thing);
    return things[slot] == null ? 0 : numbers[slot];
  }

  /// Where there are very many, all others are forgotten.
  void addThing(Object thing, int number) {
    if (thingCount == THINGS_MAX) {
      clearThings();
    }
    if (++thingCount > things.length / 2) {
      var thingsBefore = things;
      var numbersBefore = numbers;
      things = new Object[thingsBefore.length * 2];
      numbers = new int[things.length];
      for (int i = 0; i < thingsBefore.length; i++) {
        var known = thingsBefore[i];
        if (known != null) {
          put(known, numbersBefore[i]);
        }
      }
    }
    put(thing, number);
  }

  private void put(Object thing, int number) {
    int slot = slot(thing);
    things[slot] = thing;
    numbers[slot] = number;
  }

  @SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
  private int slot(Object thing) {
    int slot = mixed(System.identityHashCode(thing)) & (things.length - 1);
    while (things[slot] != null && things[slot] != thing) {
      slot = (slot + 1) & (things.length - 1);
    }
    return slot;
  }

  private static int mixed(int hash) {
    int mixed = hash * 0x9e3779b9;
    return mixed ^ mixed >>> 16;
  }

  /// Forgets all; keeps the memory.
  void clear() {
    Arrays.fill(texts, 0);
    textCount = 0;
    clearThings();
  }

  void forgetThings() {
    if (thingCount > 0) {
      clearThings();
    }
  }

  private void clearThings() {
    Arrays.fill(things, null);
    thingCount = 0;
  }
}
