package io.ostiary.contract.bind;

import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import java.util.regex.Pattern;

/// Which part of an object a record's constructor complains about. Its message starts with the name
/// of the component, such as `limits.head (bytes): 5 (expected: ...)`.
public final class Blamed {
  private static final Pattern NAME =
      Pattern.compile("([a-z0-9.-]+)(?: \\([^)]*\\))?: .*", Pattern.DOTALL);

  private Blamed() {}

  /// The deepest node that the message names, else the node itself. Parts of the name that the
  /// object does not know, such as its own name in front, are skipped.
  public static Node node(Node node, IllegalArgumentException e) {
    var matcher = NAME.matcher(String.valueOf(e.getMessage()));
    if (!matcher.matches()) {
      return node;
    }
    var found = node;
    for (var part : matcher.group(1).split("\\.")) {
      var next = found instanceof Mapping mapping ? mapping.get(part) : null;
      found = next == null ? found : next;
    }
    return found;
  }
}
