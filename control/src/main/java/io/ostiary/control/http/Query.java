package io.ostiary.control.http;

import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The query parameters of one request. Unknown and repeated ones are refused: a filter that is
/// misspelt must not show everything.
public final class Query {
  private final Context context;

  private Query(Context context) {
    this.context = context;
  }

  /// @param known the names that the route understands
  public static Query of(Context context, String... known) {
    var names = Set.of(known);
    for (var entry : context.queryParamMap().entrySet()) {
      if (!names.contains(entry.getKey())) {
        var expected = known.length == 0 ? "none" : String.join(", ", known);
        throw ApiProblem.invalid(
            "query",
            entry.getKey(),
            "unknown parameter '" + entry.getKey() + "' (expected: " + expected + ")");
      }
      if (entry.getValue().size() > 1) {
        throw ApiProblem.invalid(
            "query", entry.getKey(), entry.getKey() + ": given more than once (expected: once)");
      }
    }
    return new Query(context);
  }

  public @Nullable String text(String name) {
    return context.queryParam(name);
  }

  public String text(String name, String otherwise) {
    var value = context.queryParam(name);
    return value == null ? otherwise : value;
  }

  /// One of the words.
  public String word(String name, String otherwise, List<String> words) {
    var value = text(name, otherwise);
    if (!words.contains(value)) {
      throw ApiProblem.invalid(
          "query", name, name + ": " + value + " (expected: " + String.join(" or ", words) + ")");
    }
    return value;
  }

  public int number(String name, int otherwise, int min, int max) {
    var value = context.queryParam(name);
    return value == null ? otherwise : (int) number(name, value, min, max);
  }

  public @Nullable Long number(String name, long min, long max) {
    var value = context.queryParam(name);
    return value == null ? null : number(name, value, min, max);
  }

  private static long number(String name, String value, long min, long max) {
    try {
      long number = Long.parseLong(value);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Falls through to the same fault.
    }
    throw ApiProblem.invalid(
        "query", name, name + ": " + value + " (expected: " + min + "-" + max + ")");
  }

  public @Nullable Instant instant(String name) {
    return parsed(
        name,
        text -> {
          try {
            return Instant.parse(text);
          } catch (DateTimeException e) {
            throw new IllegalArgumentException(
                name + ": " + text + " (expected: an instant such as 2026-11-24T00:00:00Z)", e);
          }
        });
  }

  /// A value that `parse` understands; what it throws is told to the client.
  public <T> @Nullable T parsed(String name, Function<String, T> parse) {
    var value = context.queryParam(name);
    if (value == null) {
      return null;
    }
    try {
      return parse.apply(value);
    } catch (IllegalArgumentException e) {
      var message = e.getMessage();
      throw ApiProblem.invalid("query", name, message == null ? name + ": " + value : message);
    }
  }

  /// How many a page holds.
  public int limit() {
    return number("limit", 50, 1, 500);
  }

  /// Where the page begins, as [#next] wrote it; null: at the first.
  public @Nullable String cursor() {
    return parsed(
        "cursor",
        text -> {
          try {
            return new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8);
          } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                "cursor: " + text + " (expected: the 'next' of the page before)", e);
          }
        });
  }

  /// A cursor that stands for a number.
  public long cursorNumber(long otherwise) {
    var cursor = cursor();
    if (cursor == null) {
      return otherwise;
    }
    try {
      return Long.parseLong(cursor);
    } catch (NumberFormatException e) {
      throw ApiProblem.invalid(
          "query", "cursor", "cursor: unknown (expected: the 'next' of the page before)");
    }
  }

  /// The cursor of the page behind `last`.
  public static String next(String last) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(last.getBytes(StandardCharsets.UTF_8));
  }
}
