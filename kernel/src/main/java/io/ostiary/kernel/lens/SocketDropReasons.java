package io.ostiary.kernel.lens;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/// The words for `enum skb_drop_reason`, whose numbers change from kernel to kernel: they are read
/// from the running kernel's own type information. Immutable.
final class SocketDropReasons {
  static final String ENUM = "skb_drop_reason";
  private static final String PREFIX = "SKB_DROP_REASON_";

  private final Map<Integer, String> words;

  private SocketDropReasons(Map<Integer, String> words) {
    this.words = words;
  }

  /// @param constants names of the enum's constants and their values
  static SocketDropReasons of(Map<String, Integer> constants) {
    var words = new HashMap<Integer, String>();
    constants.forEach((name, value) -> {
      if (name.startsWith(PREFIX)) {
        words.put(value, word(name.substring(PREFIX.length())));
      }
    });
    return new SocketDropReasons(Map.copyOf(words));
  }

  private static String word(String name) {
    return name.toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// Such as `netfilter-drop`; a number the kernel has no name for stays a number.
  String word(int number) {
    return words.getOrDefault(number, "reason " + number);
  }
}
