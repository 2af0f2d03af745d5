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
    if (changed(of, text)) {
      id = of.id(text);
    }
    return id;
  }

  /// As [Names#idOf(Object, String)].
  int idOf(Names of, Object object, String name) {
    if (changed(of, object)) {
      id = of.idOf(object, name);
    }
    return id;
  }

  /// As [Names#idOf(Object)].
  int idOf(Names of, Object object) {
    if (changed(of, object)) {
      id = of.idOf(object);
    }
    return id;
  }

  private boolean changed(Names of, Object now) {
    if (thing == now && names == of) {
      return false;
    }
    thing = now;
    names = of;
    return true;
  }
}
