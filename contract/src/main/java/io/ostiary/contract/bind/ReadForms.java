package io.ostiary.contract.bind;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What texts were read as, by what they are a form of: of ten thousand routes most say `1m`. Used
/// by one binder.
final class ReadForms {
  private static final int TEXTS_MAX = 256;
  private static final int LENGTH_MAX = 40;

  private final Map<Object, Set<Object>> alone = new HashMap<>();
  private final IdentityHashMap<Shape.Form, Map<String, Object>> known = new IdentityHashMap<>();

  /// Null: not read before.
  @Nullable Object get(Shape.Form form, String text) {
    var texts = known.get(form);
    return texts == null ? null : texts.get(text);
  }

  void put(Shape.Form form, String text, Object value) {
    var texts = known.computeIfAbsent(form, _ -> new HashMap<>());
    if (texts.size() < TEXTS_MAX && text.length() <= LENGTH_MAX) {
      texts.put(text, value);
    }
  }

  /// A list or a set of one, the same one where it is a word again.
  Object alone(Shape.Items shape, Object only) {
    boolean word = only instanceof String || only instanceof Enum<?>;
    if (!word || alone.size() >= TEXTS_MAX) {
      return shape.unique() ? Set.of(only) : List.of(only);
    }
    return shape.unique() ? alone.computeIfAbsent(only, Set::of) : List.of(only);
  }
}
