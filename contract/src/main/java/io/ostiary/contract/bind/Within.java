package io.ostiary.contract.bind;

import java.util.ArrayDeque;
import java.util.HashSet;

/// Finds a setting that was written a level or two too high, as people do who know it from
/// elsewhere: `sticky` of an upstream stands in its `spread`.
final class Within {
  private static final int STEPS_MAX = 3;

  private Within() {}

  private record Step(Shape.Fields shape, String path, int depth) {}

  /// `. Did you mean 'spread.sticky'?`, or nothing where no setting within has this name. Of
  /// several the one that is nearest.
  static String hint(String seen, Shape.Fields shape) {
    var open = new ArrayDeque<Step>();
    var known = new HashSet<Class<?>>();
    open.add(new Step(shape, "", 1));
    for (var at = open.poll(); at != null; at = open.poll()) {
      for (var field : at.shape.fields()) {
        var path = at.path + field.name();
        if (at.depth > 1 && field.name().equals(Wording.kebab(seen))) {
          return ". Did you mean '" + path + "'?";
        }
        if (at.depth < STEPS_MAX
            && field.shape() instanceof Shape.Fields inner
            && known.add(inner.type())) {
          open.add(new Step(inner, path + ".", at.depth + 1));
        }
      }
    }
    return "";
  }
}
