package io.ostiary.contract.bind;

import java.util.ArrayDeque;
import java.util.HashSet;

/// Finds what was written at another place than it has here, as people do who know it from
/// elsewhere: `sticky` of an upstream stands in its `spread`, `rate-limit` among the policies.
final class Within {
  private static final int STEPS_MAX = 3;

  private Within() {}

  private record Step(Shape.Fields shape, String path, int depth) {}

  /// `. There is 'spread.sticky'`, or nothing where no setting within has this name. Of several the
  /// one that is nearest.
  static String hint(String seen, Shape.Fields shape) {
    var open = new ArrayDeque<Step>();
    var known = new HashSet<Class<?>>();
    open.add(new Step(shape, "", 1));
    for (var at = open.poll(); at != null; at = open.poll()) {
      for (var field : at.shape.fields()) {
        var path = at.path + field.name();
        if (at.depth > 1 && field.name().equals(Wording.kebab(seen))) {
          return ". There is '" + path + "'";
        }
        boolean list = field.shape() instanceof Shape.Items;
        var inner = field.shape() instanceof Shape.Items items ? items.item() : field.shape();
        if (inner instanceof Shape.Use use && use.policies().containsKey(seen)) {
          return ". It is a policy: write '- %s: ...' under '%s'".formatted(seen, path);
        }
        if (at.depth < STEPS_MAX
            && inner instanceof Shape.Fields fields
            && known.add(fields.type())) {
          open.add(new Step(fields, path + (list ? "[]." : "."), at.depth + 1));
        }
      }
    }
    return "";
  }
}
