package io.ostiary.kernel.shield;

import java.util.Arrays;
import java.util.function.IntConsumer;

/// A set of numbers 0-511: rules, or groups of addresses. Immutable.
final class Mask {
  static final int WORDS = 8;
  static final int BITS = WORDS * Long.SIZE;
  static final Mask EMPTY = new Mask(new long[WORDS]);
  private static final Mask[] ALONE = new Mask[BITS];

  static {
    Arrays.setAll(ALONE, EMPTY::with);
  }

  private final long[] words;
  private final int hash;

  private Mask(long[] words) {
    this.words = words;
    hash = Arrays.hashCode(words);
  }

  /// The same object for the same bit: a million blocks may have one each.
  static Mask of(int bit) {
    return ALONE[bit];
  }

  static Mask copyOf(long[] words) {
    return new Mask(Arrays.copyOf(words, WORDS));
  }

  Mask with(int bit) {
    if (has(bit)) {
      return this;
    }
    var copy = words.clone();
    copy[bit / Long.SIZE] |= 1L << bit;
    return new Mask(copy);
  }

  Mask without(int bit) {
    var copy = words.clone();
    copy[bit / Long.SIZE] &= ~(1L << bit);
    return new Mask(copy);
  }

  Mask or(Mask other) {
    if (other.isEmpty()) {
      return this;
    }
    if (isEmpty()) {
      return other;
    }
    var copy = words.clone();
    for (int i = 0; i < WORDS; i++) {
      copy[i] |= other.words[i];
    }
    return new Mask(copy);
  }

  boolean has(int bit) {
    return (words[bit / Long.SIZE] >> bit & 1) != 0;
  }

  boolean isEmpty() {
    for (long word : words) {
      if (word != 0) {
        return false;
      }
    }
    return true;
  }

  long word(int index) {
    return words[index];
  }

  void forEach(IntConsumer use) {
    for (int i = 0; i < WORDS; i++) {
      for (long rest = words[i]; rest != 0; rest &= rest - 1) {
        use.accept(i * Long.SIZE + Long.numberOfTrailingZeros(rest));
      }
    }
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof Mask mask && hash == mask.hash && Arrays.equals(words, mask.words));
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    var text = new StringBuilder("{");
    forEach(bit -> text.append(text.length() > 1 ? ", " : "").append(bit));
    return text.append('}').toString();
  }
}
