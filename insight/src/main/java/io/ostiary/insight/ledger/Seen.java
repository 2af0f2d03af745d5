package io.ostiary.insight.ledger;

import org.jspecify.annotations.Nullable;

/// What stood in one place of the row before, and its number: most places hold the same thing in
/// row after row, and then nothing is looked up. Confined to the ledger reader.
@SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
final class Seen {
  private @Nullable Names names;
  private @Nullable Object thing;
  private int id;

  /// As [Names#id].
  int id(Names of, String text) {
    if (thing != text || names != of) {
      id = of.id(text);
      thing = text;
      names = of;
    }
    return id;
  }

  /// As [Names#idOf(Object, String)].
  int idOf(Names of, Object object, String name) {
    if (thing != object || names != of) {
      id = of.idOf(object, name);
      thing = object;
      names = of;
    }
    return id;
  }

  /// As [Names#idOf(Object)].
  int idOf(Names of, Object object) {
    if (thing != object || names != of) {
      id = of.idOf(object);
      thing = object;
      names = of;
    }
    return id;
  }
}
