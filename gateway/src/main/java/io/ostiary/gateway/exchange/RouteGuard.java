package io.ostiary.gateway.exchange;

import com.google.re2j.Pattern;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.gateway.wire.RequestHead;
import io.ostiary.model.Conditions;
import io.ostiary.model.Conditions.Expectation;
import java.net.InetAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The conditions of a route, compiled. Immutable; its regular expressions take linear time (RE2).
final class RouteGuard {
  private static final HeaderName COOKIE = HeaderName.of("Cookie");

  private final List<HeaderTest> headers;
  private final List<ValueTest> query;
  private final List<ValueTest> cookies;
  private final @Nullable AddressSet from;
  private final @Nullable Pattern path;

  /// Whose request it is.
  interface Asker {
    InetAddress client();
  }

  private record HeaderTest(HeaderName name, Predicate<String> value) {}

  private record ValueTest(String name, Predicate<String> value) {}

  private RouteGuard(Conditions conditions) {
    headers =
        conditions.headers().stream()
            .map(test -> new HeaderTest(HeaderName.of(test.name()), predicate(test.value())))
            .toList();
    query = values(conditions.query());
    cookies = values(conditions.cookies());
    from = conditions.from().isEmpty() ? null : new AddressSet(conditions.from());
    path = conditions.path() == null ? null : Pattern.compile(conditions.path());
  }

  /// Null: there is nothing to ask.
  ///
  /// @throws IllegalArgumentException where a name or a regular expression cannot be used
  static @Nullable RouteGuard of(Conditions conditions) {
    return conditions.isEmpty() ? null : new RouteGuard(conditions);
  }

  private static List<ValueTest> values(List<Conditions.Test> tests) {
    return tests.stream().map(test -> new ValueTest(test.name(), predicate(test.value()))).toList();
  }

  private static Predicate<String> predicate(Expectation expectation) {
    return switch (expectation) {
      case Expectation.Is(var text) -> text::equals;
      case Expectation.Matches(var pattern) -> {
        var compiled = Pattern.compile(pattern);
        yield value -> compiled.matcher(value).matches();
      }
      case Expectation.Present() -> _ -> true;
    };
  }

  boolean admits(RequestHead head, Asker asker) {
    return headersHold(head)
        && (from == null || from.contains(asker.client().getAddress()))
        && (query.isEmpty() || queryHolds(head))
        && (cookies.isEmpty() || cookiesHold(head))
        && (path == null
            || path.matcher(Bytes.text(head.bytes(), head.pathStart(), head.pathEnd())).matches());
  }

  private boolean headersHold(RequestHead head) {
    for (int i = 0; i < headers.size(); i++) {
      var test = headers.get(i);
      if (head.fields().all(test.name).stream().noneMatch(test.value)) {
        return false;
      }
    }
    return true;
  }

  private boolean queryHolds(RequestHead head) {
    var text =
        head.queryStart() < 0 ? "" : Bytes.text(head.bytes(), head.queryStart(), head.queryEnd());
    var parts = text.split("&", -1);
    return query.stream().allMatch(test -> holds(test, parts, true));
  }

  private boolean cookiesHold(RequestHead head) {
    var parts = String.join(";", head.fields().all(COOKIE)).split(";", -1);
    return cookies.stream().allMatch(test -> holds(test, parts, false));
  }

  /// The first of its name counts.
  private static boolean holds(ValueTest test, String[] parts, boolean encoded) {
    for (var part : parts) {
      int equals = part.indexOf('=');
      var name = (equals < 0 ? part : part.substring(0, equals)).strip();
      if (test.name.equals(encoded ? decoded(name) : name)) {
        var value = equals < 0 ? "" : part.substring(equals + 1);
        return test.value.test(encoded ? decoded(value) : value.strip());
      }
    }
    return false;
  }

  /// What is no escape stands for itself.
  private static String decoded(String text) {
    if (text.indexOf('%') < 0 && text.indexOf('+') < 0) {
      return text;
    }
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return text;
    }
  }
}
