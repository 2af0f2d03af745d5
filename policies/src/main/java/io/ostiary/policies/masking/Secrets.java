package io.ostiary.policies.masking;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Which members of JSON are secret: by name wherever they stand, or by their place. Immutable.
///
/// Places are JSON pointers (RFC 6901) in which `*` stands for any name or index:
/// `/cards/*/number`.
public final class Secrets {
  private static final int PLACES_MAX = 60;

  private final Set<String> names;
  private final List<String[]> places;

  private Secrets(Set<String> names, List<String[]> places) {
    this.names = names;
    this.places = places;
  }

  /// @param setting for the message
  public static Secrets of(String setting, List<String> texts) {
    var names = new HashSet<String>();
    var places = new ArrayList<String[]>();
    for (var text : texts) {
      if (!text.startsWith("/")) {
        if (text.isEmpty() || text.contains("/")) {
          throw new IllegalArgumentException(
              setting + ": '" + text + "' (expected: a name, or a place such as /cards/*/number)");
        }
        names.add(text);
        continue;
      }
      var steps = text.substring(1).split("/", -1);
      for (int i = 0; i < steps.length; i++) {
        steps[i] = steps[i].replace("~1", "/").replace("~0", "~");
      }
      places.add(steps);
    }
    if (places.size() > PLACES_MAX) {
      throw new IllegalArgumentException(
          setting + ": " + places.size() + " places (expected: at most " + PLACES_MAX + ")");
    }
    return new Secrets(Set.copyOf(names), List.copyOf(places));
  }

  public boolean isEmpty() {
    return names.isEmpty() && places.isEmpty();
  }

  boolean named(String name) {
    return names.contains(name);
  }

  /// One bit for each place: all of them, at the top of a document.
  long top() {
    return (1L << places.size()) - 1;
  }

  /// Those places that go on with this step, of those that led here.
  ///
  /// @param depth how many steps led here
  long step(long from, int depth, String step) {
    long to = 0;
    for (long left = from; left != 0; left &= left - 1) {
      int place = Long.numberOfTrailingZeros(left);
      var steps = places.get(place);
      if (depth < steps.length && (steps[depth].equals("*") || steps[depth].equals(step))) {
        to |= 1L << place;
      }
    }
    return to;
  }

  /// Whether one of these places is reached with so many steps.
  boolean reached(long at, int depth) {
    for (long left = at; left != 0; left &= left - 1) {
      if (places.get(Long.numberOfTrailingZeros(left)).length == depth) {
        return true;
      }
    }
    return false;
  }
}
