package io.ostiary.policies;

import io.ostiary.policies.coding.Coding;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Chooses a content coding by `Accept-Encoding` (RFC 9110 section 12.5.3). For all event loops at
/// once.
///
/// Browsers send one of a handful of values: the first few hundred are remembered, others are read
/// each time.
final class AcceptEncoding {
  private static final int KNOWN_MAX = 256;

  /// A choice that is none.
  private record Choice(@Nullable Coding coding) {}

  private final List<Coding> offered;
  private final Map<String, Choice> known = new ConcurrentHashMap<>();

  /// @param offered the first of those a client likes best is taken
  AcceptEncoding(List<Coding> offered) {
    this.offered = List.copyOf(offered);
  }

  /// @param accepted the field's value; null: no coding
  @Nullable Coding choose(@Nullable String accepted) {
    if (accepted == null) {
      return null;
    }
    var choice = known.get(accepted);
    if (choice == null) {
      choice = new Choice(read(accepted));
      if (known.size() < KNOWN_MAX && accepted.length() <= 256) {
        known.put(accepted, choice);
      }
    }
    return choice.coding;
  }

  private @Nullable Coding read(String accepted) {
    Coding best = null;
    int most = 0;
    for (var coding : offered) {
      int weight = weight(accepted, coding);
      if (weight > most) {
        most = weight;
        best = coding;
      }
    }
    return most >= weight(accepted, null) ? best : null;
  }

  /// In thousandths; what is named counts before `*`.
  ///
  /// @param coding null: `identity`, which is acceptable unless it is ruled out, but liked only as
  ///   far as it is named
  private static int weight(String accepted, @Nullable Coding coding) {
    int star = 0;
    for (var part : accepted.split(",")) {
      int semicolon = part.indexOf(';');
      var token = (semicolon < 0 ? part : part.substring(0, semicolon)).strip();
      int weight = semicolon < 0 ? 1000 : quality(part.substring(semicolon + 1));
      boolean named = coding == null ? token.equals("identity") : Coding.of(token) == coding;
      if (named) {
        return weight;
      }
      if (token.equals("*") && coding != null) {
        star = weight;
      }
    }
    return star;
  }

  /// `q=0.5`; what cannot be read is no.
  private static int quality(String parameters) {
    var text = parameters.strip().toLowerCase(java.util.Locale.ROOT).replaceAll("\\s*=\\s*", "=");
    if (!text.matches("q=(0(\\.[0-9]{0,3})?|1(\\.0{0,3})?)")) {
      return 0;
    }
    return (int) Math.round(Double.parseDouble(text.substring(2)) * 1000);
  }
}
