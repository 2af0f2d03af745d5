package io.ostiary.policies;

import com.nimbusds.jose.util.JSONObjectUtils;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import io.ostiary.model.Require;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What is said of a caller by name, and how an upstream is told of it. A name with dots, such as
/// `realm_access.roles`, also means a member within a member.
final class Claims {
  /// A longer value would make heads that upstreams refuse.
  private static final int HEADER_CHARS_MAX = 4096;

  private Claims() {}

  static @Nullable Object find(Map<String, Object> claims, String name) {
    var direct = claims.get(name);
    if (direct != null || name.indexOf('.') < 0) {
      return direct;
    }
    Object at = claims;
    for (var part : name.split("\\.", -1)) {
      at = at instanceof Map<?, ?> members ? members.get(part) : null;
    }
    return at;
  }

  /// A list of texts, or a text of words separated by spaces as in `scope`.
  static Set<String> words(@Nullable Object claim) {
    var words = new LinkedHashSet<String>();
    if (claim instanceof Collection<?> items) {
      items.forEach(item -> words.add(String.valueOf(item)));
    } else if (claim instanceof String text) {
      words.addAll(List.of(text.strip().split("\\s+")));
      words.remove("");
    }
    return words;
  }

  /// A claim as one text: lists with commas, members as JSON.
  static String text(Object claim) {
    return switch (claim) {
      case Collection<?> items ->
          items.stream()
              .map(item -> Caller.plain(String.valueOf(item)))
              .collect(Collectors.joining(","));
      case Map<?, ?> members -> {
        var named = new java.util.LinkedHashMap<String, Object>();
        members.forEach((name, value) -> named.put(String.valueOf(name), value));
        yield JSONObjectUtils.toJSONString(named);
      }
      default -> String.valueOf(claim);
    };
  }

  /// Header fields that tell an upstream of claims.
  static final class ToHeaders {
    private final List<Entry> entries = new ArrayList<>();

    private record Entry(HeaderName header, String claim) {}

    /// A value that is ready to be sent.
    record Told(HeaderName header, String value) {}

    /// @param setting for messages
    /// @param claims by the header field that carries them
    ToHeaders(String setting, Map<String, String> claims) {
      claims.forEach((header, claim) ->
          entries.add(new Entry(HeaderRules.changeable(setting, header), claim)));
    }

    /// @throws IllegalArgumentException where one of the fields cannot be used
    static void check(String setting, Map<String, String> claims) {
      claims.forEach((header, claim) -> {
        HeaderRules.changeable(setting, header);
        Require.notBlank(setting + "." + header, claim);
      });
    }

    /// Takes out what the client sent under these names, in every spelling: before anything else is
    /// decided, so that it holds for callers without claims as well.
    void clear(Headers headers) {
      for (int i = 0; i < entries.size(); i++) {
        headers.removeSpellings(entries.get(i).header);
      }
    }

    List<Told> of(Map<String, Object> claims) {
      var told = new ArrayList<Told>();
      for (var entry : entries) {
        var claim = find(claims, entry.claim);
        var text = claim == null ? "" : text(claim);
        if (claim != null && text.length() <= HEADER_CHARS_MAX) {
          told.add(new Told(entry.header, fits(text) ? text : Caller.plain(text)));
        }
      }
      return List.copyOf(told);
    }

    private static boolean fits(String text) {
      return text.equals(text.strip())
          && text.chars().allMatch(c -> c >= ' ' && c < 0x7f)
          && text.getBytes(StandardCharsets.UTF_8).length == text.length();
    }

    static void tell(List<Told> told, Headers headers) {
      for (int i = 0; i < told.size(); i++) {
        headers.set(told.get(i).header, told.get(i).value);
      }
    }
  }
}
