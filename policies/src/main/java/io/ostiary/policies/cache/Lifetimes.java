package io.ostiary.policies.cache;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// For how long responses are fresh by the word of the operator. Immutable.
///
/// @param usualNanos of those with a status for which a cache may assume one (RFC 9110 section
///   15.1), and which `byStatus` does not name
/// @param byStatus by `404`, or by `5XX` for a whole class; the former goes first
/// @param override whether that counts whatever a response says of it
public record Lifetimes(long usualNanos, Map<String, Long> byStatus, boolean override) {
  private static final Set<Integer> USUAL =
      Set.of(200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501);

  public Lifetimes {
    byStatus = Map.copyOf(byStatus);
  }

  /// 0: none.
  long nanos(int status) {
    if (!byStatus.isEmpty()) {
      var own = byStatus.get(Integer.toString(status));
      var ofClass = own == null ? byStatus.get(status / 100 + "XX") : own;
      if (ofClass != null) {
        return ofClass;
      }
    }
    return usual(status) ? usualNanos : 0;
  }

  static boolean usual(int status) {
    return USUAL.contains(status);
  }

  /// A status or a class of them, as it is looked up.
  ///
  /// @throws IllegalArgumentException where it is none whose responses can be kept
  public static String status(String written) {
    var name = written.toUpperCase(Locale.ROOT);
    if (!name.matches("[2-5]XX|[2-5][0-9]{2}") || name.equals("206") || name.equals("304")) {
      throw new IllegalArgumentException(
          "'"
              + written
              + "' (expected: a status such as 404, or a class such as 5XX; never 206 and"
              + " 304)");
    }
    return name;
  }
}
