package io.ostiary.contract.bind;

import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import java.util.regex.Pattern;

/// Which part of an object a record's constructor complains about. Its message starts with the name
/// of the component, such as `limits.head (bytes): 5 (expected: ...)`.
public final class Blamed {
  private static final Pattern NAME =
      Pattern.compile("([A-Za-z0-9._-]+)(?: \\([^)]*\\))?: (.*)", Pattern.DOTALL);

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
    return item(found, matcher.group(2));
  }

  /// Of a list the item that was seen, where it is told.
  private static Node item(Node node, String seen) {
    if (node instanceof Node.Sequence sequence) {
      int end = seen.indexOf(" (expected: ");
      var told = end < 0 ? seen : seen.substring(0, end);
      for (var one : sequence.items()) {
        if (one instanceof Node.Scalar scalar
            && (told.equals(scalar.text()) || told.equals("'" + scalar.text() + "'"))) {
          return one;
        }
      }
    }
    return node;
  }
}
