package io.ostiary.policies.cache;

import io.ostiary.policies.StructuredFields;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `Cache-Control` (RFC 9111 section 5.2) of a request or a response. Immutable.
///
/// A number that cannot be read makes a response stale at once rather than fresh for ever; of two
/// that differ the smaller counts.
public final class Directives {
  public static final Directives NONE = new Directives();
  private static final Directives PUBLIC = forAll();
  private static final Set<String> TIMES =
      Set.of("max-age", "s-maxage", "stale-while-revalidate", "stale-if-error");

  private static final long SECONDS_MAX = Integer.MAX_VALUE;

  boolean noStore;
  boolean mustUnderstand;
  boolean noCache;
  boolean isPrivate;
  boolean isPublic;
  boolean mustRevalidate;
  boolean onlyIfCached;
  boolean anyMaxStale;

  /// -1: not given, also of the following.
  long maxAge = -1;

  long sharedMaxAge = -1;
  long maxStale = -1;
  long minFresh = -1;
  long staleWhileRevalidate = -1;
  long staleIfError = -1;

  private Directives() {}

  private static Directives forAll() {
    var read = new Directives();
    read.isPublic = true;
    return read;
  }

  /// @param values of all fields of this name
  public static Directives of(List<String> values) {
    if (values.isEmpty()) {
      return NONE;
    }
    var read = new Directives();
    for (var value : values) {
      read.read(value);
    }
    return read;
  }

  /// Those of a targeted field (RFC 9213 section 2.1): what has another type than it should is
  /// ignored.
  static Directives ofMembers(Map<String, StructuredFields.Item> members) {
    var read = new Directives();
    members.forEach((name, item) -> {
      if (item.value() instanceof Long seconds && TIMES.contains(name)) {
        read.directive(name + "=" + Math.max(0, seconds));
      } else if (Boolean.TRUE.equals(item.value()) && !TIMES.contains(name)) {
        read.directive(name);
      }
    });
    return read;
  }

  private void read(String value) {
    int start = 0;
    boolean quoted = false;
    for (int i = 0; i <= value.length(); i++) {
      char c = i == value.length() ? ',' : value.charAt(i);
      if (quoted && i < value.length()) {
        i += c == '\\' ? 1 : 0;
        quoted = c != '"';
      } else if (c == '"') {
        quoted = true;
      } else if (c == ',') {
        directive(value.substring(start, i).strip());
        start = i + 1;
      }
    }
  }

  private void directive(String text) {
    int equals = text.indexOf('=');
    var name = (equals < 0 ? text : text.substring(0, equals)).toLowerCase(Locale.ROOT);
    var argument = equals < 0 ? null : text.substring(equals + 1);
    switch (name) {
      case "no-store" -> noStore = true;
      case "must-understand" -> mustUnderstand = true;
      // With field names it would allow a part; what is not understood so exactly is refused whole.
      case "no-cache" -> noCache = true;
      case "private" -> isPrivate = true;
      case "public" -> isPublic = true;
      case "must-revalidate", "proxy-revalidate" -> mustRevalidate = true;
      case "only-if-cached" -> onlyIfCached = true;
      case "max-age" -> maxAge = least(maxAge, argument);
      case "s-maxage" -> sharedMaxAge = least(sharedMaxAge, argument);
      case "min-fresh" -> minFresh = least(minFresh, argument);
      case "max-stale" -> {
        anyMaxStale |= argument == null;
        maxStale = argument == null ? maxStale : least(maxStale, argument);
      }
      case "stale-while-revalidate" -> staleWhileRevalidate = least(staleWhileRevalidate, argument);
      case "stale-if-error" -> staleIfError = least(staleIfError, argument);
      default -> {}
    }
  }

  private static long least(long had, @Nullable String argument) {
    long seconds = seconds(argument);
    return had < 0 ? seconds : Math.min(had, seconds);
  }

  /// 0 where it cannot be read.
  static long seconds(@Nullable String argument) {
    if (argument == null) {
      return 0;
    }
    var digits =
        argument.length() > 1 && argument.startsWith("\"") && argument.endsWith("\"")
            ? argument.substring(1, argument.length() - 1)
            : argument;
    if (digits.isEmpty() || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return 0;
    }
    return digits.length() > 10 ? SECONDS_MAX : Math.min(SECONDS_MAX, Long.parseLong(digits));
  }

  public boolean noStore() {
    return noStore;
  }

  public boolean noCache() {
    return noCache;
  }

  public boolean onlyIfCached() {
    return onlyIfCached;
  }

  /// Whether a response may be used when stale at all (RFC 9111 section 4.2.4).
  boolean mayBeStale() {
    return !mustRevalidate && !noCache && sharedMaxAge < 0;
  }

  /// Whether a client that says this may get what is stale while it is asked for anew: not one that
  /// says how fresh it wants it (RFC 9111 sections 5.2.1.1 and 5.2.1.3).
  boolean takesStale() {
    return !noCache && maxAge < 0 && minFresh < 0;
  }

  /// The same without everything but whether any cache may hold it for anybody.
  Directives onlyOpen() {
    return isPublic ? PUBLIC : NONE;
  }

  /// Whether any cache may hold it for anybody.
  public boolean open() {
    return isPublic;
  }
}
