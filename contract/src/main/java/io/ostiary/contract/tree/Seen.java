package io.ostiary.contract.tree;

import org.jspecify.annotations.Nullable;

/// Texts seen before, by a hash of theirs: names and settings are the same again and again. Used by
/// one thread.
final class Seen {
  private static final int SIZE = 1024;
  private static final int LENGTH_MAX = 40;

  private final @Nullable String[] texts = new @Nullable String[SIZE];

  /// @param chars of the text
  String piece(String text, char[] chars, int from, int to) {
    int length = to - from;
    if (length > LENGTH_MAX) {
      return text.substring(from, to);
    }
    int hash = length;
    for (int i = from; i < to; i++) {
      hash = hash * 31 + chars[i];
    }
    int place = (hash ^ (hash >>> 10)) & (SIZE - 1);
    var before = texts[place];
    if (before != null && before.length() == length && text.startsWith(before, from)) {
      return before;
    }
    var piece = text.substring(from, to);
    texts[place] = piece;
    return piece;
  }
}
